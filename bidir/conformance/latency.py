"""What an intent costs: requests and documents exactly, and the time it adds to a plain write, in virtual time (F9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bidir.clock import SystemClock
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.latency_backend import SERVICE_SECONDS
from bidir.conformance.latency_cases import CASES, PLACES, Case, Place
from bidir.conformance.latency_found import write_cost
from bidir.conformance.latency_play import Player, Sample
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.playing import EngineFactory
from bidir.conformance.totals import DOCUMENTS, INVARIANTS, WRITES, checks_of

__all__ = [
    "BUDGET_MS",
    "ROUND_TRIPS_MS",
    "Cost",
    "LatencyRow",
    "cost_part",
    "measure",
    "measure_costs",
    "percentile",
    "run_latency",
]

BUDGET_MS = 200
"""What a reference change may cost beside a plain write (requirement, success criteria)."""

ROUND_TRIPS_MS = (20, 50, 80, 100, 150)
"""Round-trip times between an editor and the lake, near to far."""

READS_COLD_MAX = 1
READS_WARM_MAX = 0
"""Reads of one intent that meets no rival, by an engine alone and in an open form (F3)."""

FOUND_MAX = 3
"""Intents that are written as scenarios; those that cost too much tend to do so for one reason."""

WARM = "in an open form"
RIVALLED = "with one rival"
STREAM = "mixed stream"
"""Rows over all intents: what the editor feels, the price of one conflict, and everyday life."""

_LAYERS: Mapping[Place, str] = {"drafts": "drafts", "drafts made on demand": "drafts", "published": "published"}

STREAM_INTENTS = 200
"""Intents in the mixed stream, per round-trip time."""

RIVAL_EVERY = 50
"""Every so many intents of the stream one meets a rival: somebody changed a partner between its read and its write."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests and documents of one intent in one place, counted at the lake."""

    relation: str
    intent: str
    place: Place
    warm: bool
    reads: int
    writes: int
    documents: int
    writes_expected: int
    documents_expected: int
    error: str = ""

    @property
    def faults(self) -> list[str]:
        """What is dearer (or cheaper) than the semantics say, in words."""
        if self.error:
            return [f"I8 intent: {self.error}"]
        found = []
        if self.documents != self.documents_expected:
            found.append(f"I10 bounded work: wrote {self.documents} documents, E3 says {self.documents_expected}")
        if self.writes != self.writes_expected:
            found.append(f"I10 bounded work: sent {self.writes} write requests, {self.writes_expected} is right")
        reads_max = READS_WARM_MAX if self.warm else READS_COLD_MAX
        if self.reads > reads_max:
            found.append(f"I10 bounded work: sent {self.reads} read requests, at most {reads_max} is right")
        return found


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """The time one kind of intent adds at one round-trip time, in milliseconds; requests and documents beside it."""

    relation: str
    intent: str
    rtt_ms: int
    added_ms_p50: float
    added_ms_p95: float
    added_ms_p99: float
    reads: float
    writes: float
    documents: float
    over_budget: float
    """Share of the intents measured that took more than the budget."""


def run_latency(
    engine_factory: EngineFactory,
    *,
    lake_factory: LakeFactory = EmbeddedLake,
    found: Path | None = None,
    engine_option: str = "",
) -> list[PartResult]:
    """Measure everything and return two parts: the exact costs, and the table of added latency.

    The first intents that cost too much are written as scenarios into `found`; `engine_option` is added to the
    commands that replay them.
    """
    clock = SystemClock()
    started = clock.monotonic()
    costs = measure_costs(engine_factory, lake_factory=lake_factory)
    half = clock.monotonic()
    rows = measure(engine_factory, lake_factory=lake_factory)
    parts = [cost_part(costs, half - started, found, engine_option)]
    # Where nothing was done there is nothing to time; that it was not done is the first part's verdict.
    return [*parts, _latency_part(rows, clock.monotonic() - half)] if rows else parts


def measure_costs(
    engine_factory: EngineFactory, *, cases: Iterable[Case] = CASES, lake_factory: LakeFactory = EmbeddedLake
) -> list[Cost]:
    """Count requests and documents of every intent, on drafts, on drafts made on demand, and live; cold and warm."""
    player = Player(engine_factory, lake_factory)
    costs = []
    for case in cases:
        for place in PLACES:
            cold, warm = player.cold(case, place, ROUND_TRIPS_MS[0]), player.warm(case, place, ROUND_TRIPS_MS[0])
            costs += [_cost(case, place, sample, sample is warm) for sample in (cold, warm) if sample is not None]
    return costs


def measure(
    engine_factory: EngineFactory,
    *,
    cases: Sequence[Case] = CASES,
    lake_factory: LakeFactory = EmbeddedLake,
    intents: int = STREAM_INTENTS,
    seed: int = 0,
) -> list[LatencyRow]:
    """Return the table: every intent alone, in an open form, with a rival, and in a mixed stream of uneven answers."""
    player = Player(engine_factory, lake_factory)
    writing = [case for case in cases if case.writes]
    rows = []
    for time in ROUND_TRIPS_MS:
        alone = {(case.kind, case.intent): [player.cold(case, "drafts", time)] for case in cases}
        rows += _rows(alone, time)
    for time in ROUND_TRIPS_MS:
        together = {
            WARM: [sample for case in writing if (sample := player.warm(case, "drafts", time)) is not None],
            RIVALLED: [player.cold(case, "drafts", time, rivals=1) for case in writing],
            STREAM: _stream(player, cases, time, intents, seed),
        }
        rows += _rows({("all", intent): samples for intent, samples in together.items()}, time)
    return rows


def _rows(samples: Mapping[tuple[str, str], Sequence[Sample]], time: int) -> list[LatencyRow]:
    """Return a row for every kind of intent that the engine did at least once."""
    done = {name: [one for one in found if not one.error] for name, found in samples.items()}
    return [_row(*name, time, found) for name, found in done.items() if found]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    rank = max(1, -(-round(share * len(ordered) * 1000) // 1000))
    return ordered[rank - 1]


def _stream(player: Player, cases: Sequence[Case], time: int, intents: int, seed: int) -> list[Sample]:
    """Play `intents` intents drawn at random, each request taking between half and one and a half service times."""
    chance = SystemClock(seed=seed).jitter

    def service() -> float:
        return SERVICE_SECONDS * (0.5 + chance())

    samples = []
    for number in range(intents):
        case = cases[int(chance() * len(cases))]
        rivals = int(case.writes > 0 and number % RIVAL_EVERY == 0)
        samples.append(player.cold(case, "drafts", time, rivals=rivals, service=service))
    return samples


def _cost(case: Case, place: Place, sample: Sample, warm: bool) -> Cost:
    counted = (sample.reads, sample.writes, sample.documents)
    return Cost(case.kind, case.intent, place, warm, *counted, case.writes, case.documents, sample.error)


def _row(relation: str, intent: str, time: int, samples: Sequence[Sample]) -> LatencyRow:
    added = [sample.added_ms for sample in samples]

    def mean(values: Iterable[int]) -> float:
        return round(sum(values) / len(samples), 2)

    return LatencyRow(
        relation,
        intent,
        time,
        round(percentile(added, 0.50), 1),
        round(percentile(added, 0.95), 1),
        round(percentile(added, 0.99), 1),
        mean(sample.reads for sample in samples),
        mean(sample.writes for sample in samples),
        mean(sample.documents for sample in samples),
        round(sum(value > BUDGET_MS for value in added) / len(added), 3),
    )


def _cost_failures(costs: Sequence[Cost], found: Path | None, engine_option: str) -> Iterator[Failure]:
    written = 0
    for cost in costs:
        if not cost.faults:
            continue
        path = ""
        # A form is no part of the scenario format.
        if found is not None and not cost.warm and written < FOUND_MAX:
            case = next(one for one in CASES if (one.kind, one.intent) == (cost.relation, cost.intent))
            path = str(write_cost(case, cost.place, READS_COLD_MAX, found))
            written += 1
        name = f"{cost.relation}, {cost.intent}, {cost.place}{', warm' if cost.warm else ''}"
        replay = f"bidir scenario run {path}{engine_option}" if path else ""
        breaches = (("I10 bounded work", _LAYERS[cost.place]),) if not cost.error else ()
        yield Failure(name, "; ".join(cost.faults), replay, path, breaches=breaches)


def cost_part(costs: Sequence[Cost], seconds: float, found: Path | None, engine_option: str) -> PartResult:
    """Judge the costs; the first that are too high are written into `found`."""
    failures = tuple(_cost_failures(costs, found, engine_option))
    return PartResult(
        name="cost",
        title="requests and documents of every intent, exactly",
        checked=len(costs),
        unit="intents",
        failures=failures,
        seconds=seconds,
        facts={
            "costs": [asdict(cost) for cost in costs],
            WRITES: dict(Counter(cost.writes for cost in costs)),
            DOCUMENTS: dict(Counter(cost.documents for cost in costs)),
            INVARIANTS: checks_of(([_LAYERS[cost.place]], ("I10",)) for cost in costs),
        },
    )


def _latency_part(rows: Sequence[LatencyRow], seconds: float) -> PartResult:
    """Judge the table: nothing that meets no rival, and 95 of 100 of the stream, exceeds the budget."""
    judged = [row for row in rows if row.intent != RIVALLED]
    failures = tuple(
        Failure(
            f"{row.relation}, {row.intent}, round trip {row.rtt_ms} ms",
            f"F9 added latency: adds {row.added_ms_p95} ms to 95 of 100 writes, the budget is {BUDGET_MS} ms",
        )
        for row in judged
        if row.added_ms_p95 > BUDGET_MS
    )
    return PartResult(
        name="latency",
        title=f"time added to a plain write, at most {BUDGET_MS} ms, by round-trip time",
        checked=len(judged),
        unit="figures",
        failures=failures,
        seconds=seconds,
        facts={"latency": [asdict(row) for row in rows]},
    )
