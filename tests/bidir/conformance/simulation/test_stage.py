"""The baton: one runs at a time, in an order that only the queue decides, and nobody is left behind."""

import threading

import pytest

from bidir.conformance.proxy import ProcessDied
from bidir.conformance.simulation.stage import CALLS_AFTER_DEATH_MAX, Stage


@pytest.fixture
def stage():
    stage = Stage()
    before = threading.active_count()
    yield stage
    stage.close()
    assert threading.active_count() == before


def test_actors_take_turns_by_the_time_they_wait_for(stage):
    told = []

    def body(name, pauses):
        def play(actor):
            for pause in pauses:
                actor.wait(pause)
                told.append((round(stage.now, 3), name))

        return play

    stage.spawn("slow", body("slow", [2, 2]))
    stage.spawn("quick", body("quick", [1, 1, 1]))
    stage.run(10)
    assert told == [(1, "quick"), (2, "slow"), (2, "quick"), (3, "quick"), (4, "slow")]
    assert stage.now == 10


def test_only_one_runs_at_a_time(stage):
    inside = []

    def play(actor):
        for _ in range(20):
            inside.append(actor.name)
            assert len(inside) == 1
            inside.pop()
            actor.wait(0)

    for number in range(5):
        stage.spawn(f"actor {number}", play)
    stage.run(1)
    assert all(not actor.alive for actor in stage.actors)


def test_a_killed_actor_dies_where_it_waits_and_may_clean_up(stage):
    told = []

    def play(actor):
        try:
            actor.wait(5)
            told.append("never")
        finally:
            told.append("cleaned up")
            actor.wait(1)
            told.append("never either")

    actor = stage.spawn("actor", play)
    actor.on_end = lambda: told.append("ended")
    stage.run(1)
    actor.kill()
    stage.run(10)
    assert told == ["cleaned up", "ended"]
    assert (actor.alive, actor.immortal) == (False, False)


def test_an_actor_killed_before_its_first_turn_never_begins(stage):
    told = []
    actor = stage.spawn("actor", lambda actor: told.append("began"), delay=1)
    actor.on_end = lambda: told.append("ended")
    actor.kill()
    stage.run(2)
    assert told == ["ended"]


def test_an_actor_that_survives_its_death_is_told_apart_and_never_runs_again():
    # Not by the fixture: its thread is parked for good.
    stage, deaths = Stage(), []

    def play(actor):
        while True:
            try:
                actor.wait(1)
            except ProcessDied:
                deaths.append(1)

    actor = stage.spawn("cat", play)
    stage.run(0)
    actor.kill()
    stage.close()
    assert actor.immortal
    assert len(deaths) == CALLS_AFTER_DEATH_MAX


def test_what_an_actor_raises_reaches_the_stage(stage):
    def play(actor):
        actor.wait(1)
        raise ValueError("broken")

    stage.spawn("actor", play)
    with pytest.raises(ValueError, match="broken"):
        stage.run(2)


def test_a_wake_that_comes_too_late_ends_no_other_wait(stage):
    told = []

    def play(actor):
        ticket = actor.ticket()
        stage.after(1, lambda: actor.wake(ticket))
        stage.after(2, lambda: actor.wake(ticket))
        actor.suspend()
        told.append(stage.now)
        actor.wait(5)
        told.append(stage.now)

    stage.spawn("actor", play)
    stage.run(10)
    assert told == [1, 6]
