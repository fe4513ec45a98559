"""Reads scenario files: one clear line per fault, with the file, the line and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from bidir.conformance.ranges import written_out
from bidir.conformance.scenario import Scenario
from bidir.conformance.yamlfile import Place, PlacedYaml, YamlFileError, read_yaml
from lakesim.suggest import did_you_mean

__all__ = ["LoadedScenario", "ScenarioError", "find_scenarios", "load_scenario", "shared_schemas"]

SUFFIX = ".yaml"
SCHEMAS_FOLDER = "schemas"
"""Folder of shared schemas beside the scenarios that name them; files in it are no scenarios."""


class ScenarioError(Exception):
    """A scenario file that cannot be played; `problems` has one line per fault, each with file and line."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the lines; the text is all of them."""
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """A scenario with the place it came from; `lines` tells the line of any part (see PlacedYaml)."""

    path: Path
    scenario: Scenario
    source: PlacedYaml

    @property
    def name(self) -> str:
        """Folder and stem, as in `museum/001-replace-free-target`."""
        return f"{self.path.parent.name}/{self.path.stem}"


def find_scenarios(paths: Iterable[Path]) -> list[Path]:
    """Return the scenario files that `paths` (files or folders) stand for, in order of their names.

    Raises: ScenarioError for a path that does not exist and for a folder without scenarios.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [item for item in sorted(path.rglob(f"*{SUFFIX}")) if SCHEMAS_FOLDER not in item.parts[-2:-1]]
            if not inside:
                raise ScenarioError([f"{path}: no scenario in this folder (they are files named *{SUFFIX})"])
            found += inside
        elif path.exists():
            found.append(path)
        else:
            near = [str(item) for item in path.parent.glob(f"*{SUFFIX}")] if path.parent.is_dir() else []
            raise ScenarioError([f"{path}: no such file or folder.{did_you_mean(str(path), near)}"])
    return list(dict.fromkeys(found))


def load_scenario(path: Path) -> LoadedScenario:
    """Read one file.

    Raises: ScenarioError with every fault of the file.
    """
    try:
        source = written_out(read_yaml(path))
    except YamlFileError as error:
        raise ScenarioError([str(error)]) from None
    if not isinstance(source.value, dict):
        raise ScenarioError(
            [f"{path}:1: a scenario is a mapping with title, why, source, relations, given, when, then"]
        )
    try:
        scenario = Scenario.model_validate(source.value)
    except ValidationError as error:
        raise ScenarioError(_problems(error, source)) from None
    return LoadedScenario(path, scenario, source)


def shared_schemas(path: Path) -> dict[str, Any]:
    """Return the schemas that the scenario at `path` may name: those in `schemas` beside it and one folder up.

    Raises: ScenarioError for a schema file that is no YAML.
    """
    found: dict[str, Any] = {}
    for folder in (path.parent.parent / SCHEMAS_FOLDER, path.parent / SCHEMAS_FOLDER):
        for file in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                found[file.stem] = read_yaml(file).value
            except YamlFileError as error:
                raise ScenarioError([str(error)]) from None
    return found


def _problems(error: ValidationError, source: PlacedYaml) -> list[str]:
    """Turn pydantic's list into lines in the order of the file."""
    items: list[tuple[Place, Any]] = [(_place(item, source.value), item) for item in error.errors()]
    lines: dict[tuple[int, str], None] = {}
    for place, item in items:
        deeper = any(len(other) > len(place) and other[: len(place)] == place for other, _ in items)
        if deeper and item["type"].endswith("_type"):
            # One alternative of a union did not fit at all; the one that nearly did says more.
            continue
        lines[(source.line(place), _text(place, item, items))] = None
    return [f"{source.path}:{line}: {text}" for line, text in sorted(lines)]


def _place(item: Any, value: Any) -> Place:
    """Return where the fault is, without the names of union alternatives that pydantic puts into its location."""
    location: tuple[int | str, ...] = item["loc"]
    names_a_key = item["type"] in ("missing", "extra_forbidden")
    place: list[int | str] = []
    for index, part in enumerate(location):
        if isinstance(value, dict) and isinstance(part, str):
            if part in value:
                value = value[part]
            elif not (names_a_key and index == len(location) - 1):
                continue
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            continue
        place.append(part)
    return tuple(place)


def _text(place: Place, item: Any, items: list[tuple[Place, Any]]) -> str:
    where = _shown(place)
    kind = item["type"]
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        return f"unknown key `{place[-1]}`{_inside(place[:-1])}.{did_you_mean(str(place[-1]), known)}" + (
            "" if did_you_mean(str(place[-1]), known) else f" Known here: {', '.join(sorted(known))}"
        )
    if kind == "missing":
        return f"`{place[-1]}` is missing{_inside(place[:-1])}"
    if kind == "value_error":
        return f"{where}: {item['ctx']['error']}" if where else str(item["ctx"]["error"])
    wanted = {other["type"]: other["msg"] for other_place, other in items if other_place == place}
    return f"{where} should be {' or '.join(_plain(message) for message in wanted.values())}, not {item['input']!r}"


_WORDS = (
    ("Input should be a valid ", "a "),
    ("Input should be ", ""),
    ("String should match pattern '^<= ?\\d+$'", 'text like "<= 3"'),
    (", unable to parse string as an integer", ""),
    ("a dictionary", "a mapping"),
    ("a string", "text"),
    ("a boolean", "true or false"),
    ("a integer", "a whole number"),
)


def _plain(message: str) -> str:
    """Return pydantic's words as YAML's."""
    for name, plain in _WORDS:
        message = message.replace(name, plain)
    return message


def _shown(place: Place) -> str:
    """Return a place as `when[0].set`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"`{text}`" if text else ""


def _inside(place: Place) -> str:
    return f" in {_shown(place)}" if place else ""


def _known_keys(place: Place) -> list[str]:
    """Return the keys that the model at `place` knows."""
    models = [Scenario] if not place else _models_at(place)
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _models_at(place: Place) -> list[type[BaseModel]]:
    current: list[type[BaseModel]] = [Scenario]
    for part in place:
        if isinstance(part, int):
            continue
        following: list[type[BaseModel]] = []
        for model in current:
            for name, field in model.model_fields.items():
                if part in (name, field.alias):
                    following += _models_in(field.annotation)
        if following:
            current = following
    return current


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return every model class mentioned in a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is None and not isinstance(annotation, UnionType):
        return []
    return [model for part in get_args(annotation) for model in _models_in(part)]
