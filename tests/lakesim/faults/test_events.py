"""Faults of event streams, as listeners of the embedded lake meet them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesim import Lake
from lakesim.faults import FaultRule, LakeUnavailableError


def change(dataset, *ids):
    for document_id in ids:
        dataset.mutate([{"createOrReplace": {"_id": document_id, "_type": "book"}}])


def arrived(listener):
    return [event.get("documentId", event["type"]) for event in listener.drain()]


@pytest.fixture
def listener(dataset):
    with dataset.listen() as listener:
        assert arrived(listener) == ["welcome"]
        yield listener


def rule(events, **said):
    delay = {"delay": said.pop("delay")} if "delay" in said else {}
    return FaultRule(match={"kind": "listen"}, effect={"events": events, **delay}, **said)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ("drop", ["a", "c"]),
        ("duplicate", ["a", "b", "b", "c"]),
        ("reorder", ["a", "c", "b"]),
        ("disconnect", ["a"]),
    ],
)
def test_one_event_of_three_meets_a_fault(lake, dataset, listener, events, expected):
    placed = lake.faults.add(rule(events, after=1, count=1))
    change(dataset, "a", "b", "c")
    assert arrived(listener) == expected
    assert (placed.hits, lake.faults.armed) == (1, False)
    assert listener.is_closed == (events == "disconnect")
    assert isinstance(listener.error, LakeUnavailableError) == (events == "disconnect")


def test_a_late_event_holds_up_those_behind_it_until_its_time_has_come(lake, dataset, listener):
    lake.faults.add(rule("delay", delay=2, after=1, count=1))
    change(dataset, "a", "b", "c")
    assert arrived(listener) == ["a"]
    lake.clock.advance(1)
    assert arrived(listener) == []
    lake.clock.advance(1)
    assert arrived(listener) == ["b", "c"]
    change(dataset, "d")
    assert arrived(listener) == ["d"]
    assert not lake.faults.armed


def test_what_is_held_back_arrives_when_the_rule_is_taken_away(lake, dataset, listener):
    for events in ({"events": "reorder"}, {"events": "delay", "delay": 60}):
        with lake.faults(FaultRule(effect=events)):
            change(dataset, "a", "b")
            assert arrived(listener) == []
        assert arrived(listener) == ["a", "b"]
        # The clock coming to the time of the delay brings nothing a second time.
        lake.clock.advance(120)
        assert arrived(listener) == []
    assert not lake.faults.armed


def test_an_event_that_was_turned_round_does_not_wait_for_ever_once_its_rule_is_spent(lake, dataset, listener):
    lake.faults.add(rule("reorder", count=1))
    change(dataset, "a")
    assert lake.faults.armed
    change(dataset, "b")
    assert arrived(listener) == ["b", "a"]
    assert not lake.faults.armed


def test_each_listener_has_faults_of_its_own(lake, dataset, listener):
    with dataset.listen() as other:
        arrived(other)
        lake.faults.add(rule("drop", count=1))
        change(dataset, "a", "b")
        assert sorted([arrived(listener), arrived(other)]) == [["a", "b"], ["b"]]


def test_callbacks_meet_faults_too_and_late_events_reach_them(lake, dataset):
    seen = []
    with dataset.listen(on_event=lambda event: seen.append(event.get("documentId"))):
        lake.faults.add_all([rule("duplicate", count=1), rule("delay", delay=1, count=1)])
        change(dataset, "a", "b")
        assert seen == [None, "a", "a"]
        lake.clock.advance(1)
        assert seen == [None, "a", "a", "b"]


def test_a_doubled_event_is_two_values_that_share_nothing(lake, dataset, listener):
    lake.faults.add(rule("duplicate"))
    change(dataset, "a")
    first, second = listener.drain()
    assert first == second
    first["mutations"].clear()
    assert second["mutations"]


def test_the_welcome_is_never_disturbed(lake, dataset):
    lake.faults.add(rule("drop"))
    with dataset.listen() as listener:
        assert arrived(listener) == ["welcome"]


@given(
    seed=st.integers(0, 100),
    events=st.lists(st.sampled_from(["duplicate", "reorder", "delay"]), min_size=1, max_size=3),
    changes=st.integers(1, 12),
)
def test_without_losses_everything_arrives_in_the_end(seed, events, changes):
    lake = Lake(seed=seed)
    dataset = lake.dataset("production")
    ids = [f"d{number}" for number in range(changes)]
    with dataset.listen() as listener:
        arrived(listener)
        for kind in events:
            lake.faults.add(rule(kind, probability=0.4, **({"delay": 3} if kind == "delay" else {})))
        for document_id in ids:
            change(dataset, document_id)
            lake.clock.advance(1)
        lake.faults.clear()
        found = arrived(listener)
    assert set(found) == set(ids)
    assert "duplicate" in events or sorted(found) == sorted(ids)
    assert not lake.faults.armed
