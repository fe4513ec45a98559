"""The stored form of a document: keys in alphabetical order at every level, system fields stamped by the lake.

Stored documents are never changed in place. A new version shares every branch the change did not touch with the one
before it, so all work here follows the size of what was touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from operator import is_
from sys import intern
from typing import Any, Final, TypeAlias

import orjson

from lakesim import jsonvalue

__all__ = ["Document", "canonical", "canonical_after", "new_document", "shared_ends", "stamped"]

Document: TypeAlias = dict[str, Any]
"""A stored document: a JSON object with `_id`, `_type`, `_rev`, `_createdAt` and `_updatedAt`, keys sorted."""


def canonical(value: Any) -> Any:
    """Return a detached copy of `value` with the keys of every object in alphabetical order.

    Raises: TypeError for a value that is not JSON.
    """
    try:
        # The codec does copy, check and sort in one pass of C; it also shares the key strings between documents.
        return orjson.loads(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))
    except TypeError:
        # Integers beyond 64 bits and lone surrogates are JSON too.
        return _sorted_copy(jsonvalue.copy(value))


def _sorted_copy(value: Any) -> Any:
    if type(value) is dict:
        return {key: _sorted_copy(value[key]) for key in sorted(value)}
    if type(value) is list:
        return [_sorted_copy(item) for item in value]
    return value


def canonical_after(after: Any, before: Any) -> Any:
    """Return `after` with sorted keys, where `before` is canonical and shares its untouched branches with `after`.

    Shape: `after` itself comes back if it needs nothing; branches found in `before` are not entered.
    """
    if after is before:
        return after
    if type(after) is dict:
        old = before if type(before) is dict else _NOTHING
        keys = list(after)
        ordered = sorted(keys)
        changed = keys != ordered
        out: Document = {}
        for key in ordered:
            value = after[key]
            kind = type(value)
            if kind is dict or kind is list:
                item = canonical_after(value, old.get(key))
                changed = changed or item is not value
                out[key] = item
            else:
                out[key] = value
        return out if changed else after
    if type(after) is list:
        return _canonical_list(after, before if type(before) is list else [])
    return after


_NOTHING: Final[Document] = {}


def _canonical_list(after: list[Any], before: list[Any]) -> list[Any]:
    start, end = shared_ends(before, after)
    known = set(map(id, before[start : len(before) - end]))
    out: list[Any] | None = None
    for index in range(start, len(after) - end):
        item = after[index]
        if id(item) not in known:
            ordered = canonical_after(item, None)
            if ordered is not item:
                out = after.copy() if out is None else out
                out[index] = ordered
    return after if out is None else out


def shared_ends(before: list[Any], after: list[Any]) -> tuple[int, int]:
    """Return how many items at the start, and how many at the end, are the same objects in both lists."""
    longest = min(len(before), len(after))
    start = _shared(before, after, longest)
    return start, _shared(reversed(before), reversed(after), longest - start)


def _shared(before: Iterable[Any], after: Iterable[Any], longest: int) -> int:
    # In C, because edits of long lists leave most items alone.
    same = list(map(is_, islice(before, longest), after))
    return same.index(False) if False in same else longest


def new_document(submitted: Document, document_id: str, *, revision: str, created_at: str, updated_at: str) -> Document:
    """Return the stored form of a submitted document; its own `_id`, `_rev` and dates are replaced by those given."""
    stored: Document = canonical(
        {
            **submitted,
            "_id": document_id,
            "_rev": revision,
            "_createdAt": created_at,
            "_updatedAt": updated_at,
        }
    )
    # The codec made new strings of these; the indexes and the other documents of the transaction hold the same ones.
    stored["_id"] = document_id
    stored["_type"] = intern(stored["_type"])
    stored["_rev"] = revision
    stored["_createdAt"] = created_at
    stored["_updatedAt"] = updated_at
    return stored


def stamped(document: Document, *, revision: str, created_at: str, updated_at: str) -> Document:
    """Return `document` with its system fields set; nothing else is copied but the outermost object."""
    out = dict(document)
    fresh = "_createdAt" not in out or "_rev" not in out or "_updatedAt" not in out
    out["_createdAt"] = created_at
    out["_rev"] = revision
    out["_updatedAt"] = updated_at
    return {key: out[key] for key in sorted(out)} if fresh else out
