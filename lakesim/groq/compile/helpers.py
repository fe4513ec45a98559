"""The names that generated code may use."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from lakesim.groq import arithmetic, comparison, scoring, text_match, text_search
from lakesim.groq.arithmetic import INTEGER_MAX
from lakesim.groq.functions import arrays, diff, geo, numbers, portable_text, references, sorting, text
from lakesim.groq.values import DateTime, Path, Value, parse_datetime

__all__ = ["HELPERS", "whole_number"]

_EMPTY: dict[str, Value] = {}


def as_object(value: Value) -> dict[str, Value]:
    """Return an object as it is and anything else as an empty one: what `...` splices into an object."""
    return value if type(value) is dict else _EMPTY


def invert(value: Value) -> bool | None:
    """Return `!value`: null for anything but a boolean."""
    return not value if type(value) is bool else None


def both(left: Value, right: Value) -> bool | None:
    """Return `left && right` in three-valued logic."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def either(left: Value, right: Value) -> bool | None:
    """Return `left || right` in three-valued logic."""
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def whole_number(value: float) -> int:
    """Return an index or bound as an integer that iterators accept; no array is longer than the greatest of them."""
    return max(-INTEGER_MAX, min(INTEGER_MAX, int(value)))


def bounds(length: int, lower: int, upper: int, inclusive: bool) -> tuple[int, int]:
    """Return Python slice bounds for a GROQ slice (groq reference, section 6)."""
    low = lower + length if lower < 0 else lower
    high = (upper + length if upper < 0 else upper) + inclusive
    low, high = max(low, 0), max(high, 0)
    return low, max(low, high)


def slice_list(value: Value, lower: float, upper: float, inclusive: bool) -> list[Value] | None:
    """Return a slice of an array, None for anything else."""
    if type(value) is not list:
        return None
    low, high = bounds(len(value), int(lower), int(upper), inclusive)
    return value[low:high]


def take(elements: Iterable[Value], lower: float, upper: float, inclusive: bool) -> list[Value]:
    """Return a slice of elements that come one by one, reading no more of them than it needs."""
    if lower >= 0 and upper >= 0:
        low = whole_number(lower)
        return list(islice(elements, low, max(low, whole_number(upper) + inclusive)))
    return slice_list(list(elements), lower, upper, inclusive) or []


def wanted(lower: float, upper: float, inclusive: bool) -> int | None:
    """Return how many elements from the front a slice can need, None if that takes the length to know."""
    return max(int(upper) + inclusive, 0) if lower >= 0 and upper >= 0 else None


def element(value: Value, index: int) -> Value:
    """Return an element of an array, counting from the end below zero; None outside and for anything else."""
    if type(value) is not list or not -len(value) <= index < len(value):
        return None
    return value[index]


def to_datetime(value: Value) -> DateTime | None:
    """Return `dateTime(value)`."""
    if type(value) is str:
        return parse_datetime(value)
    return value if type(value) is DateTime else None


def members_of(value: Value) -> Value:
    """Return what an index should look for in `x in value`: an array as it is, a path as it is, nothing otherwise."""
    return value if type(value) is list or type(value) is Path else []


HELPERS: dict[str, Any] = {
    "EMPTY": _EMPTY,
    "UNSET": object(),
    "add": arithmetic.add,
    "as_list": arrays.as_list,
    "as_object": as_object,
    "average": numbers.average,
    "both": both,
    "changed_any": diff.changed_any,
    "changed_only": diff.changed_only,
    "compact": arrays.compact,
    "contains": comparison.contains,
    "contains_prepared": comparison.contains_prepared,
    "count": arrays.count,
    "divide": arithmetic.divide,
    "either": either,
    "element": element,
    "equal": comparison.equal,
    "flatten": arrays.flatten,
    "geo_contains": geo.contains,
    "geo_distance": geo.distance,
    "geo_intersects": geo.intersects,
    "greater": comparison.greater,
    "greater_equal": comparison.greater_equal,
    "greatest": numbers.greatest,
    "ids_of": references.ids_of,
    "in_path": comparison.in_path,
    "in_range": comparison.in_range,
    "intersects": arrays.intersects,
    "invert": invert,
    "islice": islice,
    "join": arrays.join,
    "lat_lng": geo.lat_lng,
    "least": numbers.least,
    "length": text.length,
    "less": comparison.less,
    "less_equal": comparison.less_equal,
    "lower": text.lower,
    "make_matcher": text_match.make_matcher,
    "members_of": members_of,
    "membership": comparison.membership,
    "multiply": arithmetic.multiply,
    "negate": arithmetic.negate,
    "operation": diff.operation,
    "order": sorting.order,
    "part_of_release": references.part_of_release,
    "path": text.path,
    "plus": arithmetic.plus,
    "portable_text": portable_text.portable_text,
    "power": arithmetic.power,
    "rank_by_score": scoring.rank_by_score,
    "refers": references.refers,
    "remainder": arithmetic.remainder,
    "round_half_away": numbers.round_half_away,
    "score_all": scoring.score_all,
    "score_boost": scoring.score_boost,
    "select_anywhere": diff.select_anywhere,
    "select_attribute": diff.select_attribute,
    "select_elements": diff.select_elements,
    "select_path": diff.select_path,
    "select_tuple": diff.select_tuple,
    "slice_list": slice_list,
    "split": text.split,
    "starts_with": text.starts_with,
    "string": text.string,
    "subtract": arithmetic.subtract,
    "take": take,
    "text_of": portable_text.text_of,
    "text_query": text_search.text_query,
    "to_datetime": to_datetime,
    "to_geo": geo.to_geo,
    "total": numbers.total,
    "unique": arrays.unique,
    "upper": text.upper,
    "version_of": references.version_of,
    "wanted": wanted,
}
"""Everything a program is linked with; the keys are the names in its text."""
