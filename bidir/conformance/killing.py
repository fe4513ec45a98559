"""The kill table: every engine broken on purpose, judged by the suite like any other, and what caught it how soon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from bidir.clock import SystemClock
from bidir.conformance.broken.catalogue import BROKEN, BrokenEngine
from bidir.conformance.broken_rules import rules_in
from bidir.conformance.loading import LoadedScenario, find_scenarios, load_scenario
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.playing import EngineFactory
from bidir.conformance.result import Result, render
from bidir.conformance.runner import layers_of, run_scenario

__all__ = ["Kill", "PartsOf", "kill", "kill_by_scenario", "kill_table", "killing_part", "shipped_scenarios"]

PartsOf: TypeAlias = Callable[[EngineFactory], Iterator[Callable[[], Sequence[PartResult]]]]
"""Returns the parts of the suite beside the scenarios, for one engine, cheapest first; each runs when it is called."""

FOLDERS = ("prd", "teeth", "museum")
"""The folders of scenarios that the engines are judged by, in this order."""


@dataclass(frozen=True, slots=True)
class Kill:
    """How one engine broken on purpose was caught, or that it was not (`part` is empty then).

    `part` and `case` are what failed first with the rule's name in its report, `rules` all that it names; `checks`
    counts what was checked until then and including it, `seconds` how long that took; `story` is the failure's text.
    """

    engine: BrokenEngine
    part: str = ""
    case: str = ""
    rules: tuple[str, ...] = ()
    checks: int = 0
    seconds: float = 0.0
    story: str = ""

    @property
    def caught(self) -> bool:
        """Whether it failed, and by the name of the rule that it breaks."""
        return bool(self.part) and self.engine.breaks in self.rules

    def row(self) -> dict[str, object]:
        """Return the line of the table as JSON."""
        return {
            "engine": self.engine.option,
            "wrong": self.engine.wrong,
            "seen": self.engine.seen,
            "breaks": self.engine.breaks,
            "part": self.part,
            "case": self.case,
            "rules": list(self.rules),
            "checks": self.checks,
            "seconds": round(self.seconds, 3),
            "scenario": f"{self.engine.scenario}.yaml",
        }


@dataclass(frozen=True, slots=True)
class _Check:
    """Something that was checked, `checked` times; with a `case` where it failed."""

    part: str
    checked: int
    case: str = ""
    rules: tuple[str, ...] = ()
    story: str = ""


def shipped_scenarios(root: Path) -> list[LoadedScenario]:
    """Return the scenarios that the engines are judged by, in order of folder and name.

    Raises: ScenarioError if one cannot be read.
    """
    folders = [root / name for name in FOLDERS if any((root / name).glob("*.yaml"))]
    return [load_scenario(file) for folder in folders for file in find_scenarios([folder])]


def kill_by_scenario(engine: BrokenEngine, root: Path) -> Kill:
    """Judge an engine by the one scenario that is recorded as its smallest.

    Raises: ScenarioError if it cannot be read.
    """
    return _first(engine, _by_scenarios(engine, [load_scenario(root / f"{engine.scenario}.yaml")]))


def kill(engine: BrokenEngine, scenarios: Iterable[LoadedScenario], parts_of: PartsOf) -> Kill:
    """Judge an engine by the scenarios one after the other, then by the other parts, until it is caught by name."""
    return _first(engine, chain(_by_scenarios(engine, scenarios), _by_parts(engine, parts_of)))


def _first(engine: BrokenEngine, checks: Iterable[_Check]) -> Kill:
    """Return the first failure that names the rule; where none does, the first failure at all."""
    clock = SystemClock()
    started = clock.monotonic()
    found = Kill(engine)
    done = 0
    for check in checks:
        done += check.checked
        if check.case and (not found.part or engine.breaks in check.rules):
            spent = clock.monotonic() - started
            found = Kill(engine, check.part, check.case, check.rules, done, spent, check.story)
        if found.caught:
            return found
    return found if found.part else replace(found, checks=done, seconds=clock.monotonic() - started)


def _by_scenarios(engine: BrokenEngine, scenarios: Iterable[LoadedScenario]) -> Iterator[_Check]:
    for one in scenarios:
        for layer in layers_of(one):
            result = run_scenario(one, engine.factory, layer=layer)
            part = f"scenarios {one.path.parent.name}"
            if not _tells(result):
                yield _Check(part, 1)
                continue
            result.replay += f" --engine {engine.option}"
            yield _Check(part, 1, result.label, tuple(result.breaks), render(result))


def _by_parts(engine: BrokenEngine, parts_of: PartsOf) -> Iterator[_Check]:
    for run in parts_of(engine.factory):
        for part in run():
            yield _Check(part.name, part.checked)
            for failure in part.failures:
                yield _Check(part.name, 0, failure.name, tuple(rules_in([failure.text])), failure.text)


def _tells(result: Result) -> bool:
    """Whether the scenario was played and something else came of it; one that could not be played tells nothing."""
    return bool(result.findings) and result.problem is None and result.skipped is None


def kill_table(root: Path, parts_of: PartsOf, *, on_engine: Callable[[str], None] | None = None) -> list[Kill]:
    """Return the table over all engines broken on purpose, each searched from the cheapest part on.

    Of two runs all columns but the seconds are the same.
    Raises: ScenarioError if a scenario cannot be read.
    """
    scenarios = shipped_scenarios(root)
    kills = []
    for engine in BROKEN:
        if on_engine is not None:
            on_engine(f"broken engine {engine.name}")
        kills.append(kill(engine, scenarios, parts_of))
    return kills


def killing_part(root: Path, parts_of: PartsOf, *, on_engine: Callable[[str], None] | None = None) -> PartResult:
    """Return the table as a part of the report: an engine that nothing catches by name is a failure of the suite."""
    clock = SystemClock()
    started = clock.monotonic()
    kills = kill_table(root, parts_of, on_engine=on_engine)
    failures = []
    for one in kills:
        if not one.caught:
            failures.append(_failure(one, "the suite"))
        smallest = kill_by_scenario(one.engine, root)
        if not smallest.caught:
            failures.append(_failure(smallest, one.engine.scenario))
    return PartResult(
        name="broken engines",
        title="engines broken on purpose, each caught by the name of the rule it breaks",
        checked=len(kills),
        unit="engines",
        failures=tuple(failures),
        seconds=clock.monotonic() - started,
        facts={"killed": sum(one.caught for one in kills), "kills": [one.row() for one in kills]},
        cases=tuple(one.engine.name for one in kills),
    )


def _failure(kill: Kill, by: str) -> Failure:
    engine = kill.engine
    if not kill.part:
        text = f"not caught by {by} ({kill.checks} checks): {engine.wrong}"
    else:
        named = ", ".join(kill.rules) or "nothing"
        text = f"{by} caught it, but named {named} and not {engine.breaks}:\n{kill.story}"
    replay = f"bidir scenario run scenarios/{engine.scenario}.yaml --engine {engine.option}"
    return Failure(engine.name, text, replay)
