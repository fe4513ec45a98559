"""Event streams of a served lake that give, when they are drained, everything that was written before.

Events over HTTP are on their way for a while. A judge who wants to know what an engine makes of them has to know that
they have come: a mark is written behind them, which every stream hears although no engine does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from bidir.errors import NotSupportedError, Unavailable
from bidir.ports import EventStream

__all__ = ["MARK_ID", "MARK_TYPE", "FencedStream", "hearing_marks", "mark"]

MARK_ID: Final = "conformance-mark"
MARK_TYPE: Final = "conformanceMark"
WAIT_SECONDS_MAX: Final = 30.0
"""How long a mark may be on its way."""

Event = dict[str, Any]


def mark(number: int) -> dict[str, Any]:
    """Return the mutation that writes a mark."""
    return {"createOrReplace": {"_id": MARK_ID, "_type": MARK_TYPE, "number": number}}


def hearing_marks(groq: str) -> str:
    """Return the filter of a listener that hears marks as well.

    Raises: NotSupportedError for a query that is more than a filter.
    """
    text = groq.strip()
    if text == "*":
        return text
    if not (text.startswith("*[") and text.endswith("]") and _is_one_bracket(text[1:])):
        raise NotSupportedError(f"on a served lake an engine is judged listening to *[…] only, not to {groq}")
    return f'*[({text[2:-1]}) || _id == "{MARK_ID}"]'


def _is_one_bracket(text: str) -> bool:
    """Whether the bracket that opens the text closes at its end; brackets in strings do not count."""
    depth = 0
    quote = ""
    escaped = False
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and not escaped else quote
            escaped = sign == "\\" and not escaped
        elif sign in "\"'":
            quote = sign
        elif sign in "[]":
            depth += 1 if sign == "[" else -1
            if depth == 0:
                return place == len(text) - 1
    return False


class FencedStream:
    """Passes events on without the marks; `written` counts the writes so far, `write_mark` sends a mark."""

    def __init__(self, inner: EventStream, written: Callable[[], int], write_mark: Callable[[], int]) -> None:
        """Wrap `inner`, whose filter hears marks."""
        self._inner = inner
        self._written = written
        self._write_mark = write_mark
        self._seen = written()
        self._ready: deque[Event] = deque()

    def drain(self) -> list[Event]:
        """Return every event of what was written before the call."""
        self._fetch()
        out = list(self._ready)
        self._ready.clear()
        return out

    def get(self, timeout: float | None = None) -> Event | None:
        """Return the next event; nothing comes later than the writes do, so there is nothing to wait for."""
        if not self._ready:
            self._fetch()
        return self._ready.popleft() if self._ready else None

    def close(self) -> None:
        """Stop listening."""
        self._inner.close()

    def _fetch(self) -> None:
        if self._written() == self._seen:
            self._ready.extend(event for event in self._inner.drain() if not _is_mark(event))
            return
        number = self._write_mark()
        self._seen = self._written()
        while True:
            event = self._inner.get(WAIT_SECONDS_MAX)
            if event is None:
                raise Unavailable(f"an event did not come within {WAIT_SECONDS_MAX:.0f} seconds")
            if not _is_mark(event):
                self._ready.append(event)
            elif _number(event) >= number:
                return


def _is_mark(event: Mapping[str, Any]) -> bool:
    return event.get("documentId") == MARK_ID


def _number(event: Mapping[str, Any]) -> int:
    return int((event.get("result") or {}).get("number", 0))
