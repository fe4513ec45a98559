"""Shows documents and values in the notation of scenario files, short enough to compare by eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bidir.conformance.arrows import parse_arrow
from lakesim.jsonvalue import Json, dumps

__all__ = ["ABSENT", "Absent", "show", "show_document"]

SYSTEM_FIELDS = frozenset({"_id", "_rev", "_createdAt", "_updatedAt"})
"""Attributes that the lake itself writes; left out unless a scenario names them."""

_REFERENCE_FIELDS = frozenset({"_type", "_ref", "_weak", "_key", "_strengthenOnPublish"})


class Absent:
    """The value of an attribute that is not there, told apart from null."""

    def __repr__(self) -> str:
        """Show as people say it."""
        return "nothing"


ABSENT = Absent()


def show(value: Json | Absent, *, notation: bool = False) -> str:
    """Return `value` in one line; references as arrows, `~>` weak and `=>` strong, `+` with the publish stamp.

    With `notation` the value comes from a scenario, where a text may be an arrow already.
    """
    if isinstance(value, Absent):
        return repr(value)
    if isinstance(value, dict):
        if isinstance(value.get("_ref"), str) and value.keys() <= _REFERENCE_FIELDS:
            stamp = "+" if "_strengthenOnPublish" in value else ""
            return f"{'~' if value.get('_weak') is True else '='}> {value['_ref']}{stamp}"
        return "{" + ", ".join(f"{key}: {show(item, notation=notation)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(show(item, notation=notation) for item in value) + "]"
    if isinstance(value, str) and (_is_plain(value) or (notation and parse_arrow(value) is not None)):
        return value
    return dumps(value)


def _is_plain(text: str) -> bool:
    """Whether a text can stand without quotes and be taken for nothing else."""
    return (
        bool(text) and text == text.strip() and parse_arrow(text) is None and not any(mark in text for mark in _MARKS)
    )


_MARKS = ':,{}[]"#'


def show_document(document: Mapping[str, Any]) -> str:
    """Return a document without its system fields; `_type` comes first."""
    rest = {key: value for key, value in document.items() if key not in SYSTEM_FIELDS and key != "_type"}
    return show({"_type": document.get("_type"), **rest})
