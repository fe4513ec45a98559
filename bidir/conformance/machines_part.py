"""The part of the suite that plays the state machines, one result per relation kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bidir.clock import SystemClock
from bidir.conformance.display import show
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.machines import MachineResult, run_machines
from bidir.conformance.machines_kinds import KINDS, Kind
from bidir.conformance.parts import Failure, PartResult, Profile
from bidir.conformance.playing import EngineFactory

__all__ = ["machine_parts"]


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
    clock = SystemClock()
    parts = []
    for kind in KINDS if kinds is None else kinds:
        if on_kind is not None:
            on_kind(f"state machine {kind.name}")
        started = clock.monotonic()
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
        parts.append(_part(result, clock.monotonic() - started, engine_option))
    return parts


def _part(result: MachineResult, seconds: float, engine_option: str) -> PartResult:
    runs = result.counts.get("runs", 0)
    failures = () if result.holds else (_failure(result, engine_option),)
    return PartResult(
        name=f"machine {result.name}",
        title="random edits from either side, in both layers, judged after every step",
        checked=max(runs, len(failures)),
        unit="runs",
        failures=failures,
        seconds=seconds,
        facts=dict(result.facts or result.counts),
    )


def _failure(result: MachineResult, engine_option: str) -> Failure:
    lines = [*result.faults]
    if result.trace is not None:
        lines += [f"  {number}. {_told(step)}" for number, step in enumerate(result.trace.steps, 1)]
    path = "" if result.scenario is None else str(result.scenario)
    replay = f"bidir scenario run {path}{engine_option}" if path else ""
    return Failure(result.name, "\n".join(lines), replay, path)


def _told(step: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {show(value, notation=True)}" for key, value in step.items() if key != "then")
