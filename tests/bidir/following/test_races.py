"""What the simulation found wrong with the follower: each test opens with the story of its seed."""

import pytest

from bidir import Engine
from bidir.backends import LakeBackend
from bidir.conformance.lagging import LaggingBackend
from bidir.conformance.workers import Cursor
from bidir.errors import Unavailable


def ref(target):
    return {"_type": "reference", "_ref": target, "_weak": True}


class HeldBack:
    """A stream whose events wait until they are let through, by number."""

    def __init__(self, stream):
        self.stream, self.waiting, self.ready = stream, [], []

    def let(self, *numbers):
        self.waiting += [event for event in self.stream.drain() if event["type"] == "mutation"]
        self.ready += [self.waiting[number] for number in numbers]
        self.waiting = [event for number, event in enumerate(self.waiting) if number not in numbers]

    def drain(self):
        events, self.ready = self.ready, []
        return events

    def close(self):
        self.stream.close()


class HeldBackBackend(LakeBackend):
    line = None

    def listen(self, groq, params):
        self.line = HeldBack(super().listen(groq, params))
        return self.line


class AwayBackend(LakeBackend):
    """Does not answer what changed since, as often as it is told."""

    away = 0

    def changed_since(self, position, types):
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        return super().changed_since(position, types)


def test_the_cursor_does_not_run_ahead_of_events_that_are_on_their_way(world):
    # A worker took the lake's last transaction for its place while that one's event was still under way; when it died,
    # nobody ever looked at the change.
    dataset, engine = world(backend=HeldBackBackend)
    cursor = Cursor()
    follower = engine.follow(cursor=cursor, debounce=0)
    dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    for _ in range(3):
        dataset.clock.advance(10)
        follower.drain()
    follower.close()
    with Engine(engine.schema, LakeBackend(dataset)).follow(cursor=cursor) as successor:
        successor.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"


def test_the_cursor_moves_on_once_every_event_must_have_come(world):
    dataset, engine = world()
    cursor = Cursor()
    with engine.follow(cursor=cursor, debounce=0) as follower:
        start = cursor.load()
        dataset.mutate([{"patch": {"id": "b1", "set": {"text": "x"}}}])
        for _ in range(10):
            dataset.clock.advance(10)
            follower.drain()
    assert cursor.load() != start


def test_what_was_missed_is_looked_at_also_where_the_lake_did_not_answer_at_first(world):
    # A 429 at the moment of catching up lost what had been missed: the broken chain was forgotten before.
    dataset, engine = world(backend=AwayBackend)
    follower = engine.follow(debounce=0)
    dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    follower._stream.drain()  # lost on the way
    engine.backend.away = 2
    follower._take({"type": "reconnect"})
    for _ in range(2):
        with pytest.raises(Unavailable):
            follower.drain()
    follower.drain()
    follower.close()
    assert dataset.get("a1")["books"]["_ref"] == "b1"


def test_an_edit_is_carried_through_while_queries_still_show_what_was_before(world):
    # The worker heard of the edit, asked a query that was a second behind, saw no change, and was done with it.
    dataset, engine = world()
    dataset.clock.advance(60)
    behind = Engine(engine.schema, LaggingBackend(dataset, lag=1.0))
    with behind.follow() as follower:
        dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"


def test_an_old_event_does_not_undo_a_newer_edit(world):
    # "a1 has b1" was heard late, when b1 had been given to a2 already; the worker gave it back to a1.
    dataset, engine = world(backend=HeldBackBackend)
    follower = engine.follow(debounce=0)
    dataset.mutate([{"patch": {"id": "a1", "set": {"books": ref("b1")}}}])
    dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a2")}}}])
    engine.backend.line.let(0)
    before = len(dataset.log())
    assert follower.drain() == []
    assert len(dataset.log()) == before
    engine.backend.line.let(0, 1)
    follower.drain()
    follower.close()
    assert dataset.get("b1")["author"]["_ref"] == "a2"
    assert dataset.get("a2")["books"]["_ref"] == "b1"
    assert "books" not in dataset.get("a1")


def test_of_two_changes_that_contradict_each_other_the_later_one_holds(world):
    # The owner side won also where its half was the older one: a newer edit on the other side was undone.
    dataset, engine = world()
    with engine.follow() as follower:
        dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        dataset.clock.advance(1)
        dataset.mutate([{"patch": {"id": "a1", "set": {"books": ref("b2")}}}])
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b2"
    assert (dataset.get("b2")["author"]["_ref"], dataset.get("b1").get("author")) == ("a1", None)


def test_what_another_engine_wrote_whole_is_no_wish(world):
    # Two workers that saw two edits at different times answered each other's answers, and in the end both edits were
    # gone.
    dataset, engine = world()
    other = Engine(engine.schema, LakeBackend(dataset))
    with engine.follow() as follower:
        other.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
        assert follower.settle() == []


def test_an_edit_and_its_undo_by_another_engine_heard_at_once_stay_undone(world):
    dataset, engine = world()
    other = Engine(engine.schema, LakeBackend(dataset))
    with engine.follow() as follower:
        other.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        other.discard("b1")
        stored = [document["_id"] for document in dataset.documents()]
        follower.settle()
        assert [document["_id"] for document in dataset.documents()] == stored
    assert dataset.get("drafts.b1") is None
    assert "books" not in dataset.get("a1")


class Busy(LakeBackend):
    """Takes one document only."""

    def commit(self, mutations, *, transaction_id):
        if len(mutations) > 1:
            raise Unavailable("busy")
        return super().commit(mutations, transaction_id=transaction_id)


def test_what_another_engine_wrote_alone_is_carried_through(world):
    # The name of the transaction says that a half waits; the engine that knows of it may have died.
    dataset, engine = world()
    other = Engine(engine.schema, Busy(dataset), budget=0)
    with engine.follow() as follower:
        outcome = other.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
        assert [item.reason for item in outcome.pending] == ["conflict"]
        assert outcome.transaction_id.startswith("bidir.book.author.")
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"


def test_two_who_add_the_same_partner_at_once_leave_one_item(world):
    # Lists are not locked: each had put an item there, and nobody took the second one out.
    dataset, engine = world("n:m")
    with engine.follow() as follower:
        items = [{**ref("a1"), "_key": key} for key in ("one", "two")]
        for item in items:
            dataset.mutate(
                [
                    {
                        "patch": {
                            "id": "b1",
                            "setIfMissing": {"author": []},
                            "insert": {"after": "author[-1]", "items": [item]},
                        }
                    }
                ]
            )
        follower.settle()
        assert [item["_key"] for item in dataset.get("b1")["author"]] == ["one"]
        assert follower.settle() == []
    assert [item["_ref"] for item in dataset.get("a1")["books"]] == ["b1"]


def test_two_engines_that_link_a_pair_from_its_two_ends_leave_one_item_on_each_side(world):
    # Each had put an item into the other's list; both transactions were whole, so nobody looked at them again.
    dataset, engine = world("n:m")
    with engine.follow() as follower:
        one = {**ref("a1"), "_key": "one"}
        two = {**ref("b1"), "_key": "two"}
        for name, mutations in {
            "bidir.book.author.first": [
                appended("b1", "author", one),
                appended("a1", "books", {**ref("b1"), "_key": "k"}),
            ],
            "bidir.book.author.second": [
                appended("a1", "books", two),
                appended("b1", "author", {**ref("a1"), "_key": "k"}),
            ],
        }.items():
            dataset.mutate(mutations, transaction_id=name)
        follower.settle()
    assert [item["_key"] for item in dataset.get("b1")["author"]] == ["one"]
    assert [item["_ref"] for item in dataset.get("a1")["books"]] == ["b1"]


def appended(document_id, field, item):
    insert = {"after": f"{field}[-1]", "items": [item]}
    return {"patch": {"id": document_id, "setIfMissing": {field: []}, "insert": insert}}


def test_a_document_that_a_query_does_not_show_yet_is_edited_with_its_other_half(world):
    # The edit went out as it was, alone, as if there were nothing to carry through.
    dataset, engine = world(empty=True)
    behind = Engine(engine.schema, LaggingBackend(dataset, lag=1.0))
    dataset.mutate([{"create": {"_id": "a1", "_type": "author"}}, {"create": {"_id": "b1", "_type": "book"}}])
    outcome = behind.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    assert (outcome.writes, outcome.pending) == (1, ())
    assert dataset.get("a1")["books"]["_ref"] == "b1"
