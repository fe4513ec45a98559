"""The bridge from whoever tells of events, on the threads of writers, to one reader in the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from starlette.concurrency import run_in_threadpool

from lakesim.errors import ListenerOverflowError
from lakesim.lake import Dataset
from lakesim.listen.events import Event, error_event

__all__ = ["KEEP_ALIVE_SECONDS", "STREAM_SECONDS_MAX", "EventStream", "events_of"]

KEEP_ALIVE_SECONDS: Final = 15.0
"""Silence after which a comment is sent."""
STREAM_SECONDS_MAX: Final = 30 * 60.0
"""Age at which a stream is ended; clients connect anew."""


class EventStream:
    """A bounded queue between threads and the event loop.

    `offer` and `finish` may be called from any thread and never wait; `next` is for one coroutine of the loop in which
    the stream was made. A reader that falls `queue_max` events behind gets an error event and the end.
    """

    def __init__(self, queue_max: int) -> None:
        """Start empty; must be called in a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._queue_max: Final = queue_max
        self._ended = False

    def offer(self, event: Event) -> None:
        """Queue an event."""
        self._call(self._put, event)

    def finish(self, last: Event | None = None) -> None:
        """Let the reader find the end, after what is queued and an optional last event."""
        self._call(self._end, last)

    def _call(self, what: object, event: Event | None) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, event)  # type: ignore[arg-type]

    def _put(self, event: Event | None) -> None:
        if self._ended:
            return
        if self._queue.qsize() >= self._queue_max:
            self._end(error_event(ListenerOverflowError("stream", self._queue_max)))
            return
        self._queue.put_nowait(event)

    def _end(self, last: Event | None) -> None:
        if self._ended:
            return
        self._ended = True
        if last is not None:
            self._queue.put_nowait(last)
        self._queue.put_nowait(None)

    async def next(self, timeout: float) -> Event | None:
        """Wait for the next event and return it; None is the end.

        Raises: TimeoutError when `timeout` seconds pass without one.
        """
        return await asyncio.wait_for(self._queue.get(), timeout)


async def events_of(stream: EventStream, dataset: Dataset) -> AsyncIterator[Event | None]:
    """Yield the events of a dataset as they come, and None after each silence, until the stream ends or is too old."""
    clock = dataset.clock
    started = clock.monotonic()
    while True:
        try:
            event = await stream.next(KEEP_ALIVE_SECONDS)
        except TimeoutError:
            # A release that is due is published when somebody asks; on a quiet server that is us.
            await run_in_threadpool(dataset.run_due)
            if clock.monotonic() - started > STREAM_SECONDS_MAX:
                return
            yield None
            continue
        if event is None:
            return
        yield event
