"""Arithmetic on GROQ values: IEEE doubles, and what `+` and `-` do to the other types (groq reference, section 9).

Whole results up to 2^53 are Python integers, so that answers print without a decimal point.
"""

from __future__ import annotations

import math

from lakesim.groq.values import DateTime, Value

__all__ = [
    "INTEGER_MAX",
    "add",
    "divide",
    "multiply",
    "negate",
    "normalize_number",
    "plus",
    "power",
    "remainder",
    "subtract",
]

INTEGER_MAX = 2**53
"""Integers up to here are doubles exactly."""


def normalize_number(value: float) -> int | float | None:
    """Return a number as a double would hold it: whole ones as integers, NaN and the infinities as None."""
    if type(value) is int:
        if -INTEGER_MAX <= value <= INTEGER_MAX:
            return value
        try:
            value = float(value)
        except OverflowError:
            return None
    if not math.isfinite(value):
        return None
    if value.is_integer() and -INTEGER_MAX <= value <= INTEGER_MAX:
        return int(value)
    return value


def _is_number(value: Value) -> bool:
    kind = type(value)
    return kind is int or kind is float


def _double(value: float) -> float:
    """Return a number that arithmetic may use as it is: integers beyond 2^53 become doubles."""
    if type(value) is int and not -INTEGER_MAX <= value <= INTEGER_MAX:
        try:
            return float(value)
        except OverflowError:
            return math.inf
    return value


def add(left: Value, right: Value) -> Value:
    """Return `left + right`: numbers, strings, arrays, objects (right wins), datetime and seconds; else None."""
    kind, other = type(left), type(right)
    if kind is int or kind is float:
        if other is int or other is float:
            return normalize_number(_double(left) + _double(right))
        return right.shifted(_double(left)) if other is DateTime else None
    if kind is DateTime:
        return left.shifted(_double(right)) if other is int or other is float else None
    if kind is not other:
        return None
    if kind is str or kind is list:
        return left + right
    return {**left, **right} if kind is dict else None


def subtract(left: Value, right: Value) -> Value:
    """Return `left - right`: numbers, datetimes (seconds), datetime less seconds; else None."""
    if _is_number(right):
        if _is_number(left):
            return normalize_number(_double(left) - _double(right))
        return left.shifted(-_double(right)) if type(left) is DateTime else None
    if type(left) is DateTime and type(right) is DateTime:
        return normalize_number((left.milliseconds - right.milliseconds) / 1000)
    return None


def multiply(left: Value, right: Value) -> Value:
    """Return `left * right` for numbers, else None."""
    if _is_number(left) and _is_number(right):
        return normalize_number(_double(left) * _double(right))
    return None


def divide(left: Value, right: Value) -> Value:
    """Return `left / right` for numbers, None for a division by zero and anything else."""
    if _is_number(left) and _is_number(right) and right:
        return normalize_number(_double(left) / _double(right))
    return None


def remainder(left: Value, right: Value) -> Value:
    """Return `left % right` with the sign of the left operand, None by zero and for anything but numbers."""
    if _is_number(left) and _is_number(right) and right and math.isfinite(_double(left)):
        return normalize_number(math.fmod(_double(left), _double(right)))
    return None


def power(left: Value, right: Value) -> Value:
    """Return `left ** right`, None where it is infinite, complex or undefined and for anything but numbers."""
    if not (_is_number(left) and _is_number(right)):
        return None
    try:
        result = float(_double(left)) ** float(_double(right))
    except (OverflowError, ZeroDivisionError):
        return None
    return normalize_number(result) if type(result) is float else None


def negate(value: Value) -> Value:
    """Return `-value` for a number, else None."""
    return normalize_number(-value) if _is_number(value) else None


def plus(value: Value) -> Value:
    """Return `+value` for a number, else None."""
    return normalize_number(value) if _is_number(value) else None
