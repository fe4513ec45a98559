"""Equality, comparison and the total order of GROQ values (groq reference, section 8)."""

from __future__ import annotations

from collections.abc import Iterable

from lakesim.groq.arithmetic import INTEGER_MAX
from lakesim.groq.values import DateTime, Path, Value

__all__ = [
    "Membership",
    "contains",
    "contains_prepared",
    "equal",
    "greater",
    "greater_equal",
    "in_path",
    "in_range",
    "less",
    "less_equal",
    "membership",
    "rank",
    "scalar_tag",
]

MEMBERSHIP_SIZE_MIN = 8
"""Elements from which on a set is worth building for a list that is asked repeatedly."""


def equal(left: Value, right: Value) -> bool:
    """Whether two scalars of one type are the same; arrays, objects, paths and geometries equal nothing."""
    kind = type(left)
    if kind is str:
        return type(right) is str and bool(left == right)
    if left is None or kind is bool:
        return left is right
    other = type(right)
    if kind is int or kind is float:
        if not (other is int or other is float):
            return False
        # Two integers beyond 2^53 may be the same double.
        return bool(left == right) or (kind is int and other is int and abs(left) >= INTEGER_MAX and _same(left, right))
    return kind is DateTime and other is DateTime and bool(left == right)


def _same(left: int, right: int) -> bool:
    try:
        return float(left) == float(right)
    except OverflowError:
        return False


def _comparable(left: Value, right: Value) -> bool:
    kind, other = type(left), type(right)
    if kind is int or kind is float:
        return other is int or other is float
    return kind is other and (kind is str or kind is bool or kind is DateTime)


def less(left: Value, right: Value) -> bool | None:
    """Return `left < right`, None if the two do not compare."""
    if not _comparable(left, right):
        return None
    return bool(left < right) and not (type(left) is int and type(right) is int and equal(left, right))


def less_equal(left: Value, right: Value) -> bool | None:
    """Return `left <= right`, None if the two do not compare."""
    return (bool(left <= right) or equal(left, right)) if _comparable(left, right) else None


def greater(left: Value, right: Value) -> bool | None:
    """Return `left > right`, None if the two do not compare."""
    return less(right, left)


def greater_equal(left: Value, right: Value) -> bool | None:
    """Return `left >= right`, None if the two do not compare."""
    return less_equal(right, left)


def in_range(value: Value, lower: Value, upper: Value, inclusive: bool) -> bool | None:
    """Return whether `value` lies between the bounds, None if it does not compare with either."""
    above = less_equal(lower, value)
    below = less_equal(value, upper) if inclusive else less(value, upper)
    return None if above is None or below is None else above and below


def contains(value: Value, items: Value) -> bool | None:
    """Return `value in items` for an array or a path on the right, None for anything else."""
    if type(items) is list:
        if type(value) is str:
            return value in items
        return any(equal(value, item) for item in items)
    return in_path(value, items) if type(items) is Path else None


def in_path(value: Value, pattern: Value) -> bool | None:
    """Return whether an id, or a path taken literally, fits the pattern; None for other types."""
    if type(pattern) is not Path:
        return None
    if type(value) is str:
        return pattern.matches(value)
    return pattern.matches(value.pattern) if type(value) is Path else None


class Membership:
    """A list that is asked for many values: `value in list` without looking at every element."""

    __slots__ = ("items", "others", "strings")

    def __init__(self, items: list[Value]) -> None:
        """Split the elements into strings and the rest."""
        self.items = items
        self.strings = frozenset(item for item in items if type(item) is str)
        others: Iterable[Value] = (item for item in items if type(item) is not str and type(item) not in (list, dict))
        self.others = frozenset(tag for tag in map(scalar_tag, others) if tag is not None)

    def has(self, value: Value) -> bool:
        """Whether some element equals `value`."""
        if type(value) is str:
            return value in self.strings
        tag = scalar_tag(value)
        return tag is not None and tag in self.others


def scalar_tag(value: Value) -> object:
    """Return something hashable that is equal for equal scalars only, or None for what equals nothing."""
    if value is None or type(value) is bool:
        return (bool, value)
    if type(value) is int or type(value) is float:
        try:
            return float(value)
        except OverflowError:
            return None
    return value if type(value) is DateTime or type(value) is str else None


def membership(items: Value) -> Value:
    """Return a `Membership` for a long enough list, anything else as it is."""
    return Membership(items) if type(items) is list and len(items) >= MEMBERSHIP_SIZE_MIN else items


def contains_prepared(value: Value, items: Value) -> bool | None:
    """Return `value in items` where `items` has been through `membership`."""
    return items.has(value) if type(items) is Membership else contains(value, items)


def rank(value: Value) -> tuple[int, Value]:
    """Return the sort key of the total order: datetime, number, string, boolean, everything else."""
    kind = type(value)
    if kind is str:
        return (2, value)
    if kind is int or kind is float:
        return (1, value)
    if kind is DateTime:
        return (0, value.milliseconds)
    return (3, value) if kind is bool else (4, 0)
