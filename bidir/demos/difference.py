"""A document before and after, as lines that show what changed and what did not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Final

from lakesim.jsonvalue import dumps, equal

__all__ = ["HIDDEN", "changes", "field_lines"]

Json = Any

HIDDEN: Final = frozenset({"_rev", "_createdAt", "_updatedAt", "_system"})
"""Attributes that change with every write and say nothing of what was written."""


def changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[str]:
    """Yield lines about documents by id: for each a head, and for what changed its fields with `-`, `+` or a blank.

    Revision and timestamps are left out. Documents are in order of their ids.
    """
    for key in sorted({*before, *after}):
        old, new = _shown(before.get(key)), _shown(after.get(key))
        if old is not None and new is not None and equal(old, new):
            yield f"{key}: as before"
            continue
        yield key + (": new" if old is None else ": gone" if new is None else ": changed")
        yield from (f"  {line}" for line in _difference(field_lines(old), field_lines(new)))


def field_lines(document: Mapping[str, Json] | None) -> list[str]:
    """Return a document as one line a field, and one an item where a field is a list of objects."""
    return [line for name, value in (document or {}).items() for line in _lines(name, value)]


def _shown(document: Mapping[str, Json] | None) -> dict[str, Json] | None:
    return None if document is None else {key: value for key, value in document.items() if key not in HIDDEN}


def _lines(name: str, value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner, one in value.items():
            yield from _lines(f"{name}.{inner}", one)
    elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        # By key, so that items that only moved up are not shown as changed.
        for index, one in enumerate(value):
            rest = {key: part for key, part in one.items() if key != "_key"}
            yield f"{name}[{one.get('_key', index)}]: {dumps(rest)}"
    else:
        yield f"{name}: {dumps(value)}"


def _difference(old: list[str], new: list[str]) -> Iterator[str]:
    for kind, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from (f"  {line}" for line in old[start:end])
        else:
            yield from (f"- {line}" for line in old[start:end])
            yield from (f"+ {line}" for line in new[new_start:new_end])
