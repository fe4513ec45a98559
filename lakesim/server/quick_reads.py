"""Which reads may be answered at once, in the event loop, because the same read was quick before.

A thread for each request costs as much as most requests themselves. What is read for the first time, took long the last
time, or would have to wait for the dataset gets one nevertheless, so that everybody else is served meanwhile. Writes
always do: listeners' callbacks run in them, which may do anything, also ask this very server.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, TypeAlias

from lakesim.server.call import Call

__all__ = ["QUICK_SECONDS_MAX", "QuickReads"]

QUICK_SECONDS_MAX: Final = 0.002
"""Processor time of a read that holds nobody up."""
REMEMBERED_MAX: Final = 2_000
"""Reads whose time is remembered."""
TEXT_LENGTH_MAX: Final = 4_096
"""Characters or bytes of a query that is remembered."""

Key: TypeAlias = tuple[str, str, str | bytes, int]
"""Endpoint, dataset, text of the query, and the order of magnitude of the dataset."""


class QuickReads:
    """The time that reads took; only used in the event loop's thread."""

    def __init__(self) -> None:
        """Start without any."""
        self._seconds: OrderedDict[Key, float] = OrderedDict()

    def key(self, endpoint: str, call: Call) -> Key | None:
        """Return what a read is remembered by; None for requests that are never answered at once."""
        name = call.path.get("dataset", "")
        is_query = endpoint.endswith(("/query", "/query/{dataset}"))
        if call.method != "GET" and not is_query:
            return None
        text: str | bytes = ""
        if is_query:
            text = call.body if call.method == "POST" else call.params.get("query", "")
        if len(text) > TEXT_LENGTH_MAX:
            return None
        # What was quick on ten documents says nothing about a million.
        return (endpoint, name, text, call.project.size(name).bit_length())

    def admits(self, key: Key, call: Call) -> bool:
        """Whether the read was quick the last time and need not wait for anybody now."""
        seconds = self._seconds.get(key)
        return seconds is not None and seconds <= QUICK_SECONDS_MAX and not call.project.is_busy(key[1])

    def note(self, key: Key, seconds: float) -> None:
        """Remember how long a read took."""
        self._seconds[key] = seconds
        self._seconds.move_to_end(key)
        if len(self._seconds) > REMEMBERED_MAX:
            self._seconds.popitem(last=False)
