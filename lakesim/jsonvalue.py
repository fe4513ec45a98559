"""The one owner of JSON semantics: codec, equality, copying. Python's `True == 1` stops here.

Stored documents are never changed in place and share unchanged branches, so a value is copied only where it enters
or leaves the lake.
"""

from __future__ import annotations

import json
import math
from typing import Any, TypeAlias

import orjson

__all__ = [
    "Json",
    "JsonDecodeError",
    "copy",
    "depth",
    "dump_bytes",
    "dumps",
    "equal",
    "load_lines",
    "loads",
    "type_name",
]

Json: TypeAlias = Any
"""None, bool, int, float, str, list of Json, or dict of str to Json."""

JsonDecodeError = json.JSONDecodeError

_SCALARS = frozenset({str, int, float, bool, type(None)})


def loads(text: str | bytes) -> Json:
    """Parse strict JSON (no NaN, no trailing text).

    Raises: JsonDecodeError with line and column.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise JsonDecodeError(error.msg, error.doc, error.pos) from None


def load_lines(text: str) -> list[Json]:
    """Parse NDJSON: one value a line, blank lines skipped.

    Raises: ValueError naming the line number (from 1) and what is wrong with it.
    """
    values = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            values.append(loads(line))
        except JsonDecodeError as error:
            raise ValueError(f"line {number}, column {error.colno}: {error.msg}") from None
    return values


def dump_bytes(value: Json, *, sort_keys: bool = False) -> bytes:
    """Return compact UTF-8 JSON; integers of any size are written out.

    Raises: TypeError for a value that is not JSON.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort_keys else None)
    except TypeError:
        # orjson stops at 64 bits and at lone surrogates; the standard codec writes both.
        return json.dumps(
            value, ensure_ascii=True, allow_nan=False, separators=(",", ":"), sort_keys=sort_keys
        ).encode()


def dumps(value: Json, *, indent: bool = False, sort_keys: bool = False) -> str:
    """Return JSON text, compact or indented by two."""
    if indent:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=sort_keys)
    return dump_bytes(value, sort_keys=sort_keys).decode()


def equal(left: Json, right: Json) -> bool:
    """Whether two values are the same JSON: `1` equals `1.0`, `True` equals neither; key order is irrelevant."""
    if left is right:
        return True
    kind = type(left)
    if kind is dict:
        if type(right) is not dict or len(left) != len(right):
            return False
        return all(key in right and equal(value, right[key]) for key, value in left.items())
    if kind is list:
        if type(right) is not list or len(left) != len(right):
            return False
        return all(map(equal, left, right))
    if kind is bool or type(right) is bool:
        return kind is type(right) and bool(left == right)
    return bool(left == right)


def copy(value: Json) -> Json:
    """Return a value that shares no list or dict with `value`.

    Raises: TypeError for a value that is not JSON, ValueError for NaN or an infinity.
    """
    kind = type(value)
    if kind is dict:
        out = {}
        for key, item in value.items():
            if type(key) is not str:
                raise TypeError(f"JSON object keys are strings, not {type(key).__name__}: {key!r}")
            inner = type(item)
            out[key] = item if inner is str or inner is int or inner is bool or item is None else copy(item)
        return out
    if kind is list:
        return [item if type(item) is str else copy(item) for item in value]
    if kind is float:
        if not math.isfinite(value):
            raise ValueError(f"JSON has no {value}")
        return value
    if kind in _SCALARS:
        return value
    # Subclasses and relatives of the JSON types (str enums, tuples, ordered dicts) become the plain type.
    if isinstance(value, (list, tuple)):
        return [copy(item) for item in value]
    if isinstance(value, dict):
        return copy(dict(value))
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"not a JSON value: {type(value).__name__} {value!r}")


def depth(value: Json) -> int:
    """Return how many objects and arrays lie inside one another: 0 for a scalar, 1 for `{}`."""
    deepest = 0
    stack: list[tuple[Json, int]] = [(value, 1)]
    while stack:
        current, level = stack.pop()
        kind = type(current)
        if kind is dict:
            inner = current.values()
        elif kind is list:
            inner = current
        else:
            continue
        if level > deepest:
            deepest = level
        stack.extend((item, level + 1) for item in inner)
    return deepest


def type_name(value: Json) -> str:
    """Return the JSON name of the value's type: null, boolean, number, string, array or object."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
