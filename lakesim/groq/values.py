"""The values GROQ has beyond JSON: datetime, path and search expression; geometry lives in `functions.geo`."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from lakesim.jsonvalue import Json

__all__ = ["DateTime", "Exportable", "Path", "Value", "export", "parse_datetime"]

Value = Any
"""Any GROQ value: JSON, or an `Exportable`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)


class Exportable:
    """A value that appears in an answer as JSON of its own choosing."""

    __slots__ = ()

    def to_json(self) -> Json:
        """Return the JSON form."""
        raise NotImplementedError


class DateTime(Exportable):
    """An instant, in whole milliseconds since 1970 UTC; years 1 to 9999."""

    __slots__ = ("milliseconds",)

    def __init__(self, milliseconds: int) -> None:
        """Keep the instant; the caller has checked the range."""
        self.milliseconds = milliseconds

    @classmethod
    def of(cls, instant: datetime) -> DateTime:
        """Return the instant of an aware datetime, cut to milliseconds."""
        return cls((instant - _EPOCH) // _MILLISECOND)

    def shifted(self, seconds: float) -> DateTime | None:
        """Return the instant `seconds` later, or None if it leaves the years 1 to 9999."""
        if not math.isfinite(seconds * 1000.0):
            return None
        moved = math.trunc(self.milliseconds + seconds * 1000.0)
        return DateTime(moved) if _FIRST <= moved <= _LAST else None

    def to_json(self) -> str:
        """Return RFC 3339 text: no decimals, or exactly three (groq reference, section 18)."""
        instant = _EPOCH + self.milliseconds * _MILLISECOND
        text = f"{instant.year:04d}-{instant:%m-%dT%H:%M:%S}"
        millis = self.milliseconds % 1000
        return f"{text}.{millis:03d}Z" if millis else f"{text}Z"

    def __eq__(self, other: object) -> bool:
        """Whether both are the same instant."""
        return isinstance(other, DateTime) and self.milliseconds == other.milliseconds

    def __lt__(self, other: DateTime) -> bool:
        """Whether this is earlier."""
        return self.milliseconds < other.milliseconds

    def __le__(self, other: DateTime) -> bool:
        """Whether this is not later."""
        return self.milliseconds <= other.milliseconds

    def __gt__(self, other: DateTime) -> bool:
        """Whether this is later."""
        return self.milliseconds > other.milliseconds

    def __ge__(self, other: DateTime) -> bool:
        """Whether this is not earlier."""
        return self.milliseconds >= other.milliseconds

    def __hash__(self) -> int:
        """Hash by instant."""
        return hash((DateTime, self.milliseconds))


_FIRST = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST = (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC) - _EPOCH) // _MILLISECOND


def parse_datetime(text: str) -> DateTime | None:
    """Return the instant of exactly `YYYY-MM-DDTHH:MM:SS[.digits](Z|±HH:MM)`, or None.

    Source: groq reference, section 18; impossible dates are None (section 17).
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, offset_hour, offset_minute = match.groups()[6:]
    try:
        instant = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    milliseconds = (instant - _EPOCH) // _MILLISECOND + int(((fraction or "") + "000")[:3])
    if sign:
        if int(offset_hour) > 23 or int(offset_minute) > 59:
            return None
        offset = (int(offset_hour) * 60 + int(offset_minute)) * 60_000
        milliseconds += -offset if sign == "+" else offset
    return DateTime(milliseconds) if _FIRST <= milliseconds <= _LAST else None


class Path(Exportable):
    """A pattern over ids: parts between dots, `*` for one part, `**` for one or more."""

    __slots__ = ("parts", "pattern")

    def __init__(self, pattern: str) -> None:
        """Take the pattern apart."""
        self.pattern = pattern
        self.parts = pattern.split(".")

    def matches(self, document_id: str) -> bool:
        """Whether the whole id fits; no backtracking over more than the last `**`."""
        parts, names = self.parts, document_id.split(".")
        at = name = 0
        retry_at, retry_name = -1, 0
        while name < len(names):
            if at < len(parts) and parts[at] == "**":
                # An empty part, of an id that ends with a dot or has two in a row, is a part to `**` but not to `*`.
                at, name = at + 1, name + 1
                retry_at, retry_name = at, name
            elif at < len(parts) and (parts[at] == names[name] or (parts[at] == "*" and names[name])):
                at, name = at + 1, name + 1
            elif retry_at >= 0:
                retry_name += 1
                at, name = retry_at, retry_name
            else:
                return False
        return at == len(parts)

    @property
    def prefix(self) -> str:
        """The literal text, dot included, that every matching id starts with; empty if there is none."""
        literal: list[str] = []
        for part in self.parts:
            if part in ("*", "**"):
                break
            literal.append(part)
        else:
            return self.pattern
        return "".join(f"{part}." for part in literal)

    @property
    def is_literal(self) -> bool:
        """Whether only one id can match."""
        return "*" not in self.parts and "**" not in self.parts

    def to_json(self) -> str:
        """Return the pattern."""
        return self.pattern


def export(value: Value) -> Json:
    """Return `value` as JSON; branches without special values are shared, not copied."""
    kind = type(value)
    if kind is dict:
        changed = {}
        for key, item in value.items():
            if type(item) in _PLAIN:
                continue
            exported = export(item)
            if exported is not item:
                changed[key] = exported
        return {**value, **changed} if changed else value
    if kind is list:
        exported_items = [item if type(item) in _PLAIN else export(item) for item in value]
        same = all(map(_is, exported_items, value))
        return value if same else exported_items
    if isinstance(value, Exportable):
        return value.to_json()
    return value


def _is(left: object, right: object) -> bool:
    return left is right


_PLAIN = frozenset({str, int, float, bool, type(None)})
