"""Gives array items the `_key` that editors address them by (`autoGenerateArrayKeys`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakesim.errors import InvalidValueError
from lakesim.jsonvalue import Json

__all__ = ["add_array_keys"]

KEY_DEPTH_MAX = 256
"""Levels searched; stored documents have 20."""


def add_array_keys(document: Json, new_key: Callable[[], str], *, before: Json = None) -> Json:
    """Return `document` with a fresh `_key` on every object in an array that has none, at any depth.

    Branches that are the same object as in `before`, the document's earlier state, are left alone, and so are
    existing keys and scalars. Unchanged branches are shared; the same object comes back if nothing changed.
    Source: content-lake reference, section 2.6.
    Raises: InvalidValueError for a document nested deeper than `KEY_DEPTH_MAX`.
    """
    return _keyed(document, new_key, before, 0)


def _keyed(value: Json, new_key: Callable[[], str], before: Json, level: int) -> Json:
    kind = type(value)
    if value is before or (kind is not dict and kind is not list):
        return value
    if level > KEY_DEPTH_MAX:
        raise InvalidValueError(f"the document nests deeper than {KEY_DEPTH_MAX} levels")
    return _in_object(value, new_key, before, level) if kind is dict else _in_array(value, new_key, before, level)


def _in_object(value: dict[str, Any], new_key: Callable[[], str], before: Json, level: int) -> dict[str, Any]:
    known = before if type(before) is dict else {}
    out: dict[str, Any] | None = None
    for name, old in value.items():
        new = _keyed(old, new_key, known.get(name), level + 1)
        if new is not old:
            if out is None:
                out = value.copy()
            out[name] = new
    return value if out is None else out


def _in_array(value: list[Any], new_key: Callable[[], str], before: Json, level: int) -> list[Any]:
    # Items may have moved, so identity is asked of the whole earlier array, not position by position.
    known = before if type(before) is list else []
    shared = set(map(id, known))
    by_key = {item["_key"]: item for item in known if type(item) is dict and type(item.get("_key")) is str}
    out: list[Any] | None = None
    for position, old in enumerate(value):
        if id(old) in shared:
            continue
        if type(old) is dict:
            earlier = by_key.get(old["_key"]) if type(old.get("_key")) is str else None
        else:
            earlier = known[position] if position < len(known) else None
        new = _keyed(old, new_key, earlier, level + 1)
        if type(new) is dict and "_key" not in new:
            new = {"_key": new_key(), **new}
        if new is not old:
            if out is None:
                out = value.copy()
            out[position] = new
    return value if out is None else out
