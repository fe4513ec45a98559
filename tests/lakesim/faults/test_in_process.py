"""Faults as callers of the embedded lake meet them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import Lake
from lakesim.errors import LakeError
from lakesim.faults import FaultRule, InjectedError, LakeUnavailableError

CREATE = [{"create": {"_id": "a", "_type": "book"}}]
CALLS = {
    "mutate": lambda dataset: dataset.mutate([{"createOrReplace": {"_id": "z", "_type": "book"}}]),
    "action": lambda dataset: dataset.actions([]),
    "query": lambda dataset: dataset.query("*"),
    "doc": lambda dataset: dataset.get("a"),
    "listen": lambda dataset: dataset.listen("*"),
    "history": lambda dataset: dataset.transactions(["a"]),
}
ALSO = {
    "doc": lambda dataset: dataset.fetch(["a"]),
    "history": lambda dataset: dataset.last_revision("a"),
}


def rule(kind=None, **said):
    match = {} if kind is None else {"kind": kind}
    names = ("probability", "count", "after", "id")
    rest = {name: said.pop(name) for name in names if name in said}
    return FaultRule(match=match, effect=said, **rest)


@pytest.mark.parametrize("kind", CALLS)
def test_a_rule_hits_the_calls_of_its_kind_and_no_others(lake, dataset, kind):
    placed = lake.faults.add(rule(kind, status=503))
    for other, call in CALLS.items():
        if other == kind:
            with pytest.raises(InjectedError):
                call(dataset)
        else:
            call(dataset)
    assert (placed.seen, placed.hits) == (1, 1)
    if kind in ALSO:
        with pytest.raises(InjectedError):
            ALSO[kind](dataset)


@pytest.mark.parametrize(
    ("kind", "status", "type_", "body"),
    [
        ("query", 401, "internalError", {"errorCode": "SIO-401-ANF"}),
        ("query", 403, "internalError", {"statusCode": 403, "error": "Forbidden"}),
        ("query", 429, "internalError", {"statusCode": 429, "error": "Too Many Requests"}),
        ("query", 503, "internalError", {"statusCode": 503, "error": "Service Unavailable"}),
        ("query", 500, "internalError", {"error": {"description": "Internal server error", "type": "internalError"}}),
        ("query", 418, "internalError", {"statusCode": 418}),
        ("mutate", 409, "transactionConflictError", {}),
        ("mutate", 403, "insufficientPermissionsError", {}),
        ("action", 403, "insufficientPermissionsError", {}),
    ],
)
def test_a_status_comes_with_the_services_body_for_it(lake, dataset, kind, status, type_, body):
    lake.faults.add(rule(kind, status=status))
    with pytest.raises(InjectedError) as caught:
        CALLS[kind](dataset)
    error = caught.value
    assert isinstance(error, LakeError)
    assert (error.status, error.type) == (status, type_)
    assert body.items() <= error.body().items()
    assert (error.retry_after == 1) == (status in (429, 503))


def test_a_rule_may_bring_its_own_body_and_time_to_wait(lake, dataset):
    lake.faults.add(
        rule("query", status=503, body={"error": {"type": "mine", "description": "So it is"}}, retryAfter=7)
    )
    with pytest.raises(InjectedError, match="So it is") as caught:
        dataset.query("*")
    assert (caught.value.type, caught.value.retry_after) == ("mine", 7)


def test_a_refused_request_was_not_carried_out(lake, dataset):
    lake.faults.add(rule("mutate", status=503, count=1))
    with pytest.raises(InjectedError):
        dataset.mutate(CREATE)
    assert dataset.get("a") is None
    dataset.mutate(CREATE)
    assert dataset.get("a") is not None


@pytest.mark.parametrize(("when", "is_there"), [("before", False), ("after", True)])
def test_whether_a_dropped_request_was_carried_out_is_seen_in_the_dataset_only(lake, dataset, when, is_there):
    with lake.faults(rule("mutate", drop=when)), pytest.raises(LakeUnavailableError, match="is unknown"):
        dataset.mutate(CREATE)
    assert (dataset.get("a") is not None) == is_there


def test_a_refusal_is_lost_with_the_answer_too(lake, dataset):
    dataset.mutate(CREATE)
    with lake.faults(rule("mutate", drop="after")), pytest.raises(LakeUnavailableError):
        dataset.mutate(CREATE)


def test_a_listener_whose_opening_is_dropped_leaves_nothing_behind(lake, dataset):
    for when in ("before", "after"):
        with lake.faults(rule("listen", drop=when)), pytest.raises(LakeUnavailableError):
            dataset.listen()
    assert len(dataset._core.hub) == 0


def test_a_delay_moves_a_manual_clock_and_delays_add_up(lake, dataset):
    before = lake.clock.now()
    lake.faults.add_all([rule("query", delay=1.5), rule(delay=2), rule("query", status=503, delay=1)])
    with pytest.raises(InjectedError):
        dataset.query("*")
    assert (lake.clock.now() - before).total_seconds() == 4.5


def test_count_and_after_say_which_requests_are_hit(lake, dataset):
    placed = lake.faults.add(rule("query", status=503, after=2, count=2))
    outcome = []
    for _ in range(6):
        try:
            dataset.query("*")
            outcome.append("ok")
        except InjectedError:
            outcome.append("fault")
    assert outcome == ["ok", "ok", "fault", "fault", "ok", "ok"]
    assert (placed.hits, placed.is_spent, lake.faults.armed) == (2, True, False)


def test_the_first_rule_that_answers_ends_the_request_and_later_ones_do_not_see_it(lake, dataset):
    first, second = lake.faults.add_all([rule("query", status=503, count=1), rule("query", drop="before", count=1)])
    with pytest.raises(InjectedError):
        dataset.query("*")
    assert (first.hits, second.seen) == (1, 0)
    with pytest.raises(LakeUnavailableError):
        dataset.query("*")


def outcomes(seed, probability, requests=60):
    lake = Lake(seed=seed)
    dataset = lake.dataset("production")
    lake.faults.add(rule("mutate", status=503, probability=probability))
    found = []
    for number in range(requests):
        try:
            found.append(dataset.mutate([{"create": {"_id": f"a{number}", "_type": "t"}}])["transactionId"])
        except InjectedError:
            found.append(None)
    return found


@settings(max_examples=12)
@given(seed=st.integers(0, 1000), probability=st.sampled_from([0.2, 0.5, 0.9]))
def test_the_same_seed_meets_the_same_faults(seed, probability):
    found = outcomes(seed, probability)
    assert found == outcomes(seed, probability)
    assert 0 < found.count(None) < len(found)


def test_other_seeds_meet_other_faults():
    assert len({tuple(one is None for one in outcomes(seed, 0.5)) for seed in range(5)}) == 5


def test_chance_takes_nothing_from_the_ids():
    without = outcomes(7, 0)
    assert outcomes(7, 0.5) != without
    # A request that was refused used up no id, so those that were not have the same ids in the same order.
    answered = [one for one in outcomes(7, 0.5) if one is not None]
    assert answered == without[: len(answered)]


def test_a_rule_for_one_dataset_leaves_the_others_alone(lake, dataset):
    lake.faults.add(FaultRule(match={"dataset": "staging"}, effect={"status": 503}))
    dataset.query("*")
    with pytest.raises(InjectedError):
        lake.dataset("staging").query("*")


def test_a_rule_of_a_block_ends_with_it_even_if_it_was_removed_inside(lake, dataset):
    with lake.faults(rule(status=503)):
        lake.faults.clear()
        lake.faults.add(rule("query", status=500, id="fault-1"))
    assert [placed.id for placed in lake.faults] == ["fault-1"]


def test_the_fixture_holds_the_rules_of_the_tests_lake(lake, lake_faults):
    assert lake_faults is lake.faults
