"""Functions on arrays (groq reference, section 12)."""

from __future__ import annotations

from lakesim.groq.comparison import Membership, scalar_tag
from lakesim.groq.functions.text import string
from lakesim.groq.values import Value

__all__ = ["as_list", "compact", "count", "flatten", "intersects", "join", "unique"]


def as_list(value: Value) -> list[Value]:
    """Return an array as it is and anything else as an empty one: what `...` splices into an array."""
    return value if type(value) is list else []


def flatten(values: list[Value]) -> list[Value]:
    """Return the values with arrays among them spliced in, one level deep."""
    out: list[Value] = []
    for value in values:
        if type(value) is list:
            out.extend(value)
        else:
            out.append(value)
    return out


def count(value: Value) -> int | None:
    """Return the length of an array, None for anything else."""
    return len(value) if type(value) is list else None


def compact(value: Value) -> list[Value] | None:
    """Return an array without its nulls, None for anything else."""
    return [item for item in value if item is not None] if type(value) is list else None


def join(value: Value, separator: Value) -> str | None:
    """Return the texts of the elements with a separator between; one element without text makes it None."""
    if type(value) is not list or type(separator) is not str:
        return None
    texts = [string(item) for item in value]
    present = [text for text in texts if text is not None]
    return separator.join(present) if len(present) == len(texts) else None


def unique(value: Value) -> list[Value] | None:
    """Return the first of each group of equal elements; arrays and objects equal nothing, nulls each other."""
    if type(value) is not list:
        return None
    seen: set[object] = set()
    out: list[Value] = []
    for item in value:
        tag = scalar_tag(item)
        if tag is None:
            out.append(item)
        elif tag not in seen:
            seen.add(tag)
            out.append(item)
    return out


def intersects(left: Value, right: Value) -> bool | None:
    """Return whether two arrays share an equal element, None unless both are arrays."""
    if type(left) is not list or type(right) is not list:
        return None
    known = Membership(right)
    return any(map(known.has, left))
