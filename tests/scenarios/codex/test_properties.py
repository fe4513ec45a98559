"""Whatever is done in whatever order: relationships are what the documents say, and nothing remembered is outdated."""

import os
from contextlib import suppress
from typing import Any

from codex_fields import CodexError, ReferenceCache, Relationship, Workspace
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bidir.backends import LakeBackend
from lakesim import Lake

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
PEOPLE = ["alice", "bob", "carol"]
SCENES = ["duel", "ball"]
person = st.sampled_from(PEOPLE)
scene = st.sampled_from(SCENES)
strength = st.sampled_from([0.5, 1.0])


class History(RuleBasedStateMachine):
    """Edits in the workspace and past it; some are refused, and nothing depends on which."""

    @initialize(perspective=st.sampled_from(["published", "drafts"]))
    def begin(self, perspective: str) -> None:
        self.dataset = Lake(seed=0).dataset("production")
        self.backend = LakeBackend(self.dataset)
        self.work = Workspace(self.backend, perspective=perspective)
        self.work.create("string-codex", "Somebody", codex_id="called")
        for name in PEOPLE:
            self.work.create("character", name, fields={"name": "called"}, codex_id=name)
        for name in SCENES:
            self.work.create("scene", name, fields={"cast": ["alice"]}, codex_id=name)
        self.feed = self.work.feed()
        self.told = dict(self.feed.start)
        self.picker = self.work.open_picker("scene.cast", source_id="duel")

    def attempt(self, call: Any, *arguments: Any, **options: Any) -> None:
        with suppress(CodexError):
            call(*arguments, **options)

    @rule(source=scene, whom=person, strength=strength, at=st.sampled_from([None, 0]))
    def link(self, source: str, whom: str, strength: float, at: int | None) -> None:
        self.attempt(self.work.link, source, "cast", whom, strength=strength, at=at)

    @rule(source=person, whom=person, field=st.sampled_from(["mentor", "rival"]))
    def point(self, source: str, whom: str, field: str) -> None:
        self.attempt(self.work.link, source, field, whom)

    @rule(source=scene, whom=person)
    def unlink(self, source: str, whom: str) -> None:
        self.attempt(self.work.unlink, source, "cast", whom)

    @rule(source=person, field=st.sampled_from(["mentor", "rival"]))
    def clear(self, source: str, field: str) -> None:
        self.attempt(self.work.unlink, source, field)

    @rule(source=scene, order=st.permutations(PEOPLE))
    def assign(self, source: str, order: list[str]) -> None:
        self.attempt(self.work.assign, source, "cast", order)

    @rule(name=person)
    def remake(self, name: str) -> None:
        self.attempt(self.work.delete, name, force=True)
        self.attempt(self.work.create, "character", name.title(), fields={"name": "called"}, codex_id=name)

    @rule(source=scene, people=st.lists(person, max_size=3), stored=st.sampled_from(["", "drafts."]))
    def script(self, source: str, people: list[str], stored: str) -> None:
        """Somebody writes one half, with doubles and without keys in step."""
        items = [
            {"_key": f"k{place}", "codex": {"_type": "reference", "_ref": one, "_weak": True}}
            for place, one in enumerate(people)
        ]
        document = {"_id": f"{stored}{source}", "_type": "scene", "title": "By script"}
        self.dataset.mutate(
            [{"createIfNotExists": document}, {"patch": {"id": document["_id"], "set": {"cast": items}}}]
        )

    @rule(seconds=st.sampled_from([1, 61]))
    def wait(self, seconds: int) -> None:
        self.dataset.clock.advance(seconds)

    def said_by_documents(self) -> set[tuple[str, str, str, str]]:
        """Read without any of the package: every reference in every field that a template declares."""
        found = self.dataset.query(
            "*[_type in ['character', 'scene']]{_id, name, mentor, rival, cast}", perspective=self.work.perspective
        )
        keys = set()
        for document in found:
            for field in ("name", "mentor", "rival", "cast"):
                value = document[field] or []
                for link in value if isinstance(value, list) else [value]:
                    if "codex" in link:
                        keys.add((document["_id"], link["codex"]["_ref"], "REFERENCE", field))
        return keys

    @invariant()
    def relationships_are_unique_and_what_the_documents_say(self) -> None:
        there = [
            name
            for name in (*PEOPLE, *SCENES)
            if self.dataset.query(f"defined(*[_id=='{name}'][0])", perspective=self.work.perspective)
        ]
        outgoing = [one.key for found in self.work.relationships_of(there).values() for one in found]
        assert len(outgoing) == len(set(outgoing))
        assert set(outgoing) == self.said_by_documents()
        there.append("called")
        incoming = [
            one.key for found in self.work.relationships_of(there, direction="incoming").values() for one in found
        ]
        assert len(incoming) == len(set(incoming))
        assert set(incoming) == {key for key in self.said_by_documents() if key[1] in there}

    @invariant()
    def what_is_remembered_is_what_a_fresh_workspace_finds(self) -> None:
        fresh = Workspace(self.backend, perspective=self.work.perspective)
        there = [one.id for one in fresh.candidates("scene.cast")]
        for direction in ("outgoing", "incoming"):
            assert self.work.relationships_of(there, direction=direction) == fresh.relationships_of(
                there, direction=direction
            )
        fresh.close()

    @invariant()
    def events_add_up_to_what_there_is(self) -> None:
        for event in self.feed.drain():
            key = event.relationship.key
            known = key in self.told
            assert known is (event.name != "relationship:created")
            if event.name == "relationship:removed":
                del self.told[key]
            else:
                self.told[key] = event.relationship
        assert set(self.told) == self.said_by_documents()

    @invariant()
    def the_open_picker_shows_what_a_fresh_query_finds(self) -> None:
        self.picker.update()
        assert self.picker.candidates == self.work.candidates("scene.cast", source_id="duel")

    def teardown(self) -> None:
        if hasattr(self, "work"):
            self.picker.close()
            self.feed.close()
            self.work.close()


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=300 if DEEP else 8, stateful_step_count=12, deadline=None)


class Told:
    """A listener's stream that says what a test puts into it, and a clock that it turns."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.now = 0.0

    def drain(self) -> list[dict[str, Any]]:
        events, self.events = self.events, []
        return events

    def monotonic(self) -> float:
        return self.now


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("abc")),
        st.tuples(st.just("invalidate"), st.sampled_from("abc")),
        st.tuples(st.just("read"), st.sampled_from("abc")),
        st.tuples(st.just("wait"), st.sampled_from([30.0, 61.0])),
        st.tuples(st.just("reset"), st.just("")),
    ),
    max_size=30,
)


@given(steps)
def test_the_cache_never_serves_what_is_older_than_an_invalidation_it_has_heard(history: list[tuple[str, Any]]) -> None:
    """Events are heard some time after the write; what was put before one of them was heard must be gone after."""
    told: Any = Told()
    cache = ReferenceCache(told, stream=told)
    versions = dict.fromkeys("abc", 0)
    heard = dict.fromkeys("abc", 0)
    asked = dict.fromkeys("abc", -1000.0)
    pending: list[str] = []
    for kind, name in history:
        if kind == "write":
            versions[name] += 1
            told.events.append({"type": "mutation", "documentId": f"drafts.{name}", "previous": None, "result": {}})
            pending.append(name)
        elif kind == "invalidate":
            cache.invalidate(name)
            heard[name] = versions[name]
        elif kind == "wait":
            told.now += name
        elif kind == "reset":
            told.events.append({"type": "reset"})
        else:
            served = cache.get(name, "outgoing")
            heard |= {one: versions[one] for one in pending}
            pending.clear()
            if served is not None:
                assert served[0].position >= heard[name]
                assert told.now - asked[name] < 60.0
            else:
                asked[name] = told.now
                cache.put(name, "outgoing", [Relationship(name, "x", "REFERENCE", "f", position=versions[name])])
