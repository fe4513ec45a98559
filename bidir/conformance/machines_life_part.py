"""The parts of the suite that play the life-cycle machines, and what leads to one state by different paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bidir.conformance.display import show
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.machines_life_kinds import LIFE_KINDS, LifeKind
from bidir.conformance.machines_life_run import LifeResult, run_life
from bidir.conformance.machines_part import failure_of, timed_parts
from bidir.conformance.parts import PartResult, Profile
from bidir.conformance.playing import EngineFactory

__all__ = ["life_parts"]


def life_parts(
    profile: Profile,
    seed: int,
    engine_factory: EngineFactory,
    *,
    found: Path | None = None,
    engine_option: str = "",
    on_kind: Callable[[str], None] | None = None,
    lake_factory: LakeFactory = EmbeddedLake,
    share: float = 1.0,
    kinds: Sequence[LifeKind] = LIFE_KINDS,
    examples: Path | None = None,
) -> list[PartResult]:
    """Play the life cycle of every kind; the smallest failure of each is written as a scenario into `found`.

    `share` is the part of the profile's runs that is played, at least one of each kind; `examples` is a folder of
    failing examples that several runs and machines share.
    """

    def play(kind: LifeKind) -> PartResult:
        (result,) = run_life(
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

    return timed_parts(kinds, play, on_kind)


def _part(result: LifeResult, engine_option: str) -> PartResult:
    failures = () if result.holds else (failure_of(result.name, _story(result), result.scenario, engine_option),)
    facts = dict(result.facts)
    if "skipped" in facts:
        facts["not offered"] = ", ".join(facts["skipped"])
    return PartResult(
        name=f"machine {result.name}",
        title="the whole life cycle at random, in every layer, judged after every step by I1 to I12",
        checked=max(int(facts.get("runs", 0)), len(failures)),
        unit="runs",
        failures=failures,
        facts=facts,
    )


def _story(result: LifeResult) -> list[str]:
    lines = [*result.faults]
    if result.trace is not None:
        lines.append(f"  given {', '.join(result.trace.given) or 'nothing'}")
        lines += [f"  {number}. {_told(step)}" for number, step in enumerate(result.trace.steps, 1)]
    return lines


def _told(step: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {show(value, notation=True)}" for key, value in step.items())
