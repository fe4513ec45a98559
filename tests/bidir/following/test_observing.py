"""A follower that only observes, and one that tells what it does while it runs."""

import logging
from threading import Thread

import pytest

from bidir.clock import SystemClock

SECONDS_MAX = 20.0


def point(dataset, book, author):
    dataset.mutate([{"patch": {"id": book, "set": {"author": {"_type": "reference", "_ref": author}}}}])


def test_observing_says_what_would_be_written_and_writes_nothing(world, caplog):
    """A follower in this mode used to say nothing at all, so that nobody could look before switching it on."""
    dataset, engine = world()
    engine.mode = "observe"
    with caplog.at_level(logging.INFO, logger="bidir"), engine.follow() as follower:
        point(dataset, "b1", "a1")
        before = list(dataset.documents())
        (outcome,) = follower.settle()
    assert (outcome.transaction_id, outcome.writes) == (None, 0)
    assert [body["id"] for mutation in outcome.mutations for body in mutation.values()] == ["a1"]
    assert list(dataset.documents()) == before
    assert engine.pending() == []
    assert '"event": "observed"' in caplog.text


def test_what_is_in_step_already_is_nothing_to_observe(world, caplog):
    dataset, engine = world()
    engine.mode = "observe"
    with caplog.at_level(logging.INFO, logger="bidir"), engine.follow() as follower:
        dataset.mutate([{"patch": {"id": "b1", "set": {"title": "x"}}}])
        (outcome,) = follower.settle()
    assert outcome.mutations == ()
    assert "observed" not in caplog.text


def test_switched_off_nothing_is_planned(world):
    dataset, engine = world()
    engine.mode = "off"
    with engine.follow() as follower:
        point(dataset, "b1", "a1")
        (outcome,) = follower.settle()
    assert (outcome.mutations, outcome.reads) == ((), 0)


def test_what_is_only_observed_is_no_quarrel(world):
    """The same write seen again and again is a quarrel only if it was made."""
    dataset, engine = world()
    engine.mode = "observe"
    with engine.follow() as follower:
        for _ in range(10):
            point(dataset, "b1", "a1")
            follower.settle()
        assert follower.quarantined == frozenset()


@pytest.mark.lake(seed=None)
def test_a_running_follower_tells_what_it_does(lake, dataset, schema_of):
    from bidir import Engine
    from bidir.backends import LakeBackend

    class Running(LakeBackend):
        clock = SystemClock()

    dataset.mutate([{"create": {"_id": "b1", "_type": "book"}}, {"create": {"_id": "a1", "_type": "author"}}])
    follower = Engine(schema_of(), Running(dataset)).follow(debounce=0.01)
    told = []

    def hear(outcome):
        told.append(outcome)
        follower.stop()

    thread = Thread(target=follower.run, kwargs={"poll_seconds": SECONDS_MAX, "on_outcome": hear}, daemon=True)
    thread.start()
    point(dataset, "b1", "a1")
    # Well before the next poll: what waits for quiet alone does not wait for an event.
    thread.join(SECONDS_MAX / 2)
    assert not thread.is_alive()
    assert [one.documents_written for one in told] == [1]
    follower.close()
