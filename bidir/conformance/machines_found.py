"""Writes the smallest example of a failure as a scenario file that replays it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from bidir.conformance.machines_world import Trace
from bidir.conformance.scenario import Scenario
from bidir.conformance.writing import quoted, write_scenario
from lakesim.jsonvalue import dumps

__all__ = ["found_scenario", "write_found"]

NAME_DIGITS = 8


def found_scenario(trace: Trace, *, seed: int) -> Scenario:
    """Return the scenario that replays `trace`, with what the model expects at its end."""
    first = trace.faults[0] if trace.faults else "a property failed"
    return Scenario.model_validate(
        {
            "title": f"{trace.kind.name}: {first}",
            "why": "\n".join(trace.faults) or first,
            "source": f"state machine {trace.kind.name}, seed {seed}",
            "schema": list(trace.kind.types),
            "given": {"documents": trace.given},
            "when": [_step(trace, step, last=step is trace.steps[-1]) for step in trace.steps],
            "then": {"audit": []},
        }
    )


def _step(trace: Trace, step: dict[str, Any], *, last: bool) -> dict[str, Any]:
    """Return a step; earlier ones only expect what was refused, the last one all that the model says of it."""
    told: dict[str, Any] = {key: step[key] for key in ("in", "consent") if key in step}
    told["submit"] = quoted(step["submit"])
    then = dict(step.get("then", {}))
    if last:
        documents = _expected(trace)
        return {**told, "then": {**then, **({"documents": documents, "others": "any"} if documents else {})}}
    return {**told, "then": {"conflicts": then["conflicts"]}} if then.get("conflicts") else told


def write_found(trace: Trace, folder: Path, *, seed: int) -> Path:
    """Write the scenario into `folder`, which is made if need be, and return its path; the name tells the example."""
    told = dumps([trace.kind.name, trace.given, trace.steps], sort_keys=True)
    digest = hashlib.sha256(told.encode()).hexdigest()[:NAME_DIGITS]
    return write_scenario(found_scenario(trace, seed=seed), folder, f"{trace.kind.name}-{digest}")


def _expected(trace: Trace) -> dict[str, dict[str, Any]]:
    """Return the relation fields and titles that must show, by stored id."""
    found: dict[str, dict[str, Any]] = {name: {"title": title} for name, title in sorted(trace.titles.items())}
    state = trace.expected
    if state is None:
        return found
    for (group, name), value in sorted(state.published.items()):
        found.setdefault(group, {})[name] = _shown(trace, group, name, value)
    for (group, name), value in sorted(state.drafts.items()):
        if group in trace.drafted or value != state.published.get((group, name)):
            found.setdefault(f"drafts.{group}", {})[name] = _shown(trace, group, name, value)
    return found


def _is_list(trace: Trace, group: str, name: str) -> bool:
    end = (trace.kind.type_of[group], name)
    return any(
        (relation.left == end and relation.left_many) or (relation.right == end and relation.right_many)
        for relation in trace.kind.relations
    )


def _shown(trace: Trace, group: str, name: str, value: tuple[str, ...]) -> Any:
    """Return a value in the arrow notation."""
    end = (trace.kind.type_of[group], name)
    # Everything in an inverse field is written by an engine and weak (E8.6).
    arrow = "~>" if any(relation.right == end for relation in trace.kind.relations) else "->"
    member = trace.kind.member.get(end)
    if not value:
        return None
    if not _is_list(trace, group, name):
        return f"{arrow} {value[0]}"
    return [f"{arrow} {target}" if member is None else {member[0]: f"{arrow} {target}"} for target in value]
