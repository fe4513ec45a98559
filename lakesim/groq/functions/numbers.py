"""Rounding and the `math` functions (groq reference, section 12)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, localcontext

from lakesim.groq.arithmetic import normalize_number
from lakesim.groq.values import Value

__all__ = ["average", "greatest", "least", "round_half_away", "total"]

PRECISION_MAX = 100
"""Decimals from which on rounding changes nothing; more than any double has that is worth writing."""
_DIGITS = 1_200
"""Working digits that hold any double exactly with PRECISION_MAX decimals."""


def round_half_away(value: Value, precision: Value = 0) -> int | float | None:
    """Return a number rounded half away from zero to `precision` decimals.

    Works on the exact binary value. None unless `value` is a number and `precision` a whole number from 0 up.
    """
    if type(value) is not int and type(value) is not float:
        return None
    if type(precision) is float and precision.is_integer():
        precision = int(precision)
    if type(precision) is not int or precision < 0:
        return None
    if type(value) is int or precision > PRECISION_MAX:
        return normalize_number(value)
    with localcontext() as context:
        context.prec = _DIGITS
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-precision), rounding=ROUND_HALF_UP)
    return normalize_number(float(rounded))


def _fold(use: Callable[[list[float]], float | None]) -> Callable[[Value], int | float | None]:
    """Return a function of an array of numbers and nulls; another element, or no array, gives None."""

    def folded(value: Value) -> int | float | None:
        if type(value) is not list:
            return None
        numbers = []
        for item in value:
            if type(item) is int or type(item) is float:
                numbers.append(item)
            elif item is not None:
                return None
        try:
            result = use(numbers)
        except OverflowError:
            return None
        return None if result is None else normalize_number(result)

    return folded


total = _fold(sum)
"""The sum, 0 for nothing."""
average = _fold(lambda numbers: sum(numbers) / len(numbers) if numbers else None)
"""The mean, None for nothing."""
least = _fold(lambda numbers: min(numbers, default=None))
"""The least number, None for nothing."""
greatest = _fold(lambda numbers: max(numbers, default=None))
"""The greatest number, None for nothing."""
