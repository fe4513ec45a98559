"""The place between runs: what waits is kept with it, for no later event would tell of it."""

import pytest

from bidir import Engine
from bidir.backends import LakeBackend
from bidir.errors import PermissionRefused, Unavailable
from bidir.following.place import Place
from bidir.outcome import Pending


def ref(target):
    return {"_type": "reference", "_ref": target, "_weak": True}


class Kept:
    def __init__(self, place=None):
        self.place = place

    def load(self):
        return self.place

    def save(self, cursor):
        self.place = cursor


class Closed(LakeBackend):
    """Refuses writes to one document, or everything, for as long as it is told to."""

    refused = ""
    away = False

    def query(self, groq, params, *, perspective="raw"):
        if self.away:
            raise Unavailable("away")
        return super().query(groq, params, perspective=perspective)

    def commit(self, mutations, *, transaction_id):
        if any(body.get("id") == self.refused for mutation in mutations for body in mutation.values()):
            raise PermissionRefused("no", document_id=self.refused)
        return super().commit(mutations, transaction_id=transaction_id)


WAITS = Pending("book.author", "b1", "a1", "published", "permission", "writing a1 was refused")


@pytest.mark.parametrize(
    "waiting", [[], [WAITS], [WAITS, Pending("r", "b2", "ä", "drafts", "budget", "", erased=True)]]
)
@pytest.mark.parametrize("position", ["", "8sCMAthX", "2026-01-01T00:00:00Z/8sCMAthX"])
def test_what_is_kept_is_what_comes_back(waiting, position):
    cursor = Kept(position)
    Place(cursor, lambda: "now", lambda: waiting).reach(position)
    again = Place(cursor, lambda: "now", list)
    assert (again.position, list(again.waited)) == (position, waiting)
    assert waiting or cursor.place == position


def died_while_a1_was_refused(world):
    """A worker wrote down that b1's other half waits, went on for a while, and died."""
    dataset, engine = world(backend=Closed)
    engine.backend.refused = "a1"
    cursor = Kept()
    with engine.follow(cursor=cursor, debounce=0) as follower:
        dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        for _ in range(10):
            dataset.clock.advance(10)
            follower.drain()
    assert [item.reason for item in engine.pending()] == ["permission"]
    return dataset, Engine(engine.schema, Closed(dataset)), cursor


def test_what_waited_for_a_permission_outlives_its_worker(world):
    # The edit lay behind the cursor, and nobody but the dead worker knew that a half of it was missing.
    dataset, successor, cursor = died_while_a1_was_refused(world)
    with successor.follow(cursor=cursor) as follower:
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"
    assert successor.pending() == []


def test_what_may_still_not_be_written_goes_on_waiting_through_every_life(world):
    dataset, successor, cursor = died_while_a1_was_refused(world)
    for _ in range(3):
        successor = Engine(successor.schema, Closed(dataset))
        successor.backend.refused = "a1"
        with successor.follow(cursor=cursor, debounce=0) as follower:
            for _ in range(10):
                dataset.clock.advance(10)
                follower.drain()
        assert [item.reason for item in successor.pending()] == ["permission"]
    assert "books" not in dataset.get("a1")


def test_what_waited_is_tried_again_also_where_the_lake_did_not_answer_at_first(world):
    dataset, successor, cursor = died_while_a1_was_refused(world)
    with successor.follow(cursor=cursor) as follower:
        successor.backend.away = True
        with pytest.raises(Unavailable):
            follower.settle()
        successor.backend.away = False
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"


def test_a_place_that_is_reached_by_hand_is_not_taken_while_something_is_left(world):
    dataset, engine = world()
    cursor = Kept()
    with engine.follow(cursor=cursor, debounce=1) as follower:
        before = cursor.place
        dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        follower.drain()
        follower.reach(engine.backend.position())
        assert cursor.place == before
        follower.settle()
        follower.reach(engine.backend.position())
        assert cursor.place == engine.backend.position()
