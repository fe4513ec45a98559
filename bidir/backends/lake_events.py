"""A listener of the embedded lake that listens again where it was cut off, and says so, as one over HTTP does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakesim.listen.listener import Listener

__all__ = ["LakeEventStream"]

Event = dict[str, Any]


class LakeEventStream:
    """Events in the lake's order; after an interruption a `reset`, since what happened meanwhile was not heard.

    What cuts a listener of the embedded lake off: a fault placed in its stream, a reader too slow for its queue, a
    rename of the dataset.
    """

    def __init__(self, listen: Callable[[], Listener]) -> None:
        """Listen from now on; `listen` opens a listener.

        Raises: what `listen` raises.
        """
        self._listen = listen
        self._listener = listen()
        self._closed = False

    def drain(self) -> list[Event]:
        """Return every event that waits, without blocking.

        Raises: as on opening, where a listener that was cut off cannot be opened again.
        """
        events = [event for event in self._listener.drain() if event["type"] != "error"]
        if self._listener.is_closed and not self._closed:
            events.append(self._reset())
        return events

    def get(self, timeout: float | None = None) -> Event | None:
        """Wait up to `timeout` seconds for the next event; None if none came or the stream is closed.

        Raises: as `drain`.
        """
        event = self._listener.get(timeout)
        if event is not None and event["type"] != "error":
            return event
        if self._listener.is_closed and not self._closed:
            return self._reset()
        return None

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        self._listener.close()

    def _reset(self) -> Event:
        self._listener = self._listen()
        # The new listener's own first event says only that it has begun; the reset says more.
        self._listener.poll()
        return {"type": "reset"}
