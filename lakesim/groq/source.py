"""Shows a place in a query: line, column, the line itself and a caret under it."""

from __future__ import annotations

__all__ = ["CARET_LINE_MAX", "line_and_column", "show_place"]

CARET_LINE_MAX = 120
"""Characters of the offending line that a message shows; longer lines are cut around the place."""


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column (both from 1) of a code point offset; an offset past the end is the end."""
    before = text[:offset]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def show_place(text: str, start: int, end: int) -> str:
    """Return two lines: the source line at `start`, and carets under `start` up to `end` (at least one)."""
    line_number, column = line_and_column(text, start)
    lines = text.split("\n")
    line = lines[line_number - 1].expandtabs(1).rstrip("\r")
    first = column - 1
    width = max(1, min(end - start, len(line) - first))
    if len(line) > CARET_LINE_MAX:
        cut = max(0, min(first - CARET_LINE_MAX // 2, len(line) - CARET_LINE_MAX))
        line = line[cut : cut + CARET_LINE_MAX]
        first -= cut
        width = max(1, min(width, len(line) - first))
    return f"{line}\n{' ' * first}{'^' * width}"
