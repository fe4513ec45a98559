"""Finds the places in a JSON value that a path leads to.

Nothing here recurses over the document, so that a hostile one cannot exhaust the stack, and nothing looks at branches
that the path does not name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from lakesim import jsonvalue
from lakesim.errors import InvalidValueError
from lakesim.jsonmatch.ast import (
    Attribute,
    Comparison,
    Descend,
    Existence,
    Index,
    Path,
    Slice,
    Step,
    Steps,
    Union,
    Wildcard,
)
from lakesim.jsonmatch.bounds import DESCENT_DEPTH_MAX
from lakesim.jsonvalue import Json

__all__ = ["MISSING", "Location", "Match", "Missing", "find", "matches", "slice_bounds"]

Location: TypeAlias = tuple[str | int, ...]
"""Attribute names and array positions (from 0) from the root to one place."""


class Missing:
    """The type of `MISSING`: no value, as opposed to a null."""

    def __repr__(self) -> str:
        """Return the constant's name."""
        return "MISSING"


MISSING: Final = Missing()
"""What stands at a place that a write would create."""

Match: TypeAlias = tuple[Location, Any]
"""A place and the value there, `MISSING` if the place would have to be created."""


def find(document: Json, path: Path, *, map_arrays: bool = True) -> list[Location]:
    """Return the places in `document` that `path` leads to, in document order, each once.

    `map_arrays` says whether an attribute of an array means that attribute of each object in it (row 23 of section 10
    of the content-lake reference).
    """
    return [location for location, _ in matches(document, path.steps, map_arrays=map_arrays)]


def matches(document: Json, steps: Steps, *, create: bool = False, map_arrays: bool = True) -> list[Match]:
    """Return places and values in document order, each place once.

    With `create`, attributes that do not exist yet count as found where a write would create them: below objects, and
    below scalars, which a write replaces by an object. Array items are never created, nor is anything that `..`
    searches for.
    Raises: InvalidValueError when `..` meets a value nested deeper than `DESCENT_DEPTH_MAX`.
    """
    found = _walk([((), document)], steps, create=create, map_arrays=map_arrays)
    if len(found) > 1 and any(type(step) is Descend or type(step) is Union for step in steps):
        return _in_document_order(document, found)
    return found


def _walk(frontier: list[Match], steps: Steps, *, create: bool, map_arrays: bool) -> list[Match]:
    creates, descended = create, False
    for step in steps:
        if type(step) is Attribute:
            frontier = _attribute(frontier, step.name, create=creates, map_arrays=map_arrays)
        elif type(step) is Union:
            frontier = _union(frontier, step, create=creates, map_arrays=map_arrays)
        else:
            frontier = list(_select(frontier, step, map_arrays=map_arrays))
        if not frontier:
            return frontier
        if descended:
            # An item is reached from its array and as itself; once is enough.
            frontier = list(dict(frontier).items())
        descended = type(step) is Descend
        # What `..` searches for has to exist; below it things may be created again.
        creates = create and not descended
    return frontier


def _attribute(frontier: list[Match], name: str, *, create: bool, map_arrays: bool) -> list[Match]:
    out: list[Match] = []
    for location, value in frontier:
        if type(value) is dict:
            if name in value:
                out.append(((*location, name), value[name]))
            elif create:
                out.append(((*location, name), MISSING))
        elif type(value) is list:
            if map_arrays:
                out.extend(
                    ((*location, position, name), item.get(name, MISSING))
                    for position, item in enumerate(value)
                    if type(item) is dict and (create or name in item)
                )
        elif create:
            out.append(((*location, name), MISSING))
    return out


def _union(frontier: list[Match], step: Union, *, create: bool, map_arrays: bool) -> list[Match]:
    seen: dict[Location, Any] = {}
    for member in step.members:
        seen.update(_walk(frontier, member, create=create, map_arrays=map_arrays))
    return list(seen.items())


def _select(frontier: list[Match], step: Step, *, map_arrays: bool) -> Iterator[Match]:
    if type(step) is Descend:
        yield from _descend(frontier)
        return
    for location, value in frontier:
        if type(step) is Comparison or type(step) is Existence:
            yield from _filter(location, value, step, map_arrays=map_arrays)
        elif type(value) is list:
            for position in _positions(step, len(value)):
                yield (*location, position), value[position]
        elif type(value) is dict and type(step) is Wildcard:
            for name, item in value.items():
                yield (*location, name), item


def _positions(step: Step, length: int) -> range:
    """Return which items of an array of `length` the index, slice or wildcard means."""
    if type(step) is Index:
        position = step.position + length if step.position < 0 else step.position
        return range(position, position + 1) if 0 <= position < length else range(0)
    if type(step) is Slice:
        return range(*slice_bounds(step, length))
    return range(length)


def slice_bounds(step: Slice, length: int) -> tuple[int, int]:
    """Return start and stop (exclusive) of a slice, both inside an array of `length`."""
    start, stop, _ = slice(step.start, step.stop).indices(length)
    return start, max(start, stop)


def _filter(location: Location, value: Json, step: Comparison | Existence, *, map_arrays: bool) -> Iterator[Match]:
    if type(value) is list:
        name, literal = _key_lookup(step)
        if name:
            # By far the most common filter, `[_key=="a"]`; a string equals nothing but a string.
            for position, item in enumerate(value):
                if type(item) is dict and item.get(name) == literal:
                    yield (*location, position), item
            return
        for position, item in enumerate(value):
            if _holds(item, step, map_arrays=map_arrays):
                yield (*location, position), item
    elif value is not MISSING and _holds(value, step, map_arrays=map_arrays):
        yield location, value


def _key_lookup(step: Comparison | Existence) -> tuple[str, str]:
    """Return attribute and text of a filter such as `[_key=="a"]`, two empty strings for any other."""
    if isinstance(step, Comparison) and step.operator == "==" and isinstance(step.literal, str) and len(step.left) == 1:
        left = step.left[0]
        if isinstance(left, Attribute):
            return left.name, step.literal
    return "", ""


def _holds(value: Json, step: Comparison | Existence, *, map_arrays: bool) -> bool:
    left = step.left
    operand: Any
    if not left:
        operand = value
    elif len(left) == 1 and type(left[0]) is Attribute and type(value) is not list:
        operand = value.get(left[0].name, MISSING) if type(value) is dict else MISSING
    else:
        found = matches(value, left, map_arrays=map_arrays)
        operand = found[0][1] if found else MISSING
    if operand is MISSING:
        return False
    return _compare(operand, step) if isinstance(step, Comparison) else True


def _compare(operand: Json, step: Comparison) -> bool:
    """Compare two scalars of JSON; an object or array equals and differs from nothing, as nothing is known of it."""
    literal = step.literal
    if type(operand) is dict or type(operand) is list:
        return False
    if step.operator == "==":
        return jsonvalue.equal(operand, literal)
    if step.operator == "!=":
        return not jsonvalue.equal(operand, literal)
    if not _ordered(operand, literal):
        return False
    if step.operator == "<":
        return bool(operand < literal)
    if step.operator == "<=":
        return bool(operand <= literal)
    if step.operator == ">":
        return bool(operand > literal)
    return bool(operand >= literal)


def _ordered(operand: Json, literal: Json) -> bool:
    """Whether the two have an order: numbers among themselves and strings among themselves, booleans none."""
    name = jsonvalue.type_name(operand)
    return name in ("number", "string") and name == jsonvalue.type_name(literal)


def _descend(frontier: list[Match]) -> list[Match]:
    """Return every place at or below the frontier, parents before children."""
    seen: dict[Location, Any] = {}
    for origin in frontier:
        stack = [origin]
        while stack:
            location, value = stack.pop()
            if location in seen or value is MISSING:
                continue
            seen[location] = value
            if type(value) is dict:
                inner: list[Match] = [((*location, name), item) for name, item in value.items()]
            elif type(value) is list:
                inner = [((*location, position), item) for position, item in enumerate(value)]
            else:
                continue
            if inner and len(location) - len(origin[0]) >= DESCENT_DEPTH_MAX:
                raise InvalidValueError(
                    f"a path with .. looks {DESCENT_DEPTH_MAX} levels down; this value nests deeper"
                )
            stack.extend(reversed(inner))
    return list(seen.items())


def _in_document_order(document: Json, found: list[Match]) -> list[Match]:
    """Sort by place: an object's attributes in its own order (new ones last), a parent before what it holds."""
    ranks: dict[Location, dict[str, int]] = {}

    def rank(location: Location) -> tuple[int, ...]:
        out: list[int] = []
        value = document
        for depth, key in enumerate(location):
            if isinstance(key, int):
                out.append(key)
                value = value[key] if type(value) is list else MISSING
                continue
            names = value if type(value) is dict else {}
            order = ranks.get(location[:depth])
            if order is None:
                order = ranks[location[:depth]] = {name: number for number, name in enumerate(names)}
            out.append(order.setdefault(key, len(order)))
            value = names.get(key, MISSING)
        return tuple(out)

    return sorted(found, key=lambda match: rank(match[0]))
