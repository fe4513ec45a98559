"""The simulation as a part of the suite: seeds, deaths at every await, orders and batchings; each failure shrunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bidir.clock import SystemClock
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.parts import Failure, PartResult, Profile
from bidir.conformance.pictures import Picture
from bidir.conformance.playing import EngineFactory
from bidir.conformance.simulation.cast import abilities_of
from bidir.conformance.simulation.convergence import Convergence, judge_batchings, judge_deliveries
from bidir.conformance.simulation.course import draw_course, given_documents
from bidir.conformance.simulation.crashing import play_crashes
from bidir.conformance.simulation.found import write_found
from bidir.conformance.simulation.judging import Verdict, judge
from bidir.conformance.simulation.kinds import KIND_NAMES
from bidir.conformance.simulation.running import schema_of
from bidir.conformance.simulation.shrinking import shrink
from bidir.conformance.simulation.story import told
from bidir.conformance.totals import ANY, INVARIANTS

__all__ = [
    "EFFORTS",
    "Effort",
    "replay_seed",
    "run_simulation",
    "seeds_of",
    "selected_simulation",
    "wants_simulation",
]

NAME = "simulation"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried: short and long courses, cases of convergence per kind, events and edits in each."""

    short: int
    long: int
    cases: int
    events: int
    orders: int
    intents: int


EFFORTS: dict[Profile, Effort] = {
    "quick": Effort(short=45, long=3, cases=1, events=4, orders=8, intents=3),
    "default": Effort(short=450, long=30, cases=3, events=5, orders=40, intents=4),
    "deep": Effort(short=20_000, long=2_000, cases=20, events=6, orders=720, intents=4),
}

FAILURES_MAX = 3
"""Failures after which the rest is not played: each is shrunk, and they tend to be the same one."""

END_RULES = ("I1", "I2", "I3", "I5")
"""What the documents are judged by once nothing goes wrong any more."""
TRANSACTION_RULES = ("I4", "I7", "I8", "I10", "I12")
"""What every transaction is judged by."""

PROBED_KIND = "one-to-one"


def run_simulation(
    profile: Profile,
    seed: int,
    engine_factory: EngineFactory,
    *,
    engine_option: str = "",
    found: Path | None = None,
    on_part: Callable[[str], None] | None = None,
) -> list[PartResult]:
    """Play the simulation against engines from `engine_factory(schema, backend)`.

    Seeds are `seed`/0, `seed`/1, …; a failure's replay command plays the one course again and shrinks it again. What
    fails without faults, one act after the other, is also written as a scenario into `found`.
    """
    effort = EFFORTS[profile]
    abilities = abilities_of(engine_factory(schema_of(PROBED_KIND), EmbeddedLake().backend()))
    parts: dict[str, Callable[[], PartResult]] = {
        "simulation": lambda: _seeds(effort, seed, engine_factory, abilities, engine_option, found),
        "crash at every await": lambda: _crashes(engine_factory, abilities, engine_option),
        "convergence": lambda: _convergence(effort, seed, engine_factory, abilities),
    }
    results = []
    for name, part in parts.items():
        if on_part is not None:
            on_part(name)
        results.append(part())
    return results


def wants_simulation(only: str) -> bool:
    """Whether the pattern of `--only` selects the simulation, or one course of it (`simulation/0/17`)."""
    return fnmatch(NAME, only) or only.startswith(f"{NAME}/")


def selected_simulation(
    only: str,
    profile: Profile,
    seed: int,
    engine_factory: EngineFactory,
    *,
    engine_option: str = "",
    found: Path | None = None,
    on_part: Callable[[str], None] | None = None,
) -> list[PartResult]:
    """Play what `only` selects: everything, or the one course that it names."""
    name = only.removeprefix(f"{NAME}/")
    if name != only and not set(name) & set("*?["):
        return [replay_seed(name, engine_factory, engine_option=engine_option, found=found)]
    return run_simulation(profile, seed, engine_factory, engine_option=engine_option, found=found, on_part=on_part)


def seeds_of(effort: Effort, seed: int) -> Iterator[tuple[str, str]]:
    """Yield (seed of a course, its length); short and long ones mixed, so that a run cut short has seen both."""
    every = effort.short // max(1, effort.long)
    long_done = 0
    for number in range(effort.short):
        yield f"{seed}/{number}", "short"
        if every and number % every == every - 1 and long_done < effort.long:
            long_done += 1
            yield f"{seed}/{number}/long", "long"


def _seeds(
    effort: Effort, seed: int, factory: EngineFactory, abilities: frozenset[str], option: str, found: Path | None
) -> PartResult:
    clock = SystemClock()
    started = clock.monotonic()
    counts: Counter[str] = Counter()
    failures: list[Failure] = []
    for name, length in seeds_of(effort, seed):
        verdict = judge(draw_course(name, abilities=abilities, length=length), factory)
        _count(counts, verdict)
        if not verdict.holds:
            replay = f"bidir conformance --only simulation/{name}{option}"
            failures.append(_failure(verdict, factory, replay, found, option))
            if len(failures) >= FAILURES_MAX:
                break
    seconds = clock.monotonic() - started
    if seconds > 0:
        counts["seeds per minute"] = round(60 * counts["seeds"] / seconds)
        counts["happenings per second"] = round(counts["happenings"] / seconds)
    return PartResult(
        name="simulation",
        title="editors, workers and scripts on one lake, with faults and then without, judged by the log",
        checked=counts["seeds"],
        unit="seeds",
        failures=tuple(failures),
        seconds=seconds,
        facts={**counts, INVARIANTS: _checks(counts)},
    )


def _count(counts: Counter[str], verdict: Verdict) -> None:
    run = verdict.run
    counts["seeds"] += 1
    counts["happenings"] += run.events
    counts["transactions"] += len(run.rows)
    counts["deaths"] += run.deaths
    counts.update(f"fault: {fault.partition(': ')[2]}" for fault in run.faults_happened)


def _checks(counts: Counter[str]) -> dict[str, dict[str, int]]:
    """Return the checks by invariant: of every transaction, and of every run's end in both views."""
    ends = {rule: dict.fromkeys(("published", "drafts"), counts["seeds"]) for rule in END_RULES}
    return ends | {rule: {ANY: counts["transactions"]} for rule in TRANSACTION_RULES}


def _failure(verdict: Verdict, factory: EngineFactory, replay: str, found: Path | None, engine_option: str) -> Failure:
    smallest = shrink(verdict, factory)
    scenario = None if found is None else write_found(smallest, factory, found)
    text = told(smallest) + (
        "" if scenario is None else f"\n\nwithout any race: bidir scenario run {scenario}{engine_option}"
    )
    path = "" if scenario is None else str(scenario)
    return Failure(f"seed {verdict.run.course.seed}", text, replay, path, _picture(smallest))


def _picture(verdict: Verdict) -> Picture:
    given = {str(body["_id"]): body for body in given_documents(verdict.run.course)}
    return Picture(given, verdict.run.documents, "the whole run")


def _crashes(factory: EngineFactory, abilities: frozenset[str], option: str) -> PartResult:
    clock = SystemClock()
    started = clock.monotonic()
    failures: list[Failure] = []
    checked = 0
    for verdict in play_crashes(factory, abilities):
        checked += 1
        if not verdict.holds and len(failures) < FAILURES_MAX:
            name = "; ".join(verdict.run.faults_happened)
            failures.append(
                Failure(name, told(verdict), f"bidir conformance --only simulation{option}", picture=_picture(verdict))
            )
    return PartResult(
        name="crash at every await",
        title="each process dies at each of its requests in turn, before it or before the answer, and starts anew",
        checked=checked,
        unit="deaths",
        failures=tuple(failures),
        seconds=clock.monotonic() - started,
    )


def _convergence(effort: Effort, seed: int, factory: EngineFactory, abilities: frozenset[str]) -> PartResult:
    clock = SystemClock()
    started = clock.monotonic()
    done: list[Convergence] = []
    for kind in KIND_NAMES:
        for case in range(effort.cases):
            number = 1000 * seed + case
            done.append(judge_batchings(kind, number, factory, intents=effort.intents))
            if "follow" in abilities:
                done.append(judge_deliveries(kind, number, factory, events=effort.events, limit=effort.orders))
    failures = [Failure(one.name, "\n".join(str(finding) for finding in one.findings)) for one in done if one.findings]
    return PartResult(
        name="convergence",
        title="the same events in every order, the same edits in every batching: one state",
        checked=sum(one.ways for one in done),
        unit="ways",
        failures=tuple(failures[:FAILURES_MAX]),
        seconds=clock.monotonic() - started,
        facts={
            "excused: reverted in the same transaction": sum(one.excused for one in done),
            INVARIANTS: {"I11": {ANY: sum(one.ways for one in done)}},
        },
    )


def replay_seed(
    name: str, engine_factory: EngineFactory, *, engine_option: str = "", found: Path | None = None
) -> PartResult:
    """Play one course again, by the name it has in a report (`0/17`, `0/44/long`), and shrink it if it fails."""
    abilities = abilities_of(engine_factory(schema_of(PROBED_KIND), EmbeddedLake().backend()))
    length = "long" if name.endswith("/long") else "short"
    clock = SystemClock()
    started = clock.monotonic()
    verdict = judge(draw_course(name, abilities=abilities, length=length), engine_factory)
    replay = f"bidir conformance --only simulation/{name}{engine_option}"
    failures = () if verdict.holds else (_failure(verdict, engine_factory, replay, found, engine_option),)
    return PartResult(
        name=f"simulation {name}",
        title="one course again",
        checked=1,
        unit="seeds",
        failures=failures,
        seconds=clock.monotonic() - started,
    )
