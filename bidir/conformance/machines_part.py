"""The part of the suite that plays the state machines, one result per relation kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from bidir.clock import SystemClock
from bidir.conformance.display import show
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.machines import MachineResult, run_machines
from bidir.conformance.machines_kinds import KINDS, Kind
from bidir.conformance.machines_life_kinds import LifeKind
from bidir.conformance.parts import Failure, PartResult, Profile
from bidir.conformance.playing import EngineFactory

__all__ = ["failure_of", "machine_parts", "timed_parts"]

_Kind = TypeVar("_Kind", Kind, LifeKind)


def machine_parts(
    profile: Profile,
    seed: int,
    engine_factory: EngineFactory,
    *,
    found: Path | None = None,
    engine_option: str = "",
    on_kind: Callable[[str], None] | None = None,
    lake_factory: LakeFactory = EmbeddedLake,
    share: float = 1.0,
    kinds: Sequence[Kind] | None = None,
    examples: Path | None = None,
) -> list[PartResult]:
    """Play every relation kind; the smallest counterexample of a failing one is written as a scenario into `found`.

    `share` is the part of the profile's runs that is played, at least one of each kind; `kinds` are all unless given;
    `examples` is a folder of failing examples that several runs and machines share.
    """

    def play(kind: Kind) -> PartResult:
        (result,) = run_machines(
            profile,
            seed,
            engine_factory,
            kinds=[kind],
            lake_factory=lake_factory,
            found=found,
            share=share,
            examples=examples,
        )
        return _part(result, engine_option)

    return timed_parts(KINDS if kinds is None else kinds, play, on_kind)


def timed_parts(
    kinds: Iterable[_Kind], play: Callable[[_Kind], PartResult], on_kind: Callable[[str], None] | None
) -> list[PartResult]:
    """Play one kind after the other and note how long each took; `on_kind` hears what comes next."""
    clock = SystemClock()
    parts = []
    for kind in kinds:
        if on_kind is not None:
            on_kind(f"state machine {kind.name}")
        started = clock.monotonic()
        part = play(kind)
        parts.append(replace(part, seconds=clock.monotonic() - started))
    return parts


def failure_of(name: str, told: Iterable[str], scenario: Path | None, engine_option: str) -> Failure:
    """Return a machine's failure: what is told of it, and the command that plays its scenario again, if it has one."""
    path = "" if scenario is None else str(scenario)
    replay = f"bidir scenario run {path}{engine_option}" if path else ""
    return Failure(name, "\n".join(told), replay, path)


def _part(result: MachineResult, engine_option: str) -> PartResult:
    failures = () if result.holds else (failure_of(result.name, _story(result), result.scenario, engine_option),)
    return PartResult(
        name=f"machine {result.name}",
        title="random edits from either side, in both layers, judged after every step",
        checked=max(result.counts.get("runs", 0), len(failures)),
        unit="runs",
        failures=failures,
        facts=dict(result.facts or result.counts),
    )


def _story(result: MachineResult) -> list[str]:
    steps = () if result.trace is None else result.trace.steps
    return [*result.faults, *(f"  {number}. {_told(step)}" for number, step in enumerate(steps, 1))]


def _told(step: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {show(value, notation=True)}" for key, value in step.items() if key != "then")
