"""The main job: every part of the suite against one engine, gathered in one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bidir.clock import SystemClock
from bidir.conformance.checking import described
from bidir.conformance.engines import OWN_ENGINE, load_engine
from bidir.conformance.killing import killing_part
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.latency import run_latency
from bidir.conformance.loading import ScenarioError
from bidir.conformance.machines_part import machine_parts
from bidir.conformance.parts import Failure, PartResult, Profile
from bidir.conformance.playing import EngineFactory
from bidir.conformance.scenarios_part import run_folder
from bidir.conformance.simulation.part import selected_simulation, wants_simulation
from bidir.conformance.states.part import state_parts
from bidir.errors import BidirError
from lakesim.errors import LakeError

__all__ = ["FOLDERS", "MEMORY", "Report", "SuiteOptions", "run_suite", "scenario_root"]

MEMORY = "memory"
"""The embedded lake, as an option."""
SERVED_SHARE = 0.05
"""Which part of the state machines' runs is played over HTTP, where each step takes many requests."""
FOLDERS = {
    "prd": "the requirement's user flows and its graceful degradation",
    "museum": "faults that other systems have shown",
    "found": "counterexamples that properties have found",
    "teeth": "shortest cases that tell engines broken on purpose",
}
"""The folders of scenarios that the suite plays, with what each asks."""


@dataclass(frozen=True, slots=True)
class SuiteOptions:
    """What to judge and how thoroughly; `only` is a pattern on the names of scenarios and parts."""

    engine: str = OWN_ENGINE
    profile: Profile = "default"
    seed: int = 0
    only: str = "*"
    scenarios: Path = field(default_factory=lambda: scenario_root())
    lake: str = MEMORY
    """Where to judge it: "memory", or what stands for a served lake on the command line."""

    @property
    def replay_options(self) -> str:
        """What a replay command needs beside the file to judge the same engine on the same kind of lake."""
        engine = "" if self.engine == OWN_ENGINE else f" --engine {self.engine}"
        return engine + ("" if self.lake == MEMORY else f" --backend {self.lake}")


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


def scenario_root() -> Path:
    """Return the folder of scenarios: `scenarios` here, else the one beside the package."""
    here = Path("scenarios")
    return here if here.is_dir() else Path(__file__).resolve().parents[2] / "scenarios"


def run_suite(
    options: SuiteOptions,
    *,
    on_part: Callable[[str], None] | None = None,
    lake_factory: LakeFactory = EmbeddedLake,
) -> Report:
    """Run the parts that `options.only` selects; `on_part` hears what is about to run.

    Scenarios and state machines are played on lakes from `lake_factory`, the machines fewer where `options.lake` is
    not the one in memory; latency is always measured there, in virtual time.

    Raises: EngineNotFoundError, ScenarioError, NotSupportedError for what cannot be run as asked.
    """
    factory = load_engine(options.engine)
    clock = SystemClock()
    started = clock.monotonic()
    parts: list[PartResult] = []
    for name, run in _steps(options, factory, on_part, lake_factory):
        if on_part is not None:
            on_part(name)
        parts += _ended(name, run)
    return Report(options, tuple(parts), clock.monotonic() - started)


def _ended(name: str, run: Callable[[], Sequence[PartResult]]) -> Sequence[PartResult]:
    """Run a part; one that an engine brings to a stop has failed, and the others are judged all the same.

    Raises: what is wrong with the input, by the errors of the project.
    """
    try:
        return run()
    except (BidirError, LakeError, ScenarioError, OSError):
        raise
    except Exception as error:
        failure = Failure(name, f"brought to a stop: {described(error)}")
        return [PartResult(name, "a part that could not be played to its end", 1, "parts", (failure,))]


def _steps(
    options: SuiteOptions, factory: EngineFactory, on_part: Callable[[str], None] | None, lake_factory: LakeFactory
) -> Iterator[tuple[str, Callable[[], Sequence[PartResult]]]]:
    for folder, title in FOLDERS.items():
        path = options.scenarios / folder
        if path.is_dir():
            yield f"scenarios {folder}", _scenarios(path, title, options, factory, lake_factory)
    if fnmatch("machines", options.only):
        yield (
            "state machines",
            lambda: machine_parts(
                options.profile,
                options.seed,
                factory,
                found=options.scenarios / "found",
                engine_option=options.replay_options,
                on_kind=on_part,
                lake_factory=lake_factory,
                share=1.0 if options.lake == MEMORY else SERVED_SHARE,
            ),
        )
    if fnmatch("latency", options.only):
        yield "latency", lambda: run_latency(factory)
    # The simulation owns its lake, its time and its network.
    if wants_simulation(options.only) and options.lake == MEMORY:
        yield (
            "simulation",
            lambda: selected_simulation(
                options.only,
                options.profile,
                options.seed,
                factory,
                engine_option=options.replay_options,
                on_part=on_part,
            ),
        )
    # The planner is driven past any lake; that of another engine cannot be reached.
    if fnmatch("states", options.only) and options.engine == OWN_ENGINE and options.lake == MEMORY:
        yield (
            "reachable states",
            lambda: state_parts(options.profile, found=options.scenarios / "found", on_scope=on_part),
        )
    if fnmatch("broken", options.only) and (options.profile == "deep" or options.only != "*"):
        yield "broken engines", lambda: [killing_part(options.scenarios, _without_files, on_engine=on_part)]


def _without_files(factory: EngineFactory) -> Iterator[Callable[[], Sequence[PartResult]]]:
    """Yield the parts that need no scenario files, cheapest first, with the least effort: for the kill table."""
    yield lambda: run_latency(factory)
    yield lambda: machine_parts("quick", 0, factory)


def _scenarios(
    path: Path, title: str, options: SuiteOptions, factory: EngineFactory, lake_factory: LakeFactory
) -> Callable[[], Sequence[PartResult]]:
    def run() -> Sequence[PartResult]:
        part = run_folder(
            path, factory, lake_factory, title=title, only=options.only, engine_option=options.replay_options
        )
        return [] if part is None else [part]

    return run
