"""Reading the fields of a rule: one clear refusal for each thing that cannot be meant."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from lakesim.faults.errors import FaultRuleError
from lakesim.jsonvalue import type_name
from lakesim.suggest import among, did_you_mean

__all__ = ["check_fields", "choice", "number", "text", "whole"]


def check_fields(value: Any, known: Collection[str], where: str) -> Mapping[str, Any]:
    """Return `value`, an object with no other than the known fields.

    Raises: FaultRuleError.
    """
    if not isinstance(value, Mapping):
        raise FaultRuleError(f"{where}: expected an object with {', '.join(known)}; got {_kind(value)}")
    for name in value:
        if name not in known:
            raise FaultRuleError(f'{where}: unknown field "{name}"' + among(name, known))
    return value


def number(value: Any, where: str, *, least: float, most: float, unit: str = "") -> float:
    """Return a number within its bounds.

    Raises: FaultRuleError.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        of_what = f" of{unit}" if unit else ""
        raise FaultRuleError(f"{where}: expected a number{of_what}, got {_kind(value)}")
    if not least <= value <= most:
        raise FaultRuleError(f"{where}: {value} is not between {least:g} and {most:g}{unit}")
    return value


def whole(value: Any, where: str, *, least: int) -> int:
    """Return a whole number from `least`.

    Raises: FaultRuleError.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise FaultRuleError(f"{where}: expected a whole number, got {_kind(value)}")
    if value < least:
        raise FaultRuleError(f"{where}: {value} is less than {least}")
    return value


def text(value: Any, where: str) -> str:
    """Return a text that is not empty.

    Raises: FaultRuleError.
    """
    if not isinstance(value, str) or not value:
        raise FaultRuleError(f"{where}: expected a text, got {_kind(value)}")
    return value


def choice(value: Any, known: Collection[str], where: str) -> str:
    """Return one of the known words.

    Raises: FaultRuleError.
    """
    if not isinstance(value, str) or value not in known:
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        raise FaultRuleError(f"{where}: {_kind(value)} is not one of {', '.join(known)}.{hint}")
    return value


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"' if value else "an empty text"
    try:
        return str(type_name(value))
    except TypeError:
        return type(value).__name__
