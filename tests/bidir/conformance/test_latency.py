"""What intents cost: exact counts, added time in virtual time, and that a dear engine is caught."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import pytest

from bidir import Engine, Outcome
from bidir.conformance import latency as latency_module
from bidir.conformance.invariants import check_invariants
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.latency import (
    BUDGET_MS,
    RIVALLED,
    ROUND_TRIPS_MS,
    STREAM,
    WARM,
    measure,
    measure_costs,
    percentile,
    run_latency,
)
from bidir.conformance.latency_backend import SERVICE_SECONDS, VirtualBackend
from bidir.conformance.latency_cases import CASES, PLACES, given_documents
from bidir.conformance.latency_play import PLANNING_MS
from bidir.errors import RevisionConflict
from bidir.relations import Schema

SOME = [case for case in CASES if case.kind == "one-to-one"]


def test_every_intent_costs_what_the_table_says_in_every_place() -> None:
    costs = measure_costs(Engine)
    assert len(costs) == len(CASES) * len(PLACES) * 2
    assert {cost.reads for cost in costs if cost.warm} == {0}
    assert [f"{cost.relation}, {cost.intent}, {cost.place}: {cost.faults}" for cost in costs if cost.faults] == []


def test_the_cases_start_from_sound_documents() -> None:
    for case in CASES:
        schema = Schema.load(list(case.kind_facts.types))
        for place in PLACES:
            documents = {document["_id"]: document for document in given_documents(case, place)}
            assert check_invariants(schema, documents) == []


def test_an_uncontended_intent_adds_one_read_and_the_planning() -> None:
    """F9, cold: one round trip and one service time more than a plain write."""
    rows = measure(Engine, cases=[case for case in SOME if case.writes], intents=1)
    alone = [row for row in rows if row.relation == "one-to-one"]
    assert len(alone) == (len(SOME) - 1) * len(ROUND_TRIPS_MS)
    for row in alone:
        assert row.added_ms_p50 == row.added_ms_p99 == row.rtt_ms + SERVICE_SECONDS * 1000 + PLANNING_MS
        assert row.over_budget == 0


def test_an_open_form_adds_the_planning_alone() -> None:
    """F9, warm: everything that is needed has been read before the editor chose."""
    rows = [row for row in measure(Engine, cases=SOME, intents=1) if row.intent == WARM]
    assert [row.rtt_ms for row in rows] == list(ROUND_TRIPS_MS)
    assert {row.added_ms_p99 for row in rows} == {PLANNING_MS}


def test_a_rival_costs_at_most_what_f9_says() -> None:
    rows = {row.rtt_ms: row for row in measure(Engine, cases=SOME, intents=1) if row.intent == RIVALLED}
    for time, row in rows.items():
        assert row.added_ms_p99 <= 3 * (time + SERVICE_SECONDS * 1000) + PLANNING_MS
    assert rows[20].over_budget == 0


def test_the_stream_is_reproducible_and_within_the_budget() -> None:
    first, again = (
        [row for row in measure(Engine, cases=SOME, intents=60, seed=5) if row.intent == STREAM] for _ in range(2)
    )
    assert first == again
    assert [row.rtt_ms for row in first] == list(ROUND_TRIPS_MS)
    assert all(row.added_ms_p50 <= row.added_ms_p95 <= BUDGET_MS for row in first)
    assert all(row.added_ms_p95 <= row.added_ms_p99 for row in first)


class ReadsTwice(Engine):
    """Reads once more than it needs to."""

    def submit(self, mutations: Any, **options: Any) -> Outcome:
        self.backend.documents(["b1"])
        return super().submit(mutations, **options)


class WritesTwice(Engine):
    """Writes the edit first and the other half in a transaction of its own."""

    def submit(self, mutations: Any, **options: Any) -> Outcome:
        self.backend.commit([{"createIfNotExists": {"_id": "seen", "_type": "note"}}], transaction_id=None)
        return super().submit(mutations, **options)


@pytest.mark.parametrize(
    ("factory", "text"),
    [(ReadsTwice, "sent 2 read requests, at most 1 is right"), (WritesTwice, "sent 2 write requests, 1 is right")],
)
def test_a_dear_engine_is_caught(factory: Any, text: str) -> None:
    costs = measure_costs(factory, cases=[case for case in SOME if case.intent == "chain steal"])[:1]
    assert text in " ".join(costs[0].faults)


def test_the_parts_hold_and_carry_their_tables() -> None:
    logging.getLogger("bidir").addHandler(logging.NullHandler())
    cost, latency = run_latency(Engine)
    assert (cost.name, cost.passed, cost.checked) == ("cost", True, 2 * len(CASES) * len(PLACES))
    assert (latency.name, latency.passed) == ("latency", True)
    assert {row["rtt_ms"] for row in latency.facts["latency"]} == set(ROUND_TRIPS_MS)


def test_an_engine_beyond_the_budget_fails_the_latency_part(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in (("measure", {"cases": SOME, "intents": 60}), ("measure_costs", {"cases": SOME})):
        monkeypatch.setattr(latency_module, name, partial(getattr(latency_module, name), **few))

    class Slow(Engine):
        def submit(self, mutations: Any, **options: Any) -> Outcome:
            self.backend.clock.sleep(0.190)
            return super().submit(mutations, **options)

    _, latency = run_latency(Slow)
    assert not latency.passed
    assert any("the budget is 200 ms" in failure.text for failure in latency.failures)


def test_time_passes_by_request_and_rivals_are_met_once() -> None:
    lake = EmbeddedLake()
    lake.mutate([{"create": {"_id": "a", "_type": "t"}}])
    backend = VirtualBackend(lake.backend(), round_trip=0.05, rivals=1)
    patch = [{"patch": {"id": "a", "set": {"x": 1}}}]
    with pytest.raises(RevisionConflict):
        backend.commit(patch, transaction_id=None)
    backend.commit(patch, transaction_id=None)
    backend.documents(["a"])
    assert backend.clock.monotonic() == pytest.approx(3 * 0.06)
    assert (backend.reads, backend.writes, backend.documents_written) == (1, 2, 1)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_percentile_of_one_to_a_hundred(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_percentile_of_one_value() -> None:
    assert percentile([7.0], 0.99) == 7.0
