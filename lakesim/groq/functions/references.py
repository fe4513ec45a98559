"""`references()`, versions and releases: functions that look at this (groq reference, sections 12 and 15)."""

from __future__ import annotations

from collections.abc import Iterable

from lakesim.groq.values import Value
from lakesim.ids import published_id, release_of

__all__ = ["ids_of", "part_of_release", "refers", "version_of"]

_LIST_MAX = 4
"""Ids up to which a list is as quick as a set."""


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
    # A short list is searched faster than a set, and takes targets of any type.
    wanted = ids if len(ids) <= _LIST_MAX else _Targets(ids)
    if type(this) is dict:
        if "_ref" in this:
            return this["_ref"] in wanted
        stack: list[Iterable[Value]] = [this.values()]
    elif type(this) is list:
        stack = [this]
    else:
        return False
    while stack:
        for item in stack.pop():
            kind = type(item)
            if kind is dict:
                if "_ref" not in item:
                    stack.append(item.values())
                elif item["_ref"] in wanted:
                    return True
            elif kind is list:
                stack.append(item)
    return False


class _Targets:
    """Many ids, among which anything may be looked for."""

    __slots__ = ("_ids",)

    def __init__(self, ids: list[str]) -> None:
        self._ids = frozenset(ids)

    def __contains__(self, target: Value) -> bool:
        return type(target) is str and target in self._ids


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
