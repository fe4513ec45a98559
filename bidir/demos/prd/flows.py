"""The five user flows of the requirement, as chapters: what people do, both sides before and after, what must hold."""

from __future__ import annotations

from bidir.demos.prd.library import ANN, JANE, JOHN, RELEASE, TALE, TEMPEST, author, drafts, library, reference, types
from bidir.demos.prd.scene import Scene
from bidir.form import EditSession
from bidir.relations import Schema

__all__ = ["clearing", "configuring", "every_perspective", "following", "setting"]


def configuring(scene: Scene) -> None:
    """A developer adds one line to a reference field; nothing else of the schema changes."""
    narrator = scene.narrator
    schema = types()
    narrator.step("The developer's line, in the schema that is there already")
    field = schema[0]["fields"][1]
    narrator.data("book.author", field)
    (relation,) = Schema.load(schema).relations
    narrator.data("what the engine reads from it", {"one end": relation.left.name, "the other": relation.right.name})
    narrator.claim("book.author ⇄ author.currentBook, one to one", not (relation.left.many or relation.right.many))
    narrator.claim(
        "opt-in: book.publisher, which says nothing, stays an ordinary reference",
        [one.name for one in Schema.load(schema).fields_of("book")] == ["book.author"],
    )
    plain = [{**one, "fields": [{**f, "bidirectional": None} for f in one["fields"]]} for one in schema]
    bare = [{**one, "fields": [{k: v for k, v in f.items() if v is not None} for f in one["fields"]]} for one in plain]
    narrator.claim("without the line there is no relation at all", not Schema.load(bare).relations)
    narrator.step("The developer mistypes the field")
    words = scene.refused(lambda: Schema.load(types(target_field="curentBook")))
    narrator.lines("refused at start", words.splitlines())
    narrator.claim("the message names both ends and what was meant", "currentBook" in words and "author" in words)


def setting(scene: Scene) -> None:
    """An editor opens a book in the Studio's form and sets its author; the form needs no request but the save."""
    narrator = scene.narrator
    scene.given(*library())
    narrator.step('In the form: book.author = "John Doe"')
    with scene.both_sides(), EditSession(scene.engine, TEMPEST) as form:
        form.prefetch([JOHN])
        with scene.counted() as seen:
            form.patch(TEMPEST, set={"author": reference(JOHN)})
            shown = form.document(TEMPEST) or {}
            outcome = form.commit(transaction_id=None)
    narrator.claim("the form shows it at once, before anything is sent", shown.get("author") == reference(JOHN))
    narrator.claim("the book's draft holds the author", scene.link(f"drafts.{TEMPEST}") == JOHN)
    narrator.claim("one write, as without the engine, and no read", (seen.reads, seen.writes) == (0, 1))
    narrator.claim("nothing blocked and nothing waits", not outcome.conflicts and not outcome.pending)


def following(scene: Scene) -> None:
    """The system sets author.currentBook in the same transaction, whichever side the editor was on."""
    narrator = scene.narrator
    scene.given(*library())
    narrator.step("The Tempest gets John Doe")
    with scene.both_sides(), scene.counted() as seen:
        scene.set_author(TEMPEST, JOHN)
    book, john = scene.document(f"drafts.{TEMPEST}"), scene.document(f"drafts.{JOHN}")
    narrator.claim("author.currentBook is the book", scene.link(f"drafts.{JOHN}") == TEMPEST)
    narrator.claim("both came in one transaction", book["_rev"] == john["_rev"])
    narrator.claim("one write, two documents", (seen.writes, seen.documents_written) == (1, 2))
    title = scene.ask(f'*[_id == "{JOHN}"][0].currentBook->title', perspective="drafts")
    narrator.claim("who opens the author sees the book, before anything is published", title == "The Tempest")
    narrator.step("On the other side: Jane Roe gets The Winter's Tale")
    with scene.both_sides(), scene.counted() as seen:
        scene.patch(JANE, set={"currentBook": reference(TALE)})
    narrator.claim("the book follows just the same", scene.link(f"drafts.{TALE}") == JANE)
    narrator.claim("one write, two documents again", (seen.writes, seen.documents_written) == (1, 2))


def clearing(scene: Scene) -> None:
    """The editor clears book.author, and the system clears author.currentBook."""
    narrator = scene.narrator
    scene.given(*library())
    scene.set_author(TEMPEST, JOHN)
    scene.set_author(TALE, JANE)
    narrator.step("The Tempest loses its author")
    with scene.both_sides(), scene.counted() as seen:
        scene.patch(TEMPEST, unset=["author"])
    seen_links = [scene.ask(f'*[_id == "{one}"][0]', perspective="drafts") for one in (TEMPEST, JOHN)]
    narrator.claim("neither points at the other", not any({"author", "currentBook"} & {*one} for one in seen_links))
    narrator.claim("one write, and no third document", seen.writes == 1 and scene.link(f"drafts.{TALE}") == JANE)
    noise = f"drafts.{JOHN}" in scene.stored()
    narrator.claim("the author's draft, which said nothing else, is gone again", not noise)
    narrator.step("On the other side: Jane Roe's current book is set to null")
    with scene.both_sides():
        scene.patch(JANE, set={"currentBook": None})
    narrator.claim("null is no link either", scene.link(f"drafts.{TALE}") is None)


def every_perspective(scene: Scene) -> None:
    """The same in drafts and in a release: each perspective is in step with itself, and nothing leaks downwards."""
    narrator = scene.narrator
    scene.given(*library(), author(ANN))
    public = scene.stored()
    narrator.step("In drafts: The Tempest gets John Doe, whose colleague is in the middle of his biography")
    scene.given(drafts(author(JOHN), biography="Born in Bath. He nev"))
    with scene.both_sides():
        scene.set_author(TEMPEST, JOHN)
    untouched = all(scene.stored()[key] == one for key, one in public.items())
    narrator.claim("the public sees nothing of it", untouched)
    narrator.step("The book is published")
    with scene.both_sides():
        scene.engine.publish(TEMPEST)
    narrator.claim("the public author has the book", scene.link(JOHN) == TEMPEST)
    half = (scene.document(JOHN)["biography"], scene.document(f"drafts.{JOHN}")["biography"])
    narrator.claim("the half-written biography stays a draft", half == ("Born in Bath.", "Born in Bath. He nev"))
    with scene.release():
        narrator.step("In a release: The Tempest will be by Ann Other")
        public = {key: one for key, one in scene.stored().items() if "." not in key}
        with scene.both_sides():
            outcome = scene.set_author(TEMPEST, ANN, perspective=RELEASE)
        versions = sorted(key for key in scene.stored() if key.startswith("versions."))
        mine = [f"versions.{RELEASE}.{one}" for one in (ANN, JOHN, TEMPEST)]
        narrator.claim("versions were made of the three that change, and of no other", versions == mine)
        scene.told("told", outcome.notices)
        narrator.claim("the public sees nothing of it", all(scene.stored()[key] == one for key, one in public.items()))
        narrator.step("The release is published")
        with scene.both_sides():
            scene.engine.publish_release(RELEASE)
        links = [scene.link(one) for one in (TEMPEST, ANN, JOHN)]
        narrator.claim("all at once: the book has Ann, Ann the book, John none", links == [ANN, TEMPEST, None])
        narrator.claim("an audit of every perspective finds nothing", scene.whole())
