"""Turns the wire form of a patch into typed operations, refusing everything that needs no document to be refused.

Unknown fields and wrong JSON types are faults of the request body; bad paths, names and values are faults of the
patch (content-lake reference, section 2.8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from lakesim.errors import InvalidRequestBodyError, InvalidValueError
from lakesim.jsonmatch import Path, PathError, parse_path
from lakesim.jsonmatch.ast import Attribute
from lakesim.jsonvalue import Json, type_name
from lakesim.limits import Limits
from lakesim.patch.check import check_value, is_attribute_name
from lakesim.patch.choices import Choices
from lakesim.patch.model import (
    Anchor,
    Decrement,
    Increment,
    Insert,
    Operation,
    Patch,
    Set,
    SetIfMissing,
    TextPatch,
    Unset,
)
from lakesim.patch.text import parse_hunks
from lakesim.patch.wire import detached, expect, refuse_unknown_fields

__all__ = ["PATCH_FIELDS", "parse_patch", "read_patch"]

ENVELOPE_LEVELS = 3
"""Levels of the wire form around a value: patch, operation, path."""

PATCH_FIELDS = frozenset({"set", "setIfMissing", "unset", "inc", "dec", "insert", "diffMatchPatch", "ifRevisionID"})
"""The fields of a patch object without its selection."""
_ANCHORS: tuple[Anchor, ...] = ("before", "after", "replace")
_INSERT_FIELDS = frozenset({*_ANCHORS, "items"})


def parse_patch(
    wire: Json, *, where: str = "patch", limits: Limits | None = None, choices: Choices | None = None
) -> Patch:
    """Parse a patch object without selection, as the edit action carries it; `where` names it in errors.

    Shape: `wire` is detached, so the caller may change it afterwards.
    Raises: InvalidRequestBodyError for unknown fields and wrong types, InvalidValueError for anything else.
    """
    bounds = limits or Limits()
    fields = expect(detached(wire, where, depth_max=bounds.nesting_depth_max + ENVELOPE_LEVELS), "object", where)
    refuse_unknown_fields(fields, PATCH_FIELDS, where)
    return read_patch(fields, where, bounds, choices or Choices())


def read_patch(fields: dict[str, Any], where: str, limits: Limits, choices: Choices) -> Patch:
    """Return the patch in `fields`, whose names are known to be right and which nobody else holds.

    Raises: as `parse_patch`.
    """
    reader = _Reader(where, limits, choices)
    revision = fields.get("ifRevisionID")
    if revision is not None:
        expect(revision, "string", f"{where}.ifRevisionID")
    operations: list[Operation] = []
    for name in choices.operation_order:
        if name in fields:
            operations.extend(reader.operations(name, fields[name]))
    wire = {name: value for name, value in fields.items() if name != "ifRevisionID"}
    return Patch(tuple(operations), revision, wire)


class _Reader:
    """Reads the operations of one patch."""

    def __init__(self, where: str, limits: Limits, choices: Choices) -> None:
        self.where = where
        self.limits = limits
        self.choices = choices

    def operations(self, name: str, argument: Json) -> list[Operation]:
        """Return the operations of the field `name`, one per path."""
        where = f"{self.where}.{name}"
        return _READERS[name](self, argument, where)

    def entries(self, argument: Json, where: str) -> list[tuple[Path, Json, str]]:
        """Return path, value and place of each entry of `{path: value}`."""
        entries = []
        for text, value in expect(argument, "object", where).items():
            entries.append((self.path(text, where), value, f'{where}["{text}"]'))
        return entries

    def path(self, text: Json, where: str) -> Path:
        if not isinstance(text, str):
            raise InvalidRequestBodyError(f"{where}: expected a path (a string), got {type_name(text)}")
        try:
            path = parse_path(text)
        except PathError as error:
            raise error.at(where) from None
        if not path.steps:
            raise InvalidValueError(f'{where}: the path "{text}" means the whole document; name an attribute')
        return path

    def writable(self, path: Path, where: str) -> None:
        """Refuse a path that would create an attribute of a name that cannot be stored."""
        for step in path.steps:
            if isinstance(step, Attribute) and not is_attribute_name(step.name):
                raise InvalidValueError(
                    f"{where}: attribute name {step.name!a} is not allowed (letters, digits, _ and - only)"
                )

    def set(self, argument: Json, where: str) -> list[Operation]:
        """Read `{path: value}`."""
        return [Set(path, value) for path, value in self.values(argument, where)]

    def set_if_missing(self, argument: Json, where: str) -> list[Operation]:
        """Read `{path: value}`."""
        return [SetIfMissing(path, value) for path, value in self.values(argument, where)]

    def values(self, argument: Json, where: str) -> list[tuple[Path, Json]]:
        out = []
        for path, value, place in self.entries(argument, where):
            self.writable(path, place)
            check_value(value, place, self.limits, self.choices)
            out.append((path, value))
        return out

    def unset(self, argument: Json, where: str) -> list[Operation]:
        """Read `[path, …]`."""
        paths = expect(argument, "array", where)
        return [Unset(self.path(text, f"{where}[{position}]")) for position, text in enumerate(paths)]

    def increment(self, argument: Json, where: str) -> list[Operation]:
        """Read `{path: number}`."""
        return [Increment(path, amount) for path, amount in self.amounts(argument, where)]

    def decrement(self, argument: Json, where: str) -> list[Operation]:
        """Read `{path: number}`."""
        return [Decrement(path, amount) for path, amount in self.amounts(argument, where)]

    def amounts(self, argument: Json, where: str) -> list[tuple[Path, int | float]]:
        out = []
        for path, amount, place in self.entries(argument, where):
            expect(amount, "number", place)
            check_value(amount, place, self.limits, self.choices)
            out.append((path, amount))
        return out

    def text(self, argument: Json, where: str) -> list[Operation]:
        """Read `{path: patch text}`."""
        operations: list[Operation] = []
        for path, text, place in self.entries(argument, where):
            expect(text, "string", place)
            check_value(text, place, self.limits, self.choices)
            try:
                operations.append(TextPatch(path, parse_hunks(text)))
            except InvalidValueError as error:
                raise InvalidValueError(f"{place}: {error.description}") from None
        return operations

    def insert(self, argument: Json, where: str) -> list[Operation]:
        """Read `{before|after|replace: path, items: […]}`."""
        fields = expect(argument, "object", where)
        refuse_unknown_fields(fields, _INSERT_FIELDS, where)
        anchors = [anchor for anchor in _ANCHORS if anchor in fields]
        if len(anchors) != 1:
            named = " and ".join(anchors) if anchors else "none"
            raise InvalidValueError(f"{where}: exactly one of before, after and replace is needed, not {named}")
        if "items" not in fields:
            raise InvalidValueError(f'{where}: the field "items" is missing, an array of what to insert')
        anchor = anchors[0]
        path = self.path(fields[anchor], f"{where}.{anchor}")
        items = expect(fields["items"], "array", f"{where}.items")
        check_value(items, f"{where}.items", self.limits, self.choices)
        return [Insert(anchor, path, tuple(items))]


_READERS = cast(
    dict[str, Callable[[_Reader, Json, str], list[Operation]]],
    {
        "set": _Reader.set,
        "setIfMissing": _Reader.set_if_missing,
        "unset": _Reader.unset,
        "inc": _Reader.increment,
        "dec": _Reader.decrement,
        "insert": _Reader.insert,
        "diffMatchPatch": _Reader.text,
    },
)
