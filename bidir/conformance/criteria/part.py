"""The part of the suite that reports the requirement's success criteria."""

from __future__ import annotations

from dataclasses import asdict

from bidir.clock import SystemClock
from bidir.conformance.criteria.report import CriteriaReport, measure_criteria, percent
from bidir.conformance.criteria.success import DISTURBANCES, DISTURBED_EVERY, EDITS
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.parts import Failure, PartResult, Profile
from bidir.conformance.playing import EngineFactory

__all__ = ["EDITS_MIN", "EDITS_OF", "criteria_part"]

EDITS_OF: dict[Profile, int] = {"quick": EDITS, "default": 5 * EDITS, "deep": 50 * EDITS}
"""Updates by how thorough a run is."""
EDITS_MIN = DISTURBED_EVERY * len(DISTURBANCES)
"""The fewest that meet every disturbance."""


def criteria_part(
    engine_factory: EngineFactory,
    *,
    profile: Profile = "default",
    seed: int = 0,
    engine_option: str = "",
    lake_factory: LakeFactory = EmbeddedLake,
    share: float = 1.0,
) -> PartResult:
    """Measure the criteria; on a lake where a request takes its time only a `share` of the updates is played."""
    clock = SystemClock()
    started = clock.monotonic()
    edits = max(EDITS_MIN, round(EDITS_OF[profile] * share))
    found = measure_criteria(engine_factory, lake_factory(), edits=edits, seed=seed)
    replay = f"bidir conformance --only criteria --profile {profile} --seed {seed}{engine_option}"
    return PartResult(
        name="criteria",
        title="the requirement's own success criteria",
        checked=len(found.criteria),
        unit="criteria",
        failures=tuple(
            Failure(one.asked, f"{one.measured}\n" + "\n".join(one.faults), replay)
            for one in found.criteria
            if not one.holds
        ),
        seconds=clock.monotonic() - started,
        facts=_facts(found),
        cases=tuple(one.asked for one in found.criteria),
    )


def _facts(found: CriteriaReport) -> dict[str, object]:
    run = found.run
    return {
        "updates": len(run.updates),
        "right at once": percent(run.at_once),
        "right at rest": percent(run.at_rest),
        "criteria": [{**asdict(one), "holds": one.holds} for one in found.criteria],
        "by_disturbance": {name or "none": list(counts) for name, counts in run.by_trouble().items()},
        "writes_per_update": {str(writes): count for writes, count in sorted(run.writes.items())},
        "added_ms": [asdict(row) for row in found.added],
    }
