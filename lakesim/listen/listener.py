"""One subscription to a dataset: a bounded queue of events to read from, or a callback that is handed them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from threading import Condition
from types import TracebackType
from typing import Final, TypeAlias

from lakesim.errors import LakeError, ListenerOverflowError
from lakesim.listen.events import Event, EventOptions, error_event
from lakesim.store.documents import Document
from lakesim.store.raw_view import Readable

__all__ = ["Listener", "Matches", "OnEvent"]

Matches: TypeAlias = Callable[[Document | None], bool]
"""Whether a document version (None: it does not exist) fulfils the listener's filter."""
OnEvent: TypeAlias = Callable[[Event], object]
"""What is called with each event, in commit order, on the thread of a writer."""

_LOG: Final = logging.getLogger("lakesim.listen")


class Listener:
    """Receives the events of one filter in commit order, starting with `welcome`.

    Read by iterating (blocks for the next event, ends after `close`), `get` (blocks, with a bound), `poll` (never
    blocks) or `drain` (all there is). A reader that falls `queue_max` events behind finds an error event as its last;
    writers never wait. With `on_event` nothing is queued. A context manager: leaving it closes the listener.
    """

    def __init__(
        self,
        name: str,
        matches: Matches,
        options: EventOptions,
        *,
        queue_max: int,
        on_event: OnEvent | None = None,
        on_close: Callable[[Listener], None],
        readable: Readable | None = None,
    ) -> None:
        """Make a listener; `Hub.listen` does that and registers it."""
        self.name = name
        self.readable = readable
        """Which states of documents its owner may read; None for all."""
        self.matches = matches
        self.options = options
        self.on_event = on_event
        self.error: LakeError | Exception | None = None
        """Why the listener ended, if not by `close`."""
        self.on_break: Callable[[], object] | None = None
        """What is called when the connection is lost, for those who are handed events and wait for none."""
        self._queue: deque[Event] = deque()
        self._queue_max = queue_max
        self._on_close = on_close
        self._changed = Condition()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether no further events will come (some may still wait to be read)."""
        return self._closed

    def offer(self, event: Event) -> None:
        """Queue an event for the reader; called by the hub, never blocks."""
        with self._changed:
            if self._closed:
                return
            if len(self._queue) < self._queue_max:
                self._queue.append(event)
                self._changed.notify_all()
                return
        self.fail(ListenerOverflowError(self.name, self._queue_max))

    def call(self, event: Event) -> None:
        """Hand an event to the callback; one that raises ends the listener, not the writer, and is logged."""
        if self._closed or self.on_event is None:
            return
        try:
            self.on_event(event)
        except Exception as error:
            _LOG.exception("listener %s: its callback raised, so it is closed", self.name)
            self.error = error
            self.close()

    def fail(self, error: LakeError) -> None:
        """End the listener with an error event as its last."""
        with self._changed:
            if self._closed:
                return
            self.error = error
            self._queue.append(error_event(error))
        self.close()

    def break_off(self, error: LakeError) -> None:
        """End the listener as a lost connection would: without a last event."""
        self.error = error
        self.close()
        if self.on_break is not None:
            self.on_break()

    def close(self) -> None:
        """Stop receiving; events that wait can still be read. A second time has no effect."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._on_close(self)

    def poll(self) -> Event | None:
        """Return the next event, or None if none waits."""
        with self._changed:
            return self._queue.popleft() if self._queue else None

    def drain(self) -> list[Event]:
        """Return every event that waits, oldest first."""
        with self._changed:
            events = list(self._queue)
            self._queue.clear()
            return events

    def get(self, timeout: float | None = None) -> Event | None:
        """Wait for the next event and return it; None when `timeout` seconds have passed or the listener has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed, timeout)
            return self._queue.popleft() if self._queue else None

    def __iter__(self) -> Iterator[Event]:
        """Iterate over events as they come; ends when the listener is closed and everything is read."""
        while (event := self.get()) is not None:
            yield event

    def __enter__(self) -> Listener:
        """Return the listener itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the listener."""
        self.close()
