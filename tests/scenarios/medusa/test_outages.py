"""The lake is away during a sync: retried, then reported, nothing lost. Faults are placed in the lake, not mocked."""

import pytest
from medusa_sync import RetryPolicy
from medusa_sync.models import DELETED, Event

MUTATE, QUERY = {"match": {"kind": "mutate"}}, {"match": {"kind": "query"}}
SHORT = [
    # what happens once (or `count` times), the requests it takes, and the milliseconds waited before the second attempt
    ("503 on reading", {"effect": {"status": 503}, **QUERY}, {"mutate": 1, "query": 2}, 1000),
    ("503 on writing", {"effect": {"status": 503}, **MUTATE}, {"mutate": 2, "query": 2}, 1000),
    ("429", {"effect": {"status": 429, "retryAfter": 7}, **MUTATE}, {"mutate": 2, "query": 2}, 7000),
    ("long advice", {"effect": {"status": 503, "retryAfter": 600}, **QUERY}, {"mutate": 1, "query": 2}, 30_000),
    ("500", {"effect": {"status": 500}, **MUTATE}, {"mutate": 2, "query": 2}, 200),
    ("not sent", {"effect": {"drop": "before"}, **MUTATE}, {"mutate": 2, "query": 2}, 200),
    ("answer lost", {"effect": {"drop": "after"}, **MUTATE}, {"mutate": 1, "query": 2}, 200),
    ("four times", {"effect": {"status": 500}, **QUERY, "count": 4}, {"mutate": 1, "query": 5}, 200),
]


@pytest.mark.parametrize(("rule", "requests", "waited_ms"), [one[1:] for one in SHORT], ids=[one[0] for one in SHORT])
def test_a_short_outage_is_waited_out(world, rule, requests, waited_ms):
    (event,) = world.add("prod_a")
    with world.fault(**{"count": 1, **rule}):
        outcome = world.service.handle(event)
    assert (outcome.status, outcome.result.created) == ("done", ["prod_a"])
    assert outcome.result.upserts[0].before is None
    assert world.lake.requests.take() == requests
    steps = [one.step for one in outcome.timeline]
    first = steps.index("retry")
    assert outcome.timeline[first + 1].at_ms - outcome.timeline[first].at_ms == waited_ms + 50


def test_waits_double(world):
    (event,) = world.add("prod_a")
    with world.fault(effect={"status": 500}, match={"kind": "query"}, count=4):
        outcome = world.service.handle(event)
    waits = [one.text.split(",")[0] for one in outcome.timeline if one.step == "retry"]
    assert waits == ["in 0.2 s", "in 0.4 s", "in 0.8 s", "in 1.6 s"]


def test_an_outage_beyond_the_attempts_is_reported_and_the_event_waits(world):
    events = world.add("prod_a", "prod_b")
    with world.away():
        drained = world.service.drain()
    assert (drained.handled, drained.set_aside, drained.waiting, drained.stopped) == (0, 0, 1, True)
    assert len(drained.outcomes) == 1  # the others would fare no better
    (outcome,) = drained.outcomes
    assert (outcome.status, outcome.total, outcome.lake_away) == ("failed", 0, True)
    assert "after 5 attempts: 503" in outcome.error
    assert world.lake.requests.take() == {"query": 5}
    waiting = world.shop.pending_events(9)
    assert [(one.number, one.attempts) for one in waiting] == [(events[0].number, 1), (events[1].number, 0)]
    assert "503" in waiting[0].error
    assert [run.status for run in world.service.executions.all()] == ["failed"]

    drained = world.service.drain()
    assert (drained.handled, drained.stopped) == (2, False)
    assert set(world.documents()) == {"prod_a", "prod_b"}
    assert world.shop.pending_events(9) == []


def test_a_lost_answer_is_no_lost_update(world):
    world.synced("prod_a")
    before = world.document("prod_a")
    event = world.shop.update_product("prod_a", title="New")
    with world.fault(effect={"drop": "after"}, match={"kind": "mutate"}, count=1):
        outcome = world.service.handle(event)
    (upsert,) = outcome.result.upserts
    assert outcome.result.updated == ["prod_a"]
    assert (upsert.before, upsert.after) == (before, world.document("prod_a"))


def test_an_outage_in_the_middle_of_a_bulk_sync_keeps_what_is_written(world):
    world.add(*(f"prod_{number}" for number in range(10)))
    service = world.serve(batch_size=2, lanes=1, policy=RetryPolicy(attempts=2))
    with world.away(match={"kind": "mutate"}, after=2):
        outcome = service.sync()
    assert (outcome.status, outcome.total, len(outcome.result.failures)) == ("failed", 4, 6)
    assert set(world.documents()) == {f"prod_{number}" for number in range(4)}
    world.lake.requests.take()
    again = service.sync()
    assert (again.total, len(again.result.created), len(again.result.unchanged)) == (10, 6, 4)
    assert world.lake.requests.take() == {"mutate": 3, "query": 5}


def test_when_the_lake_stays_away_the_rest_of_a_lane_is_not_tried(world):
    world.add(*(f"prod_{number}" for number in range(20)))
    with world.away():
        outcome = world.serve(batch_size=2, lanes=2, policy=RetryPolicy(attempts=3)).sync()
    assert len(outcome.result.failures) == 20
    assert world.lake.requests.take() == {"query": 2 * 3}


def test_a_lake_that_lets_nobody_in_is_not_asked_again_and_loses_no_event(world):
    """A wrong token set aside every event as refused for good, and only the weekly look brought them back."""
    world.add("prod_a")
    with world.fault(effect={"status": 401}):
        drained = world.service.drain()
    assert (drained.stopped, drained.set_aside) == (True, 0)
    assert world.lake.requests.take() == {"query": 1}
    assert world.service.drain().handled == 1


@pytest.mark.parametrize("deletes", ["keep", "remove", "unlink"])
def test_a_deletion_waits_for_the_lake_too(world, deletes):
    world.synced("prod_a")
    service = world.serve(deletes=deletes)
    event = world.shop.delete_product("prod_a")
    with world.away():
        outcome = service.handle(event)
    assert (outcome.status, outcome.lake_away) == ("failed", True)
    assert service.drain().handled == 1
    assert (world.document("prod_a") is None) == (deletes != "keep")


def test_a_deletion_rides_out_an_outage_while_it_writes(world):
    world.synced("prod_a")
    with world.away(match={"kind": "mutate"}, count=1):
        outcome = world.serve(deletes="remove").handle(world.shop.delete_product("prod_a"))
    assert outcome.deletion.fate == "removed"


class TestEventsInAnyOrder:
    def test_the_same_event_twice_writes_once(self, world):
        (event,) = world.add("prod_a")
        world.service.handle(event)
        revision = world.document("prod_a")["_rev"]
        world.lake.requests.take()
        assert world.service.handle(event).result.unchanged == ["prod_a"]
        assert world.lake.requests.take() == {"query": 1}
        assert world.document("prod_a")["_rev"] == revision

    def test_updated_before_created_makes_the_document(self, world):
        (created,) = world.add("prod_a")
        updated = world.shop.update_product("prod_a", title="New")
        for event in (updated, created):
            assert world.service.handle(event).status == "done"
        assert world.document("prod_a")["title"] == "New"
        assert world.document("prod_a")["specs"][0]["title"] == "New"

    def test_an_update_that_comes_after_the_deletion_makes_nothing(self, world):
        (created,) = world.add("prod_a")
        deleted = world.shop.delete_product("prod_a")
        world.service.handle(deleted)
        outcome = world.service.handle(created)
        assert (outcome.status, outcome.total, outcome.result.missing) == ("done", 0, ["prod_a"])
        assert world.documents() == {}

    def test_a_deletion_of_a_product_that_is_back_deletes_nothing(self, world):
        world.synced("prod_a")
        world.editor.write_spec("prod_a", "en", content="Words")
        world.editor.publish("prod_a")
        deleted = world.shop.delete_product("prod_a")
        world.shop.create_product("prod_a", "Back again")
        outcome = world.serve(deletes="unlink").handle(deleted)
        assert (outcome.deletion, outcome.result.updated) == (None, ["prod_a"])
        assert (world.document("prod_a")["title"], world.contents("prod_a")) == ("Back again", {"en": "Words"})

    def test_a_deletion_twice(self, world):
        world.synced("prod_a")
        service = world.serve(deletes="remove")
        event = world.shop.delete_product("prod_a")
        assert [service.handle(event).deletion.fate for _ in range(2)] == ["removed", "absent"]

    def test_an_event_of_another_shop(self, world):
        outcome = world.service.handle(Event(99, DELETED, "prod_never_seen", "2026-01-01T00:00:00Z"))
        assert (outcome.status, outcome.deletion.fate) == ("done", "absent")
