"""The part of a file that a request asks for with `Range` (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["UNSATISFIABLE", "range_of"]

UNSATISFIABLE: Final = range(0)
"""Stands for a range that lies beyond the end."""

_ONE: Final = re.compile(r"bytes=[ \t]*(\d*)-(\d*)[ \t]*", re.ASCII | re.IGNORECASE)
_DIGITS_MAX: Final = 18


def range_of(method: str, headers: Mapping[str, str], size: int, *, tag: str) -> range | None:
    """Return the bytes that are wanted of a file of `size` bytes, `UNSATISFIABLE`, or None for all of them.

    As the standard has it, what is no single range of bytes is not looked at, nor is one that holds (`If-Range`) for
    another state of the file than that which `tag` names.
    """
    match = _ONE.fullmatch(headers.get("range", ""))
    if method != "GET" or match is None or headers.get("if-range", tag) != tag:
        return None
    first, last = match[1], match[2]
    if (not first and not last) or max(len(first), len(last)) > _DIGITS_MAX:
        return None
    if not first:
        # The last so many bytes.
        wanted = range(max(0, size - int(last)), size)
    elif last and int(last) < int(first):
        return None
    else:
        wanted = range(int(first), min(int(last) + 1, size) if last else size)
    return wanted or UNSATISFIABLE
