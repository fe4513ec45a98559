"""Changes places inside a JSON value by copying the containers on the way to them and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from lakesim.jsonmatch.match import MISSING, Location, Missing
from lakesim.jsonvalue import Json

__all__ = ["REMOVED", "Edit", "rewrite"]


class _Removed:
    """The type of `REMOVED`."""

    def __repr__(self) -> str:
        return "REMOVED"


REMOVED: Final = _Removed()
"""What an edit returns for a place that shall be gone."""

Edit: TypeAlias = Callable[[Any], Any]
"""Takes the value at a place (`MISSING` if there is none), returns the new one, the same object for no change."""


class _Node:
    """One place on the way to an edit: the edit here, if any, and the places below."""

    __slots__ = ("children", "edit")

    def __init__(self) -> None:
        self.edit: Edit | None = None
        self.children: dict[str | int, _Node] = {}


def rewrite(document: Json, edits: Iterable[tuple[Location, Edit]]) -> Json:
    """Return `document` with every edit applied at its location; what is not on the way to one is shared.

    Array positions in the locations are those of the array before any edit, except one equal to its length, which
    appends. An edit inside a place is applied before one of the place itself. Scalars on the way become objects.
    Returns the same object if no edit changed anything.
    """
    root = _Node()
    for location, edit in edits:
        node = root
        for key in location:
            child = node.children.get(key)
            if child is None:
                child = node.children[key] = _Node()
            node = child
        node.edit = edit
    return _applied(document, root)


def _applied(value: Any, node: _Node) -> Any:
    # Recursion is as deep as the longest location, which the bounds of paths keep short.
    if node.children:
        value = _in_array(value, node) if type(value) is list else _in_object(value, node)
    return value if node.edit is None else node.edit(value)


def _in_object(value: Any, node: _Node) -> Any:
    is_object = type(value) is dict
    out: dict[str, Any] | None = None
    for key, child in node.children.items():
        old = value.get(key, MISSING) if is_object else MISSING
        new = _applied(old, child)
        if new is old or (new is REMOVED and isinstance(old, Missing)):
            continue
        if out is None:
            out = value.copy() if is_object else {}
        if new is REMOVED:
            del out[str(key)]
        else:
            out[str(key)] = new
    return value if out is None else out


def _in_array(value: list[Any], node: _Node) -> list[Any]:
    out: list[Any] | None = None
    removed: list[int] = []
    for key, child in node.children.items():
        position = int(key)
        old = value[position] if position < len(value) else MISSING
        new = _applied(old, child)
        if new is old:
            continue
        if new is REMOVED:
            removed.append(position)
            continue
        if out is None:
            out = value.copy()
        if position < len(value):
            out[position] = new
        else:
            out.append(new)
    if not removed:
        return value if out is None else out
    gone = set(removed)
    return [item for position, item in enumerate(value if out is None else out) if position not in gone]
