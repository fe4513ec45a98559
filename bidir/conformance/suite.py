"""The main job: every part of the suite against one engine, gathered in one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from bidir.clock import SystemClock
from bidir.conformance.checking import described
from bidir.conformance.engines import load_engine
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.loading import ScenarioError
from bidir.conformance.options import MEMORY, Shard, SuiteOptions, scenario_root
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.playing import EngineFactory
from bidir.conformance.replaying import completed
from bidir.conformance.totals import InvariantRow, histogram, invariant_rows, kill_rows
from bidir.conformance.units import Unit, units_of
from bidir.errors import BidirError, NotSupportedError
from lakesim.errors import LakeError

__all__ = ["MEMORY", "Report", "Shard", "SuiteOptions", "run_suite", "run_unit", "scenario_root", "unit_names"]


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a run of the suite."""

    options: SuiteOptions
    parts: tuple[PartResult, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every part holds, and at least one was run."""
        return bool(self.parts) and all(part.passed for part in self.parts)

    @property
    def latency(self) -> list[dict[str, Any]]:
        """The rows of the latency table, empty if that part was not run."""
        return [row for part in self.parts for row in part.facts.get("latency", ())]

    @property
    def kills(self) -> list[dict[str, Any]]:
        """The rows of the kill table, empty if that part was not run."""
        return kill_rows(self.parts)

    @property
    def criteria(self) -> list[dict[str, Any]]:
        """The requirement's success criteria as measured, empty if that part was not run."""
        return [row for part in self.parts for row in part.facts.get("criteria", ())]

    @property
    def invariants(self) -> list[InvariantRow]:
        """Checks and failures of every invariant by view."""
        return invariant_rows(self.parts)

    def histogram(self, fact: str) -> dict[int, int]:
        """Return how many intents took how many of what the parts count under `fact`."""
        return histogram(self.parts, fact)


def run_suite(
    options: SuiteOptions,
    *,
    on_part: Callable[[str], None] | None = None,
    on_result: Callable[[PartResult], None] | None = None,
    lake_factory: LakeFactory = EmbeddedLake,
) -> Report:
    """Run the parts that the options select; `on_part` hears what is about to run, `on_result` what came of it.

    The report is the same with any number of `options.jobs`, but for the seconds.
    Raises: EngineNotFoundError, ScenarioError, NotSupportedError for what cannot be run as asked.
    """
    told, heard = on_part or _nothing, on_result or _nothing
    factory = load_engine(options.engine)
    clock = SystemClock()
    started = clock.monotonic()
    units = units_of(options, factory, lake_factory)
    parts: list[PartResult] = []
    if options.jobs > 1:
        parts = _side_by_side(options, [unit.name for unit in units], told, heard)
    else:
        for unit in units:
            told(unit.name)
            done = _ended(unit, options, factory, lake_factory, told)
            for part in done:
                heard(part)
            parts += done
    return Report(options, tuple(parts), clock.monotonic() - started)


def unit_names(options: SuiteOptions) -> list[str]:
    """Return the names of what the options select, each of which `run_unit` can run by itself."""
    return [unit.name for unit in units_of(options, load_engine(options.engine))]


def run_unit(options: SuiteOptions, name: str) -> list[PartResult]:
    """Run one unit on the embedded lake, as a process of its own does.

    Raises: EngineNotFoundError, ScenarioError, NotSupportedError as `run_suite`.
    """
    factory = load_engine(options.engine)
    unit = next(unit for unit in units_of(options, factory) if unit.name == name)
    return _ended(unit, options, factory, EmbeddedLake, _nothing)


def _side_by_side(
    options: SuiteOptions,
    names: Sequence[str],
    told: Callable[[str], None],
    heard: Callable[[PartResult], None],
) -> list[PartResult]:
    """Run the units in processes of their own, and return their parts in the usual order."""
    if options.lake != MEMORY:
        raise NotSupportedError(
            f"several jobs on one served lake would be in each other's way; leave --jobs out, or take --lake {MEMORY}"
        )
    done: dict[str, list[PartResult]] = {}
    # A process that starts anew knows nothing of this one's threads; long units are at the end, so they come first.
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        running = {pool.submit(run_unit, options, name): name for name in reversed(names)}
        for name, parts in _as_they_end(running, told):
            done[name] = parts
            for part in parts:
                heard(part)
    return [part for name in names for part in done[name]]


def _as_they_end(
    running: dict[Future[list[PartResult]], str], told: Callable[[str], None]
) -> Iterator[tuple[str, list[PartResult]]]:
    left = list(running.values())
    told(", ".join(left[:3]))
    for future in as_completed(running):
        name = running[future]
        left.remove(name)
        yield name, future.result()
        told(", ".join(left[:3]))


def _ended(
    unit: Unit, options: SuiteOptions, factory: EngineFactory, lake_factory: LakeFactory, told: Callable[[str], None]
) -> list[PartResult]:
    """Run a unit; one that an engine brings to a stop has failed, and the others are judged all the same.

    Raises: what is wrong with the input, by the errors of the project.
    """
    try:
        return completed(unit.run(told), factory, lake_factory, again=options.again(unit.name))
    except (BidirError, LakeError, ScenarioError, OSError):
        raise
    except Exception as error:
        failure = Failure(unit.name, f"brought to a stop: {described(error)}", options.again(unit.name))
        return [PartResult(unit.name, "a part that could not be played to its end", 1, "parts", (failure,))]


def _nothing(_: object) -> None:
    """Hear of it and do nothing."""
