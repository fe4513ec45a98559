"""The first four phases of the requirement: logging only, draft to draft, cascades, perspectives."""

from __future__ import annotations

from bidir.demos.prd.library import (
    ANN,
    EMMA,
    JANE,
    JOHN,
    RELEASE,
    TALE,
    TEMPEST,
    author,
    book,
    drafts,
    library,
    reference,
)
from bidir.demos.prd.scene import Scene
from bidir.form import EditSession

__all__ = ["cascade", "core", "foundation", "perspectives"]


def foundation(scene: Scene) -> None:
    """Phase 1: the hook hangs in the form and only logs; the documents are those of a Studio without it."""
    narrator = scene.narrator
    scene.given(*library())
    scene.start(mode="observe")
    narrator.step('In the form, the engine observing: book.author = "John Doe"')
    with scene.both_sides(), scene.logged() as lines, EditSession(scene.engine, TEMPEST) as form:
        form.prefetch([JOHN])
        form.patch(TEMPEST, set={"author": reference(JOHN)})
        with scene.counted() as seen:
            form.commit()
    narrator.claim("the edit is saved as the editor made it", scene.link(f"drafts.{TEMPEST}") == JOHN)
    narrator.claim("nothing else was written", (seen.writes, seen.documents_written) == (1, 1))
    would = [name for line in lines if line["event"] == "observed" for name in map(_id_of, line["would_write"])]
    narrator.claim("the log says that the author's draft would have been", f"drafts.{JOHN}" in would)


def core(scene: Scene) -> None:
    """Phase 2: from draft to draft, with a colleague at work in the other one, and with a target that is missing."""
    narrator = scene.narrator
    scene.given(*library())
    scene.given(drafts(book(TEMPEST), title="The Temp"), drafts(author(JOHN), name="John D", biography="Half a senten"))
    narrator.step("Both drafts are there, each half typed; the book gets the author")
    with scene.both_sides(), scene.counted() as seen:
        scene.set_author(TEMPEST, JOHN)
    john = scene.document(f"drafts.{JOHN}")
    narrator.claim("the author's draft got the book", scene.link(f"drafts.{JOHN}") == TEMPEST)
    narrator.claim(
        "what was typed there stays as it was", (john["name"], john["biography"]) == ("John D", "Half a senten")
    )
    narrator.claim("one write, two drafts", (seen.writes, seen.documents_written) == (1, 2))
    narrator.step("The Winter's Tale gets an author who does not exist yet")
    with scene.both_sides():
        outcome = scene.set_author(TALE, ANN)
    scene.told("told", outcome.pending)
    narrator.claim(
        "the edit is saved, its pointer weak", scene.document(f"drafts.{TALE}")["author"].get("_weak") is True
    )
    narrator.claim("the other half waits, by name", scene.waits() == [(TALE, ANN, "missing")])
    narrator.step("A colleague creates the author")
    with scene.both_sides():
        scene.engine.submit([{"create": author(ANN)}])
    narrator.claim("she has the book from the start, and nothing waits", scene.link(f"drafts.{ANN}") == TALE)
    narrator.claim("an audit finds nothing", scene.whole() and not scene.waits())


def cascade(scene: Scene) -> None:
    """Phase 3: where a new reference is set, the old one goes, on both ends, also where it was somebody else's."""
    narrator = scene.narrator
    scene.given(book(TEMPEST), book(TALE), book(EMMA), author(JOHN), author(JANE))
    scene.set_author(TEMPEST, JOHN, perspective="published")
    narrator.step("The Tempest goes from John Doe to Jane Roe, who is free")
    with scene.both_sides(), scene.counted() as seen:
        scene.set_author(TEMPEST, JANE, perspective="published")
    narrator.claim("John lost it, Jane has it", (scene.link(JOHN), scene.link(JANE)) == (None, TEMPEST))
    narrator.claim("one write, three documents", (seen.writes, seen.documents_written) == (1, 3))
    scene.set_author(EMMA, JOHN, perspective="published")
    narrator.step("Now The Tempest takes John Doe away from Emma: four ends in one edit")
    with scene.both_sides(), scene.counted() as seen:
        outcome = scene.set_author(TEMPEST, JOHN, perspective="published")
    links = [scene.link(one) for one in (TEMPEST, JOHN, EMMA, JANE)]
    narrator.claim("every end says the same", links == [JOHN, TEMPEST, None, None])
    narrator.claim("one write, four documents", (seen.writes, seen.documents_written) == (1, 4))
    scene.told("told", outcome.notices)
    (notice,) = outcome.notices
    narrator.claim("the editor is told from whom", notice.kind == "steal" and EMMA in notice.documents)
    narrator.step("The editor clears the author, and takes the offered undo")
    with scene.both_sides():
        scene.patch(TEMPEST, perspective="published", unset=["author"])
        scene.engine.submit(notice.undo, perspective="published")
    links = [scene.link(one) for one in (EMMA, JOHN)]
    narrator.claim("Emma has John back, and an audit finds nothing", links == [JOHN, EMMA] and scene.whole())
    narrator.step("Two books swap their authors in one transaction")
    scene.set_author(TEMPEST, JANE, perspective="published")
    with scene.both_sides():
        swap = [
            {"patch": {"id": TEMPEST, "set": {"author": reference(JOHN)}}},
            {"patch": {"id": EMMA, "set": {"author": reference(JANE)}}},
        ]
        outcome = scene.engine.submit(swap, perspective="published")
    links = [scene.link(one) for one in (TEMPEST, JOHN, EMMA, JANE)]
    narrator.claim("a swap takes from nobody", links == [JOHN, TEMPEST, JANE, EMMA] and not outcome.notices)


def perspectives(scene: Scene) -> None:
    """Phase 4: the perspective decides the version; ids are mapped, versions made where they are needed and no more."""
    narrator = scene.narrator
    scene.given(*library(), drafts(author(JOHN), biography="Never to be shipped by acci"))
    with scene.release():
        narrator.step("In a release: a form knows the published id only")
        with scene.both_sides(), scene.counted() as seen:
            scene.set_author(TEMPEST, JOHN, perspective=RELEASE)
        made = scene.document(f"versions.{RELEASE}.{JOHN}")
        narrator.claim("versions of both are made there", scene.link(made["_id"]) == TEMPEST)
        narrator.claim(
            "the author's is a copy of what is published, not of the draft", made["biography"] == "Born in Bath."
        )
        narrator.claim("one write", seen.writes == 1)
        narrator.step("A reference that names a draft is stored with the id of the document")
        with scene.both_sides():
            outcome = scene.set_author(TALE, f"drafts.{JANE}")
        scene.told("told", [one for one in outcome.notices if one.kind == "draft-id-normalised"])
        narrator.claim("references name documents, not versions", scene.link(f"drafts.{TALE}") == JANE)
        narrator.step("A patch of a version of another perspective is refused")
        words = scene.refused(lambda: scene.patch(f"drafts.{TEMPEST}", perspective=RELEASE, set={"title": "X"}))
        narrator.lines("refused", words.splitlines())
        narrator.claim("and says what would be right", RELEASE in words)
        narrator.step("The book leaves the release")
        with scene.both_sides():
            scene.engine.discard(TEMPEST, perspective=RELEASE)
        left = [key for key in scene.stored() if key.startswith("versions.") and scene.link(key)]
        narrator.claim("what it did to the author there is taken back", not left)
    narrator.claim("the draft of the author was never touched", "acci" in scene.document(f"drafts.{JOHN}")["biography"])
    narrator.claim("an audit of every perspective finds nothing", scene.whole())


def _id_of(mutation: dict[str, dict[str, object]]) -> str:
    (body,) = mutation.values()
    return str(body.get("_id") or body.get("id"))
