"""`references()`, versions and releases: functions that look at this (groq reference, sections 12 and 15)."""

from __future__ import annotations

from lakesim.groq.values import Value
from lakesim.ids import published_id, release_of

__all__ = ["ids_of", "part_of_release", "refers", "version_of"]


def ids_of(*arguments: Value) -> list[str]:
    """Return the strings among the arguments and in arrays among them, each once; all else contributes nothing."""
    ids: dict[str, None] = {}
    for argument in arguments:
        if type(argument) is str:
            ids[argument] = None
        elif type(argument) is list:
            ids.update((item, None) for item in argument if type(item) is str)
    return list(ids)


def refers(this: Value, ids: list[str]) -> bool:
    """Whether `this` holds a reference to one of `ids`.

    An object that has a `_ref` is judged by it alone; other objects and arrays are searched.
    """
    if not ids:
        return False
    wanted = ids[0] if len(ids) == 1 else None
    several = frozenset(ids)
    stack = [this]
    while stack:
        current = stack.pop()
        kind = type(current)
        if kind is dict:
            if "_ref" in current:
                target = current["_ref"]
                if target == wanted or (wanted is None and type(target) is str and target in several):
                    return True
            else:
                stack.extend([item for item in current.values() if type(item) is dict or type(item) is list])
        elif kind is list:
            stack.extend([item for item in current if type(item) is dict or type(item) is list])
    return False


def version_of(this: Value, group: Value) -> bool | None:
    """Return whether this is the document `group`, its draft or one of its versions.

    None unless `this` is an object with a string `_id` and `group` is a string.
    """
    document_id = this.get("_id") if type(this) is dict else None
    if type(document_id) is not str or type(group) is not str:
        return None
    return document_id == group or published_id(document_id) == group


def part_of_release(this: Value, release: Value) -> bool | None:
    """Return whether this is a version in the release; None as for `version_of`."""
    document_id = this.get("_id") if type(this) is dict else None
    if type(document_id) is not str or type(release) is not str:
        return None
    return release_of(document_id) == release and document_id.count(".") >= 2
