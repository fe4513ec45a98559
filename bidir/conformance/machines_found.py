"""Writes the smallest example of a failure as a scenario file that replays it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bidir.conformance.machines_world import Trace
from bidir.conformance.model import State
from lakesim.jsonvalue import dumps

__all__ = ["found_scenario", "write_found"]

NAME_DIGITS = 8


def found_scenario(trace: Trace, *, seed: int) -> dict[str, Any]:
    """Return the scenario, in the form of `scenarios/README.md`, that replays `trace`."""
    first = trace.faults[0] if trace.faults else "a property failed"
    then: dict[str, Any] = {"audit": []}
    documents = {} if trace.expected is None else _expected(trace.expected, trace)
    if documents:
        then = {"documents": documents, "others": "any", **then}
    return {
        "title": f"found by the state machine, {trace.kind.name}: {first}",
        "why": "\n".join(trace.faults) or first,
        "source": f"state machine {trace.kind.name}, seed {seed}",
        "schema": list(trace.kind.types),
        "given": {"documents": trace.given},
        "when": trace.steps,
        "then": then,
    }


def write_found(trace: Trace, folder: Path, *, seed: int) -> Path:
    """Write the scenario into `folder`, which is made if need be, and return its path; the name tells the example."""
    scenario = found_scenario(trace, seed=seed)
    told = dumps([scenario["given"], scenario["when"], trace.kind.name], sort_keys=True)
    digest = hashlib.sha256(told.encode()).hexdigest()[:NAME_DIGITS]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{trace.kind.name}-{digest}.yaml"
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 110
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(scenario, file)
    return path


def _expected(state: State, trace: Trace) -> dict[str, dict[str, Any]]:
    """Return the relation fields that the model expects, by the stored id that shows them in each layer."""
    found: dict[str, dict[str, Any]] = {}
    for (group, name), value in sorted(state.drafts.items()):
        stored = f"drafts.{group}" if group in state.drafted else group
        found.setdefault(stored, {})[name] = _shown(trace, group, name, value)
    for (group, name), value in sorted(state.published.items()):
        found.setdefault(group, {})[name] = _shown(trace, group, name, value)
    return found


def _is_list(trace: Trace, group: str, name: str) -> bool:
    end = (trace.kind.type_of[group], name)
    return any(
        (relation.left == end and relation.left_many) or (relation.right == end and relation.right_many)
        for relation in trace.kind.relations
    )


def _shown(trace: Trace, group: str, name: str, value: tuple[str, ...]) -> Any:
    """Return a value in the arrow notation."""
    member = trace.kind.member.get((trace.kind.type_of[group], name))
    if not _is_list(trace, group, name):
        return f"-> {value[0]}" if value else None
    return [f"-> {target}" if member is None else {member[0]: f"-> {target}"} for target in value]
