"""Selectors at work: where two values differ, and what of it was selected (groq reference, section 14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from lakesim.groq.values import Value
from lakesim.jsonvalue import equal as same_json

__all__ = [
    "KeyPath",
    "Selector",
    "changed_any",
    "changed_only",
    "operation",
    "select_anywhere",
    "select_attribute",
    "select_elements",
    "select_path",
    "select_tuple",
]

KeyPath: TypeAlias = tuple[str | int, ...]
"""Attribute names and array indexes from the whole value to a place in it."""

Selector: TypeAlias = Callable[[Value], list[KeyPath]]
"""Gives the places that a selector names in a value."""

_MISSING = object()


def _read(value: Value, path: KeyPath) -> Value:
    """Return what lies at a path; below a null attribute or element everything is null, elsewhere it is missing."""
    for place, key in enumerate(path):
        if value is None and place:
            return None
        if type(key) is str:
            value = value.get(key, _MISSING) if type(value) is dict else _MISSING
        else:
            value = value[key] if type(value) is list and type(key) is int and key < len(value) else _MISSING
    return value


def select_attribute(name: str) -> Selector:
    """Return the selector of an attribute; it names the place whether or not something is there."""
    return lambda value: [(name,)]


def select_elements(condition: Callable[[Value], bool] | None = None) -> Selector:
    """Return the selector of the elements of an array for which the condition holds."""

    def select(value: Value) -> list[KeyPath]:
        if type(value) is not list:
            return []
        return [(place,) for place, item in enumerate(value) if condition is None or condition(item)]

    return select


def select_anywhere(condition: Callable[[Value], bool]) -> Selector:
    """Return the selector of every object, at any depth, for which the condition holds."""

    def select(value: Value) -> list[KeyPath]:
        found: list[KeyPath] = []
        stack: list[tuple[KeyPath, Value]] = [((), value)]
        while stack:
            path, current = stack.pop()
            if type(current) is dict:
                if condition(current):
                    found.append(path)
                stack.extend(reversed([((*path, key), item) for key, item in current.items()]))
            elif type(current) is list:
                stack.extend(reversed([((*path, place), item) for place, item in enumerate(current)]))
        return found

    return select


def select_tuple(*selectors: Selector) -> Selector:
    """Return the selector of everything that one of `selectors` names."""
    return lambda value: [path for selector in selectors for path in selector(value)]


def select_path(base: Selector, *steps: Selector) -> Selector:
    """Return the selector that applies each step at the places named so far."""

    def select(value: Value) -> list[KeyPath]:
        paths = base(value)
        for step in steps:
            paths = [(*path, *further) for path in paths for further in step(_read(value, path))]
        return paths

    return select


def _array_lengths_differ(left: Value, right: Value, path: KeyPath) -> bool:
    """Whether an array on the way to an element has another length, or is missing, on one side."""
    for place, key in enumerate(path):
        if type(key) is int:
            first, second = _read(left, path[:place]), _read(right, path[:place])
            if type(first) is not list or type(second) is not list or len(first) != len(second):
                return True
    return False


def _same(left: Value, right: Value) -> bool:
    """Whether two places hold the same; here absent and null are two things (as in groq-js)."""
    if left is _MISSING or right is _MISSING:
        return left is right
    return same_json(left, right)


def changed_any(left: Value, right: Value, selector: Selector) -> bool:
    """Return whether something that `selector` names differs between two values."""
    paths, others = selector(left), selector(right)
    if len(paths) != len(others):
        return True
    if any(_array_lengths_differ(left, right, path) for path in {*paths, *others}):
        return True
    return any(not _same(_read(left, path), _read(right, path)) for path in paths)


def changed_only(left: Value, right: Value, selector: Selector) -> bool:
    """Return whether every difference lies at or below a place that `selector` names in `left`."""
    allowed = set(selector(left))
    return all(any(path[:length] in allowed for length in range(len(path) + 1)) for path in _differences(left, right))


def _differences(left: Value, right: Value) -> Iterator[KeyPath]:
    """Yield the places where two values differ; an absent attribute and one that is null do not."""
    stack: list[tuple[KeyPath, Value, Value]] = [((), left, right)]
    while stack:
        path, first, second = stack.pop()
        if type(first) is dict and type(second) is dict:
            keys = {**first, **second}
            stack.extend(((*path, key), first.get(key), second.get(key)) for key in keys)
        elif type(first) is list and type(second) is list and len(first) == len(second):
            pairs = enumerate(zip(first, second, strict=True))
            stack.extend(((*path, place), item, other) for place, (item, other) in pairs)
        elif not same_json(first, second):
            yield path


def operation(before: Value, after: Value) -> str:
    """Return `create` without a document before, `delete` without one after, else `update`."""
    if before is None:
        return "create"
    return "delete" if after is None else "update"
