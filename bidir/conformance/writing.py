"""Writes scenario files: a counterexample that a property found, in the form people write by hand."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bidir.conformance.arrows import TEXT_KEY, parse_arrow
from bidir.conformance.scenario import Scenario

__all__ = ["quoted", "scenario_text", "write_scenario"]

WIDTH = 120


def scenario_text(scenario: Scenario) -> str:
    """Return the YAML text of a scenario; loading it gives an equal scenario."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = None
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = WIDTH
    yaml.allow_unicode = True
    out = StringIO()
    yaml.dump(scenario.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True), out)
    return out.getvalue()


def write_scenario(scenario: Scenario, folder: Path, name: str) -> Path:
    """Write `folder/name.yaml` (made if need be) and return its path; an equal name is overwritten.

    `name` is reduced to letters, digits and dashes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "found"
    path = folder / f"{stem}.yaml"
    path.write_text(scenario_text(scenario), encoding="utf-8")
    return path


def quoted(value: Any) -> Any:
    """Return a JSON value with every text that looks like an arrow marked as plain text (`{$text: …}`)."""
    if isinstance(value, str):
        return value if parse_arrow(value) is None else {TEXT_KEY: value}
    if isinstance(value, dict):
        return {key: quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [quoted(item) for item in value]
    return value
