"""The main job: every part of the suite against one engine, gathered in one report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bidir.clock import SystemClock
from bidir.conformance.engines import OWN_ENGINE, load_engine
from bidir.conformance.latency import run_latency
from bidir.conformance.machines_part import machine_parts
from bidir.conformance.parts import PartResult, Profile
from bidir.conformance.playing import EngineFactory
from bidir.conformance.scenarios_part import run_folder

__all__ = ["FOLDERS", "Report", "SuiteOptions", "run_suite", "scenario_root"]

FOLDERS = {
    "prd": "the requirement's user flows and its graceful degradation",
    "museum": "faults that other systems have shown",
    "found": "counterexamples that properties have found",
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

    @property
    def replay_options(self) -> str:
        """What a replay command needs beside the file to judge the same engine."""
        return "" if self.engine == OWN_ENGINE else f" --engine {self.engine}"


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


def run_suite(options: SuiteOptions, *, on_part: Callable[[str], None] | None = None) -> Report:
    """Run the parts that `options.only` selects; `on_part` hears what is about to run.

    Raises: EngineNotFoundError, ScenarioError, NotSupportedError for what cannot be run as asked.
    """
    factory = load_engine(options.engine)
    clock = SystemClock()
    started = clock.monotonic()
    parts: list[PartResult] = []
    for name, run in _steps(options, factory, on_part):
        if on_part is not None:
            on_part(name)
        parts += run()
    return Report(options, tuple(parts), clock.monotonic() - started)


def _steps(
    options: SuiteOptions, factory: EngineFactory, on_part: Callable[[str], None] | None
) -> Iterator[tuple[str, Callable[[], Sequence[PartResult]]]]:
    for folder, title in FOLDERS.items():
        path = options.scenarios / folder
        if path.is_dir():
            yield f"scenarios {folder}", _scenarios(path, title, options, factory)
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
            ),
        )
    if fnmatch("latency", options.only):
        yield "latency", lambda: run_latency(factory)


def _scenarios(
    path: Path, title: str, options: SuiteOptions, factory: EngineFactory
) -> Callable[[], Sequence[PartResult]]:
    def run() -> Sequence[PartResult]:
        part = run_folder(path, factory, title=title, only=options.only, engine_option=options.replay_options)
        return [] if part is None else [part]

    return run
