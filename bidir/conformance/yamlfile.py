"""Reads one YAML file into plain JSON values and remembers the line of every key and item."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lakesim.jsonvalue import Json

__all__ = ["Place", "PlacedYaml", "YamlFileError", "read_yaml"]

Place: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys and item numbers from the top of the file."""

_TIMESTAMP = "tag:yaml.org,2002:timestamp"

DEPTH_MAX = 60
"""Values inside one another; deeper ones, and an anchor that contains itself, are refused."""


class YamlFileError(Exception):
    """A file that is no YAML, or YAML that is no JSON; `line` counts from 1, None where there is no place."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        """Keep the parts; the text is `file:line: problem`."""
        super().__init__(f"{path}{'' if line is None else f':{line}'}: {problem}")
        self.path = path
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class PlacedYaml:
    """A parsed file: `value` is plain JSON, `lines` the line (from 1) of every place in it."""

    path: Path
    value: Json
    lines: dict[Place, int] = field(repr=False)

    def line(self, place: Place) -> int:
        """Return the line of `place`, or of the nearest thing around it that stands in the file."""
        for length in range(len(place), -1, -1):
            found = self.lines.get(place[:length])
            if found is not None:
                return found
        return 1


def read_yaml(path: Path) -> PlacedYaml:
    """Read and parse `path`.

    Shape: mappings have string keys, timestamps stay text, duplicate keys are refused.
    Raises: YamlFileError for an unreadable file, a syntax error, a duplicate key or a value JSON does not have.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise YamlFileError(path, None, f"cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise YamlFileError(path, None, f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise YamlFileError(path, None if mark is None else mark.line + 1, f"no valid YAML: {problem}") from None
    except YAMLError as error:
        raise YamlFileError(path, None, f"no valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise YamlFileError(path, None, f"nests deeper than {DEPTH_MAX} levels") from None
    if node is None:
        raise YamlFileError(path, None, "is empty")
    builder = _Builder(path, yaml)
    return PlacedYaml(path, builder.value(node, ()), builder.lines)


class _Builder:
    """Turns a node tree into plain values, noting where each stood."""

    def __init__(self, path: Path, yaml: YAML) -> None:
        self.path = path
        self.lines: dict[Place, int] = {}
        self._constructor: Any = yaml.constructor

    def value(self, node: Node, place: Place) -> Json:
        """Return the plain value of `node`, which stands at `place`."""
        if len(place) > DEPTH_MAX:
            raise YamlFileError(
                self.path,
                node.start_mark.line + 1,
                f"nests deeper than {DEPTH_MAX} levels (an anchor inside itself?)",
            )
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Json]:
        out: dict[str, Json] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._scalar(key_node) if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str):
                raise YamlFileError(self.path, line, f"a key must be text; write it in quotes ({_shown(key_node)})")
            if key in out:
                first = self.lines[(*place, key)]
                raise YamlFileError(self.path, line, f'key "{key}" a second time (first on line {first})')
            self.lines[(*place, key)] = line
            out[key] = self.value(value_node, (*place, key))
        return out

    def _scalar(self, node: ScalarNode) -> Json:
        # A date is text in JSON; the safe loader would make a datetime of it.
        if node.tag == _TIMESTAMP:
            return node.value
        try:
            value = self._constructor.construct_object(node)
        except YAMLError:
            value = node
        if value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
            return value
        raise YamlFileError(
            self.path, node.start_mark.line + 1, f"a value that JSON does not have: {node.tag} {node.value!r}"
        )


def _shown(node: Node) -> str:
    """Return a short form of a key that is no text."""
    return str(node.value) if isinstance(node, ScalarNode) else "a list or mapping stands here"
