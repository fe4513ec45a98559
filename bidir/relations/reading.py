"""Reads a schema from a JSON or YAML file, or from data, into a list of named type declarations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bidir.errors import SchemaError
from bidir.relations.problems import Problems

__all__ = ["Declared", "declared_items", "read_source", "type_declarations"]

PROGRAM_SUFFIXES = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"})


@dataclass(frozen=True, slots=True)
class Declared:
    """A named declaration (a type or a field) as written, and its place in the source, such as `types[0].fields[2]`."""

    name: str
    body: Mapping[str, Any]
    place: str


class _TextConstructor(SafeConstructor):
    """The safe constructor with timestamps left as the text they are."""


_TextConstructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def read_source(source: str | Path | Mapping[str, Any] | Sequence[Any]) -> Any:
    """Return the data of `source`: a path of a JSON or YAML file, or data as it is.

    Raises: SchemaError for a file that cannot be read, with line and column where there is one.
    """
    if not isinstance(source, (str, Path)):
        return source
    path = Path(source)
    if path.suffix.lower() in PROGRAM_SUFFIXES:
        raise SchemaError(
            [f"{path}: a schema is read as data, not as a program; write its types to a .json or .yaml file"]
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SchemaError([f"{path}: not UTF-8 text (byte {error.start}); save the file as UTF-8"]) from None
    except OSError as error:
        raise SchemaError([f"{path}: cannot read the schema: {error.strerror or error}"]) from None
    except ValueError as error:
        raise SchemaError([f"{str(source)!r} is no path of a schema file: {error}"]) from None
    return _parse_json(text, path) if path.suffix.lower() == ".json" else _parse_yaml(text, path)


def _parse_json(text: str, path: Path) -> Any:
    def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key, value in pairs:
            if key in out:
                raise SchemaError([f'{path}: an object has the key "{key}" twice; keep one of them'])
            out[key] = value
        return out

    try:
        return json.loads(text, object_pairs_hook=without_duplicates)
    except json.JSONDecodeError as error:
        raise SchemaError([f"{path}, line {error.lineno}, column {error.colno}: {error.msg}"]) from None
    except RecursionError:
        raise SchemaError([f"{path}: nested too deeply to be a schema"]) from None


def _parse_yaml(text: str, path: Path) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _TextConstructor
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        # The mark of the problem itself; the context mark only says where the surrounding mapping began.
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        first = str(error.problem or error.context).splitlines()[0]
        raise SchemaError([f"{path}{place}: {first}"]) from None
    except YAMLError as error:
        raise SchemaError([f"{path}: {str(error).splitlines()[0]}"]) from None
    except RecursionError:
        raise SchemaError([f"{path}: nested too deeply to be a schema"]) from None


def type_declarations(data: Any, problems: Problems) -> list[Declared]:
    """Return the types of a schema given as `[type, …]`, `{types: [type, …]}` or `{types: {name: type, …}}`.

    Raises: SchemaError if `data` has none of these forms.
    """
    if isinstance(data, Mapping):
        if "types" not in data:
            near = ", ".join(f'"{key}"' for key in list(data)[:5]) or "nothing"
            raise SchemaError([f'a schema is a list of types or an object with "types"; this object has {near}'])
        types, place = data["types"], "types"
    else:
        types, place = data, "types"
    if not isinstance(types, Mapping) and not _is_list(types):
        raise SchemaError([f'a schema is a list of types or an object with "types", not {_kind(types)}'])
    declared = list(declared_items(types, place, "type", problems))
    if not types:
        problems.add('the schema has no types; write e.g. [{"name": "book", "type": "document", "fields": […]}]')
    return declared


def declared_items(items: Any, place: str, noun: str, problems: Problems) -> Iterator[Declared]:
    """Yield the named members of a list `[{name, …}, …]` or of an object `{name: {…}, …}`; faults go to `problems`."""
    if isinstance(items, Mapping):
        entries = [(key, body, f"{place}.{key}") for key, body in items.items()]
    elif _is_list(items):
        entries = [(None, body, f"{place}[{index}]") for index, body in enumerate(items)]
    else:
        problems.add(f"{place}: expected a list of {noun}s, got {_kind(items)}")
        return
    seen: dict[str, str] = {}
    for key, body, where in entries:
        if not isinstance(body, Mapping):
            problems.add(f"{where}: a {noun} is an object with name and type, not {_kind(body)}")
            continue
        name = body.get("name", key)
        if not isinstance(name, str) or not name:
            problems.add(f'{where}: a {noun} needs a "name" (text), got {_kind(name)}')
        elif key is not None and name != key:
            problems.add(
                f'{where}: the {noun} is called "{key}" by its key and "{name}" by its name; leave the name out'
            )
        elif name in seen:
            problems.add(f'{where}: the {noun} "{name}" is declared already at {seen[name]}; rename or remove one')
        else:
            seen[name] = where
            yield Declared(name, body, where)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f'the text "{value}"'
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if _is_list(value) else f"{value!r}"
