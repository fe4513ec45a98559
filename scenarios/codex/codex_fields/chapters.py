"""The chapters of the demonstration: what an editor does, both sides before and after, and what must hold."""

from __future__ import annotations

from bidir.conformance.proxy import ObservedBackend
from bidir.demos.narrator import Narrator
from codex_fields.relationships import Relationship
from codex_fields.scene import EVENT_SECONDS, Scene, titles

__all__ = [
    "circles",
    "create_and_link",
    "events",
    "multi_reference",
    "open_picker",
    "reference",
    "refusals",
    "relationships",
]


def reference(backend: ObservedBackend, narrator: Narrator) -> None:
    """A REFERENCE field takes one codex of its target template; the codex it points at knows of it."""
    with Scene(backend, narrator) as scene:
        alice, bob = scene.people("Alice", "Bob")
        work = scene.workspace
        narrator.step("Alice's mentor is chosen: Bob, with a strength and a note")
        with scene.both_sides(alice, bob):
            made = work.link(alice, "mentor", bob, strength=0.8, metadata={"since": "chapter 2"})
        narrator.data("relationship", _short(made))
        both = work.codex(alice)["mentor"]["codex"]["_ref"], work.codex(bob)["mentees"][0]["_ref"]
        narrator.claim("Alice points at Bob, and Bob lists Alice", both == (bob, alice))
        narrator.step("Another mentor is chosen")
        (carol,) = scene.people("Carol")
        with scene.both_sides(alice, bob, carol):
            work.link(alice, "mentor", carol)
        narrator.claim("Bob's list is empty again", work.codex(bob)["mentees"] == [])
        scene.claim_in_step()


def create_and_link(backend: ObservedBackend, narrator: Narrator) -> None:
    """What the picker does not offer is made from it, and linked, in one transaction."""
    with Scene(backend, narrator) as scene:
        (alice,) = scene.people("Alice")
        work = scene.workspace
        narrator.step('The editor searches the name picker for "Alice Smith", finds nothing and presses Create New')
        narrator.data("candidates", titles(work.candidates("character.name", search="Alice Smith")))
        with scene.both_sides(alice, "name-alice"):
            made = work.create_and_link(alice, "name", "Alice Smith", codex_id="name-alice-smith")
        same = {work.codex(one)["_rev"] for one in (alice, made.target_id)} == {work.last_outcome.transaction_id}
        narrator.claim("one transaction wrote both", same and work.last_outcome.writes == 1)
        narrator.claim("what was searched for is the new text", work.codex(made.target_id)["value"] == "Alice Smith")
        narrator.claim(
            "the old name is nobody's any more", work.relationships("name-alice", direction="incoming") == []
        )


def multi_reference(backend: ObservedBackend, narrator: Narrator) -> None:
    """A MULTI_REFERENCE field is a list with an order, a least and a most."""
    with Scene(backend, narrator) as scene:
        cast = scene.people("Alice", "Bob", "Carol")
        work = scene.workspace
        narrator.step("A scene is made with its first cast member, then two join, one before the others")
        work.create("scene", "The duel", fields={"cast": [cast[0]]}, codex_id="duel")
        with scene.both_sides("duel", *cast):
            work.link("duel", "cast", cast[1], metadata={"role": "second"})
            work.link("duel", "cast", cast[2], at=0)
        held = [one.target_id for one in work.relationships("duel")]
        narrator.claim("Carol, Alice, Bob", held == ["carol", "alice", "bob"])
        narrator.step("The last is dragged to the top")
        with scene.both_sides("duel", *cast):
            moved = work.move("duel", "cast", 2, 0)
        narrator.claim("Bob, Carol, Alice", [one.target_id for one in moved] == ["bob", "carol", "alice"])
        narrator.claim("his note moved with him", moved[0].metadata == {"role": "second"})
        narrator.step("Carol leaves")
        with scene.both_sides("duel", *cast):
            work.unlink("duel", "cast", cast[2])
        narrator.claim("she appears nowhere", work.codex(cast[2])["appearsIn"] == [])
        scene.claim_in_step()


def open_picker(backend: ObservedBackend, narrator: Narrator) -> None:
    """The picker shows only what fits, newest first; while it is open, it follows what others do."""
    with Scene(backend, narrator) as scene:
        (alice,) = scene.people("Alice")
        work = scene.workspace
        work.create("image-codex", "Alice, smiling", codex_id="smile", tags=["portrait"])
        narrator.step("The editor opens the picker for Alice's mentor")
        scene.requests()
        with work.open_picker("character.mentor", source_id=alice) as picker:
            narrator.data("candidates", titles(picker.candidates))
            nothing = picker.candidates == [] and scene.requests() == (1, 0)
            narrator.claim("neither images nor names nor Alice herself, in one request", nothing)
            narrator.step("Somebody else makes two characters; nobody touches the picker")
            scene.people("Albert", "Bertha")
            scene.requests()
            while len(picker.candidates) < 2 and picker.update(EVENT_SECONDS):
                continue
            narrator.data("candidates", sorted(titles(picker.candidates)))
            narrator.claim("both are there", sorted(titles(picker.candidates)) == ["Albert", "Bertha"])
            narrator.step('The editor types "al"')
            narrator.data("candidates", titles(picker.search_for("al")))
            narrator.claim("Albert is left", titles(picker.candidates) == ["Albert"])


def circles(backend: ObservedBackend, narrator: Narrator) -> None:
    """Before a reference is made, what is behind it is searched, however many fields it leads through."""
    with Scene(backend, narrator) as scene:
        alice, bob, carol = scene.people("Alice", "Bob", "Carol")
        work = scene.workspace
        work.link(alice, "mentor", bob)
        work.link(bob, "mentor", carol)
        scene.refused("Carol's mentor shall be Alice", lambda: work.link(carol, "mentor", alice), "circular")
        narrator.step("A rival may well be mutual: the field has circularCheck: false")
        work.link(alice, "rival", bob)
        work.link(bob, "rival", alice)
        narrator.claim("both stand", [one.field_id for one in work.relationships(bob)].count("rival") == 1)
        narrator.step("A place lies within a place, at most four deep")
        said = work.create("string-codex", "Somewhere", codex_id="somewhere")
        for depth in range(5):
            within = {"within": f"place-{depth - 1}"} if depth else {}
            work.create("location", f"Place {depth}", fields={"name": said, **within}, codex_id=f"place-{depth}")
        scene.requests()
        scene.refused(
            "A fifth",
            lambda: work.create("location", "Place 5", fields={"name": said, "within": "place-4"}, codex_id="place-5"),
            "too-deep",
        )


def relationships(backend: ObservedBackend, narrator: Narrator) -> None:
    """Relationships are listed with field, strength and metadata: many codices in one request, then from the cache."""
    with Scene(backend, narrator) as scene:
        cast = scene.people("Alice", "Bob", "Carol")
        work = scene.workspace
        work.create("scene", "The duel", fields={"cast": cast}, codex_id="duel")
        work.link("duel", "cast", cast[0], strength=0.9, metadata={"role": "lead"})
        work.invalidate()
        narrator.step("A page shows four codices")
        scene.requests()
        found = work.relationships_of([*cast, "duel"])
        for relationship in found["duel"]:
            narrator.data(f"{relationship.field_id} {relationship.position}", _short(relationship))
        narrator.claim("one request for all of them", scene.requests() == (1, 0))
        narrator.step("It is shown again")
        work.relationships_of([*cast, "duel"])
        narrator.claim("no request: the cache knows for a minute", scene.requests() == (0, 0))
        narrator.step("Somebody changes Alice's title; the page asks who points at her, and drops what it remembers")
        backend.inner.commit([{"patch": {"id": cast[0], "set": {"title": "Alice the Bold"}}}], transaction_id=None)
        narrator.data("incoming", [_short(one) for one in work.relationships(cast[0], direction="incoming")])
        narrator.claim("one, by the cast", len(work.relationships(cast[0], direction="incoming")) == 1)
        work.invalidate(cast[0])
        narrator.claim("the new title is shown", _title(work.relationships("duel")[0]) == "Alice the Bold")


def events(backend: ObservedBackend, narrator: Narrator) -> None:
    """Whoever edits, and wherever: relationship:created and relationship:removed are told."""
    with Scene(backend, narrator) as scene:
        alice, bob = scene.people("Alice", "Bob")
        work = scene.workspace
        with work.feed() as feed:
            told: list[str] = []
            feed.on("relationship:created", lambda one: told.append(f"created {'/'.join(one.key)}"))
            feed.on("relationship:removed", lambda one: told.append(f"removed {'/'.join(one.key)}"))
            narrator.step(
                "Alice gets a mentor in the workspace, and loses it again by a script that knows nothing of it"
            )
            with scene.both_sides(alice, bob):
                work.link(alice, "mentor", bob)
                backend.inner.commit([{"patch": {"id": alice, "unset": ["mentor"]}}], transaction_id=None)
                while len(told) < 2 and feed.wait(EVENT_SECONDS):
                    continue
            narrator.lines("told", told)
            narrator.step("A repair puts Bob's side right, too")
            with scene.both_sides(alice, bob):
                work.engine.repair(dry_run=False)
            scene.claim_in_step()
            key = f"{alice}/{bob}/REFERENCE/mentor"
            narrator.claim("one created, one removed", told == [f"created {key}", f"removed {key}"])


def refusals(backend: ObservedBackend, narrator: Narrator) -> None:
    """Each refusal says what was wrong, where, and what would be right."""
    with Scene(backend, narrator) as scene:
        cast = scene.people("Alice", "Bob", "Carol", "Dora", "Emil")
        work = scene.workspace
        work.create("image-codex", "A smile", codex_id="smile")
        work.create("scene", "The duel", fields={"cast": cast[:1]}, codex_id="duel")
        work.create("scene", "The ball", fields={"cast": cast[:4]}, codex_id="ball")
        scene.refused("A name that is an image", lambda: work.link("alice", "name", "smile"), "wrong-template")
        scene.refused("A codex nobody made", lambda: work.link("alice", "mentor", "zoe"), "unknown-codex")
        scene.refused("A misspelt field", lambda: work.link("alice", "mentr", "bob"), "unknown-field")
        scene.refused("No name at all", lambda: work.unlink("alice", "name"), "required")
        scene.refused("A character without a name", lambda: work.create("character", "Nobody"), "required")
        scene.refused("A fifth cast member", lambda: work.link("ball", "cast", "emil"), "max-items")
        scene.refused("The last one leaves", lambda: work.unlink("duel", "cast", "alice"), "min-items")
        scene.refused(
            "A portrait made on the spot", lambda: work.create_and_link("alice", "portrait", "x"), "create-not-allowed"
        )
        scene.refused("The only name goes", lambda: work.delete("name-alice"), "required")
        narrator.step("Somebody breaks the rules past the workspace")
        backend.inner.commit([{"patch": {"id": "alice", "unset": ["name"]}}], transaction_id=None)
        narrator.lines("check", [one.text for one in work.problems()])
        narrator.claim("the check finds it", [one.code for one in work.problems()] == ["required"])


def _short(relationship: Relationship) -> dict[str, object]:
    shown = relationship.to_json()
    return {name: shown[name] for name in ("sourceId", "targetId", "type", "fieldId", "strength", "metadata")}


def _title(relationship: Relationship) -> str | None:
    return relationship.codex.title if relationship.codex is not None else None
