"""A failure that needs neither faults nor races, as a scenario file: one step after the other, and it still fails."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bidir.conformance.loading import load_scenario
from bidir.conformance.playing import EngineFactory
from bidir.conformance.runner import run_scenario
from bidir.conformance.scenario import Scenario
from bidir.conformance.simulation.course import RELEASE, Act, Course, given_documents
from bidir.conformance.simulation.judging import Verdict
from bidir.conformance.simulation.kinds import kind_named
from bidir.conformance.simulation.wishes import script_actions, script_mutations, submitted
from bidir.conformance.writing import quoted, write_scenario
from lakesim.jsonvalue import dumps

__all__ = ["as_scenario", "write_found"]

NAME_DIGITS = 8


def as_scenario(verdict: Verdict) -> Scenario | None:
    """Return the acts of a run as steps that wait for each other; None where faults are part of what happened."""
    course = verdict.run.course
    if verdict.run.faults_happened or course.windows or course.restarts or course.old_worker or course.dials.lag_max:
        return None
    first = str(verdict.findings[0])
    steps: list[dict[str, Any]] = []
    if any(act.layer == RELEASE for act in course.acts):
        steps.append({"create_release": RELEASE})
    for act in sorted(course.acts, key=lambda act: act.at):
        step = _step(act, course)
        if step is None:
            return None
        steps += [step, {"settle": True}] if course.workers else [step]
    documents = {str(body["_id"]): {key: body[key] for key in ("_type", "title")} for body in given_documents(course)}
    return Scenario.model_validate(
        {
            "title": f"{course.kind}: {first.splitlines()[0]}",
            "why": "\n".join(str(finding) for finding in verdict.findings),
            "source": f"simulation, seed {course.seed}",
            "schema": list(kind_named(course.kind).types),
            "follow": course.workers > 0,
            **({"workers": course.workers} if course.workers > 1 else {}),
            "given": {"documents": documents},
            "when": steps,
            "then": {"others": "any", "documents": {}, "audit": []},
        }
    )


def _step(act: Act, course: Course) -> dict[str, Any] | None:
    kind = kind_named(course.kind)
    if act.actor == "script":
        actions = script_actions(act)
        if actions:
            return {"elsewhere_actions": actions}
        there = {name: {"_id": name} for name in course.given}
        mutations = script_mutations(act, kind, there)
        # A copy of what lies below depends on what that is by then, which a file cannot say.
        return None if not mutations or len(mutations[0]) != 1 or "create" in mutations[0] else {"elsewhere": mutations}
    by: dict[str, Any] = {"by": act.actor}
    if act.move in ("publish", "discard"):
        return {**by, "in": act.layer, act.move: act.group}
    if act.move == "unpublish":
        return {**by, "unpublish": act.group}
    if act.move == "delete":
        return {**by, "delete_everywhere": act.group}
    if act.move == "create_version":
        return {**by, "create_version": {act.group: RELEASE}}
    if act.move == "publish_release":
        return {**by, "publish_release": RELEASE}
    return {**by, "in": act.layer, "submit": quoted(submitted(act, kind))}


def write_found(verdict: Verdict, factory: EngineFactory, folder: Path) -> Path | None:
    """Write the scenario into `folder` and return its path; None where there is none, or where it does not fail."""
    scenario = as_scenario(verdict)
    if scenario is None:
        return None
    told = dumps([verdict.run.course.kind, [act.told() for act in verdict.run.course.acts]])
    name = f"simulation-{verdict.run.course.kind}-{hashlib.sha256(told.encode()).hexdigest()[:NAME_DIGITS]}"
    with TemporaryDirectory() as scratch:
        tried = load_scenario(write_scenario(scenario, Path(scratch), name))
        if not run_scenario(tried, factory).findings:
            return None
    return write_scenario(scenario, folder, name)
