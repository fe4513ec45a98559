"""The last two phases and what a rollout needs: errors that do not block, live edit, the flag, warnings, no loops."""

from __future__ import annotations

from bidir.demos.prd.library import (
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
    types,
)
from bidir.demos.prd.scene import Scene
from bidir.engine import Engine
from bidir.form import EditSession
from bidir.relations import Schema

__all__ = ["errors", "live_edit", "loops", "rollout", "warnings"]

SCRIPTED = 3
"""Edits a script makes while two workers follow."""


def errors(scene: Scene) -> None:
    """Phase 5: whatever stands in the way of the other half, the editor's own edit is saved, told of, and heals."""
    narrator = scene.narrator
    scene.given(*library(), book(EMMA))
    narrator.step("The editor may not write John Doe")
    with scene.both_sides(), scene.logged() as lines, scene.trouble(denied=JOHN):
        outcome = scene.set_author(TEMPEST, JOHN, perspective="published", title="The Tempest, revised")
    narrator.claim("the book is saved, title and all", scene.document(TEMPEST)["title"] == "The Tempest, revised")
    narrator.claim("nothing was raised, nothing blocked", not outcome.conflicts)
    reasons = [line["pending"] for line in lines if line["level"] == "warning"]
    narrator.claim("one line in the log, with the reason", len(reasons) == 1 and "permission" in str(reasons))
    narrator.step("The lake is too busy for two documents")
    with scene.both_sides(), scene.trouble(rate_limited=1):
        outcome = scene.set_author(TALE, JANE, perspective="published")
    scene.told("told", outcome.pending)
    narrator.claim("the book is saved alone", scene.link(TALE) == JANE and scene.link(JANE) is None)
    narrator.step("The answer to a save is lost on the way")
    with scene.counted() as seen, scene.trouble(lose_response=1):
        outcome = scene.patch(EMMA, perspective="published", set={"title": "Emma, revised"})
    narrator.claim("it is looked up, not written twice", seen.writes == 1 and outcome.transaction_id is not None)
    narrator.data("what waits", {f"{source} → {target}": reason for source, target, reason in scene.waits()})
    narrator.claim("the list says whom it concerns and why", len(scene.waits()) == 2)
    narrator.step("John Doe may be written again, and the lake has time")
    with scene.both_sides():
        scene.engine.heal()
    links = [scene.link(one) for one in (JOHN, JANE)]
    narrator.claim("both halves are there, and nothing waits", links == [TEMPEST, TALE] and not scene.waits())
    found = scene.engine.why(JOHN, "currentBook", perspective="published")
    narrator.claim("and one may ask why a field says what it says", found is not None and found.document_id == JOHN)
    narrator.step("The save itself is refused: there the editor must be told")
    with scene.trouble(denied=TEMPEST):
        words = scene.refused(lambda: scene.set_author(TEMPEST, JANE, perspective="published"))
    narrator.lines("refused", words.splitlines())
    narrator.claim(
        "nothing was written, on neither side", [scene.link(one) for one in (TEMPEST, JOHN)] == [JOHN, TEMPEST]
    )


def live_edit(scene: Scene) -> None:
    """Phase 6: documents that are edited live beside others, in every mix; nobody's draft decision becomes public."""
    narrator = scene.narrator
    scene.start(live=("author",))
    scene.given(*library())
    narrator.step("A book with drafts, an author edited live: The Tempest gets John Doe")
    with scene.both_sides():
        outcome = scene.set_author(TEMPEST, JOHN)
    scene.told("told", outcome.pending)
    narrator.claim("the live author shows nothing of a draft", scene.link(JOHN) is None)
    narrator.claim("no draft was made of him, for a Studio could not edit it", f"drafts.{JOHN}" not in scene.stored())
    narrator.claim("the pair waits for the publish", scene.waits() == [(TEMPEST, JOHN, "deferred-live")])
    with scene.both_sides():
        narrator.step("The book is published")
        scene.engine.publish(TEMPEST)
    narrator.claim("now he has it", scene.link(JOHN) == TEMPEST and not scene.waits())
    narrator.step("From the live side: Jane Roe takes The Winter's Tale, of which there is a draft")
    scene.given(drafts(book(TALE), title="The Winter's Ta"))
    with scene.both_sides():
        scene.patch(JANE, set={"currentBook": reference(TALE)})
    links = [scene.link(one) for one in (JANE, TALE, f"drafts.{TALE}")]
    narrator.claim(
        "a live edit is public at once, so its other half is; the draft follows", links == [TALE, JANE, JANE]
    )
    narrator.claim("what is typed in the draft stays", scene.document(f"drafts.{TALE}")["title"] == "The Winter's Ta")
    scene.start(live=("book", "author"))
    scene.elsewhere({"delete": {"id": f"drafts.{TALE}"}})
    narrator.step("Both edited live: The Tempest and The Winter's Tale swap their authors by one edit after the other")
    with scene.both_sides():
        scene.set_author(TEMPEST, JANE)
        scene.set_author(TALE, JOHN)
    links = [scene.link(one) for one in (TEMPEST, JANE, TALE, JOHN)]
    narrator.claim("published on both sides, no draft anywhere", links == [JANE, TEMPEST, JOHN, TALE])
    narrator.claim("no version was made", sorted(scene.stored()) == sorted([TEMPEST, TALE, JOHN, JANE]))
    scene.start(live=("author",))
    with scene.release():
        narrator.step("In a release a live document has versions like any other: The Tempest will be John Doe's again")
        with scene.both_sides():
            scene.set_author(TEMPEST, JOHN, perspective=RELEASE)
        narrator.claim("the live author is as he was", scene.link(JOHN) == TALE)
        narrator.claim("his version in the release has the book", scene.link(f"versions.{RELEASE}.{JOHN}") == TEMPEST)
    narrator.claim("an audit finds nothing", scene.whole())


def rollout(scene: Scene) -> None:
    """The flag: off, observing, on, for all or relation by relation; switching it rewrites nothing by itself."""
    narrator = scene.narrator
    scene.given(*library(), {"_id": "quarto", "_type": "publisher", "name": "Quarto"})
    scene.start(mode="off")
    narrator.step("Off: The Tempest gets John Doe")
    with scene.both_sides(), scene.counted() as seen:
        scene.set_author(TEMPEST, JOHN, perspective="published")
    narrator.claim("one document, as before the feature", (seen.writes, seen.documents_written) == (1, 1))
    narrator.step("Observing: The Winter's Tale gets Jane Roe")
    scene.start(mode="observe")
    with scene.both_sides(), scene.logged() as lines:
        scene.set_author(TALE, JANE, perspective="published")
    narrator.claim("the log says what would be written", "observed" in [line["event"] for line in lines])
    narrator.claim("nothing of it is", scene.link(JANE) is None)
    narrator.step("On, for book.author; book.publisher is not declared yet")
    before = scene.stored()
    scene.start()
    narrator.claim("switching on rewrites nothing", scene.stored() == before and len(list(scene.engine.audit())) == 2)
    with scene.both_sides():
        scene.patch(TEMPEST, perspective="published", set={"publisher": reference("quarto")})
    narrator.claim("the other field is an ordinary reference still", "books" not in scene.document("quarto"))
    narrator.step("The repair shows what it would do to what is there, then does it")
    with scene.both_sides():
        dry = scene.engine.repair(dry_run=True)
        report = scene.engine.repair(dry_run=False)
    narrator.claim("the dry run named as many documents as were written", dry.writes == report.writes == 2)
    narrator.claim("the next finds nothing", scene.engine.repair(dry_run=True).writes == 0)
    narrator.step("book.publisher is declared, book.author switched off by `enabled: false`: each goes its own way")
    scene.start(enabled=False, publisher=True)
    with scene.both_sides():
        scene.patch(TALE, perspective="published", set={"publisher": reference("quarto")})
        scene.patch(TALE, perspective="published", unset=["author"])
    books = [item["_ref"] for item in scene.document("quarto").get("books", [])]
    narrator.claim("the publisher has the book", books == [TALE])
    narrator.claim("the author, whose relation is off, is left alone", scene.link(JANE) == TALE)


def warnings(scene: Scene) -> None:
    """What the requirement leaves for later: a warning in the form where another version says something else."""
    narrator = scene.narrator
    scene.given(*library())
    scene.set_author(TEMPEST, JOHN, perspective="published")
    with scene.release():
        scene.set_author(TEMPEST, JANE, perspective=RELEASE)
        narrator.step("An editor opens The Tempest in drafts, while a release gives it another author")
        with EditSession(scene.engine, TEMPEST) as form:
            found = form.warnings()
            narrator.lines("beside the field", [f"{one.field}: {one.text}" for one in found])
        overlaps = [(one.kind, one.document, one.field) for one in found]
        narrator.claim("the form says so beside the field", overlaps == [("overlap", TEMPEST, "book.author")])
        narrator.step("The editor chooses an author who exists in no version at all")
        with EditSession(scene.engine, TALE) as form:
            form.patch(TALE, set={"author": reference("nobody-yet")})
            waiting = form.warnings()
            narrator.lines("beside the field", [f"{one.kind}: {one.text}" for one in waiting])
        narrator.claim(
            "the form says before the save that the other half will wait", [one.kind for one in waiting] == ["missing"]
        )
        narrator.claim("and nothing was written by looking", f"drafts.{TALE}" not in scene.stored())


def loops(scene: Scene) -> None:
    """The first risk: two fields that update each other for ever. Two workers follow a script that writes past them."""
    narrator = scene.narrator
    scene.given(book(TEMPEST), book(TALE), book(EMMA), author(JOHN), author(JANE))
    schema = Schema.load(types())
    workers = [Engine(schema, scene.lake).follow(debounce=0) for _ in range(2)]
    try:
        edits = [(TEMPEST, JOHN), (TALE, JANE), (EMMA, JOHN)]
        narrator.step(f"A script sets book.author {SCRIPTED} times, each worker hears of all of it")
        with scene.both_sides():
            for one, other in edits:
                scene.elsewhere({"patch": {"id": one, "set": {"author": reference(other)}}})

            def in_step() -> bool:
                for worker in workers:
                    worker.settle()
                return scene.whole()

            held = scene.until(in_step)
        narrator.claim("every pair is in step", held)
        before = scene.stored()
        again = [outcome for worker in workers for _ in range(3) for outcome in worker.settle()]
        narrator.claim("and then it is quiet: settling again writes nothing", not any(one.writes for one in again))
        narrator.claim("no document moved", {key: one["_rev"] for key, one in before.items()} == _revisions(scene))
        outcome = scene.set_author(EMMA, JOHN, perspective="published")
        narrator.claim(
            "saving a field as it is sends nothing at all", (outcome.writes, outcome.documents_written) == (0, 0)
        )
    finally:
        for worker in workers:
            worker.close()


def _revisions(scene: Scene) -> dict[str, str]:
    return {key: one["_rev"] for key, one in scene.stored().items()}
