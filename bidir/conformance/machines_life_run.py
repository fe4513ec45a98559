"""Plays the life-cycle machines: so many runs of so many steps per kind, the smallest failure as a scenario."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from bidir.conformance.checking import described
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.machines import SEEDS_APART, Effort, effort_settings
from bidir.conformance.machines_life import EnoughError, life_machine
from bidir.conformance.machines_life_kinds import LIFE_KINDS, LifeKind
from bidir.conformance.machines_life_world import LifeTrace
from bidir.conformance.machines_tally import Tally
from bidir.conformance.parts import Profile
from bidir.conformance.playing import EngineFactory
from bidir.conformance.writing import write_scenario
from lakesim.jsonvalue import dumps

__all__ = ["LIFE_PROFILES", "LifeResult", "play_life", "run_life"]

LIFE_PROFILES: Mapping[Profile, Effort] = {
    "quick": Effort(7, 12),
    "default": Effort(40, 20),
    "deep": Effort(2_000, 40),
}
NAME_DIGITS = 8


@dataclass(frozen=True, slots=True)
class LifeResult:
    """What one kind came to: what was done and checked, and the smallest failure if there is one."""

    name: str
    facts: Mapping[str, Any]
    faults: tuple[str, ...] = ()
    scenario: Path | None = None
    trace: LifeTrace | None = field(default=None, repr=False)

    @property
    def holds(self) -> bool:
        """Whether nothing failed."""
        return not self.faults


def run_life(
    profile: Profile,
    seed: int,
    engine_factory: EngineFactory,
    *,
    kinds: Iterable[LifeKind] = LIFE_KINDS,
    lake_factory: LakeFactory = EmbeddedLake,
    found: Path | None = None,
    share: float = 1.0,
    examples: Path | None = None,
) -> list[LifeResult]:
    """Play every kind with the effort of `profile`; `share` plays only that part of the runs, at least one of each.

    The same seed repeats the same runs. The smallest example of a failure is written as a scenario to `found`; what
    failed before, kept in the folder `examples`, is played first.
    """
    effort = LIFE_PROFILES[profile]
    return [
        play_life(
            kind,
            replace(effort, runs=max(1, round(share * kind.share * effort.runs))),
            seed,
            engine_factory,
            lake_factory=lake_factory,
            found=found,
            examples=examples,
        )
        for kind in kinds
    ]


def play_life(
    kind: LifeKind,
    effort: Effort,
    seed: int,
    engine_factory: EngineFactory,
    *,
    lake_factory: LakeFactory = EmbeddedLake,
    found: Path | None = None,
    examples: Path | None = None,
) -> LifeResult:
    """Play one kind; the smallest example of a failure is written as a scenario to `found`, if it is given."""
    tally = Tally()
    number = [one.name for one in LIFE_KINDS].index(kind.name) if kind in LIFE_KINDS else len(LIFE_KINDS)
    machine = seeded(seed * SEEDS_APART + number)(life_machine(kind, engine_factory, lake_factory, tally))
    try:
        run_state_machine_as_test(machine, settings=effort_settings(effort, examples))
    except (Exception, EnoughError) as error:
        failed = [one for _, one in machine.failed]
        trace = min(reversed(failed), key=lambda one: len(one.steps)) if failed else (*machine.last, LifeTrace(kind))[0]
        trace.faults = trace.faults or [described(error) if isinstance(error, Exception) else "a property failed"]
        path = None if found is None or not trace.steps else _written(trace, found, seed)
        return LifeResult(kind.name, tally.facts(), tuple(trace.faults), path, trace)
    return LifeResult(kind.name, tally.facts())


def _written(trace: LifeTrace, folder: Path, seed: int) -> Path:
    told = dumps([trace.kind.name, trace.given, trace.steps], sort_keys=True)
    digest = hashlib.sha256(told.encode()).hexdigest()[:NAME_DIGITS]
    scenario = trace.scenario(seed=seed, steps=trace.steps)
    return write_scenario(scenario, folder, f"{trace.kind.name}-{digest}")
