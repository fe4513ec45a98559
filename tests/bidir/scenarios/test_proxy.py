"""The backend between engine and lake: what it counts, what it refuses, when it interferes."""

from __future__ import annotations

from typing import Any

import pytest

from bidir.backends import LakeBackend
from bidir.conformance.proxy import ObservedBackend, ProcessDied, mutated_ids
from bidir.conformance.scenario import Fault
from bidir.errors import BidirError, PermissionRefused, RateLimited, RevisionConflict, Unavailable, UnknownOutcome
from lakesim import Lake

CREATE = [{"create": {"_id": "drafts.b1", "_type": "book"}}]


@pytest.fixture
def observed() -> ObservedBackend:
    return ObservedBackend(LakeBackend(Lake(seed=0).dataset("production")))


def stored(observed: ObservedBackend) -> bool:
    return observed.inner.documents(["drafts.b1"])["drafts.b1"] is not None


def test_requests_are_counted_by_kind(observed: ObservedBackend) -> None:
    observed.documents(["a"])
    observed.commit([*CREATE, {"create": {"_id": "b2", "_type": "book"}}], transaction_id="t")
    observed.generate_id()
    assert (observed.traffic.reads, observed.traffic.writes, observed.traffic.documents_written) == (1, 1, 2)


@pytest.mark.parametrize(
    ("fault", "error", "is_stored"),
    [
        (Fault(unavailable=1), Unavailable, False),
        (Fault(rate_limited=1), RateLimited, False),
        (Fault(conflict=1), RevisionConflict, False),
        (Fault(lose_response=1), UnknownOutcome, True),
        (Fault(crash="before-commit"), ProcessDied, False),
        (Fault(crash="after-commit"), ProcessDied, True),
    ],
)
def test_a_fault_happens_as_often_as_it_is_said(
    observed: ObservedBackend, fault: Fault, error: type[BaseException], is_stored: bool
) -> None:
    observed.arm(fault)
    with pytest.raises(error):
        observed.commit(CREATE, transaction_id="t")
    assert stored(observed) == is_stored
    assert observed.traffic.writes == 1
    observed.arm(None)
    observed.commit([{"create": {"_id": "b9", "_type": "book"}}], transaction_id="u")


def test_a_counted_fault_is_used_up(observed: ObservedBackend) -> None:
    observed.arm(Fault(conflict=2))
    for _ in range(2):
        with pytest.raises(RevisionConflict):
            observed.commit(CREATE, transaction_id="t")
    observed.commit(CREATE, transaction_id="t")
    assert stored(observed)


def test_a_denied_document_is_refused_in_every_version(observed: ObservedBackend) -> None:
    observed.denied.add("b1")
    with pytest.raises(PermissionRefused) as caught:
        observed.commit(CREATE, transaction_id="t")
    assert caught.value.document_id == "drafts.b1"
    assert not stored(observed)


def test_the_hook_runs_once_before_the_first_commit(observed: ObservedBackend) -> None:
    seen: list[bool] = []
    observed.before_commit = lambda: seen.append(stored(observed))
    observed.commit(CREATE, transaction_id="t")
    observed.commit([{"delete": {"id": "drafts.b1"}}], transaction_id="u")
    assert seen == [False]


def test_an_engine_cannot_catch_its_own_death() -> None:
    assert not issubclass(ProcessDied, (Exception, BidirError))


@pytest.mark.parametrize(
    ("mutations", "ids"),
    [
        (CREATE, ["drafts.b1"]),
        ([{"patch": {"id": "b1", "set": {"id": "x"}}}, {"delete": {"id": "b2"}}], ["b1", "b2"]),
        ([{"delete": {"query": "*"}}, {"createIfNotExists": {"_id": "b3", "_type": "x"}}], ["b3"]),
        ([{"create": {"_type": "x"}}], []),
    ],
)
def test_ids_of_mutations(mutations: list[dict[str, Any]], ids: list[str]) -> None:
    assert mutated_ids(mutations) == ids
