"""Events page by page, newest first."""

from __future__ import annotations

from typing import Any, Final

from lakesim.errors import BadRequestError

__all__ = ["EVENTS_MAX", "page_of"]

EVENTS_MAX: Final = 100
"""Events of a page, unless fewer are asked for."""


def page_of(events: list[dict[str, Any]], *, limit: int | None, cursor: str) -> tuple[list[dict[str, Any]], str]:
    """Return one page of events that come oldest first, newest first, and the cursor of the next; empty: no more.

    A cursor counts the older events left, so that what happens meanwhile moves no page.
    Raises: BadRequestError for a cursor that this server did not give.
    """
    left = len(events)
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18) or int(cursor) > left:
            raise BadRequestError(f'Invalid nextCursor: "{cursor}" (take the one of the answer before)')
        left = int(cursor)
    start = max(0, left - min(limit if limit is not None else EVENTS_MAX, EVENTS_MAX))
    return events[start:left][::-1], str(start) if start else ""
