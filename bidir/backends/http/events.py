"""A listener over HTTP: a thread reads the stream, connects again where it breaks, and resumes where it was.

Source: content-lake reference, sections 5.1 to 5.4.
"""

from __future__ import annotations

import socket
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from threading import Condition, Thread
from typing import Any, Final

import httpx2

from bidir.backends.http.connection import Connection, delay_before
from bidir.errors import BackendError, RateLimited, Refused, Unavailable
from lakesim.jsonvalue import JsonDecodeError, loads

__all__ = ["SILENCE_SECONDS", "HttpEventStream"]

SILENCE_SECONDS: Final = 60.0
"""Silence after which a stream is taken for dead: several of the service's keep-alive comments."""
OPENING_SECONDS_MAX: Final = 30.0
"""How long the first event may take."""
EVENTS_WAITING_MAX: Final = 100_000
"""Events that wait for a reader; past it the stream starts anew with a reset, so that a slow reader costs no memory."""
SEEN_MAX: Final = 10_000
"""Events remembered, so that one told again after a reconnect is told once."""
URL_BYTES_MAX: Final = 14_800
"""The longest address of a listener that the service takes."""
CLOSING_SECONDS_MAX: Final = 1.0

_FIRST: Final = ("welcome", "welcomeback", "reset")
_FATAL: Final = ("channelError", "disconnect")

Event = dict[str, Any]


class HttpEventStream:
    """Events of one listener in the lake's order, each once; after an interruption without resumption a `reset`.

    `position` is the id of the last event handed out, which is where another stream can go on, and `timestamp` its
    time (`opened_at` until there is one). Once the lake has ended the stream for good, reading raises what it said.
    """

    def __init__(
        self,
        connection: Connection,
        params: Mapping[str, str],
        *,
        opened_at: str = "",
        last_event_id: str | None = None,
        on_close: Callable[[HttpEventStream], object] | None = None,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        """Connect and wait for the first event, so that nothing that happens from here on is missed.

        Raises: BackendError where the lake refuses or is away.
        """
        self._connection = connection
        self._params = {**params, "enableResume": "true"}
        self._silence = silence
        self._on_close = on_close
        self._changed = Condition()
        self._queue: deque[tuple[Event, str]] = deque()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._last_id = last_event_id
        self._connected = False
        self._closed = False
        self._failure: Exception | None = None
        self._response: httpx2.Response | None = None
        self.position = last_event_id or ""
        self.timestamp = opened_at
        size = len(str(httpx2.URL(connection.address.path("listen"), params=self._params)))
        if size > URL_BYTES_MAX:
            raise Refused(f"the listener's filter and parameters make {size} characters; at most {URL_BYTES_MAX} fit")
        self._thread = Thread(target=self._run, name="bidir-events", daemon=True)
        self._thread.start()
        self._wait_until_open()

    # -------------------------------------------------------------------------------------------------- reading

    def drain(self) -> list[Event]:
        """Return every event that waits, without blocking.

        Raises: Refused, Unavailable once the lake has ended the stream and everything before was read.
        """
        with self._changed:
            events = [self._handed_out(*self._queue.popleft()) for _ in range(len(self._queue))]
            if not events and self._failure is not None and not self._closed:
                raise self._failure
        return events

    def get(self, timeout: float | None = None) -> Event | None:
        """Wait up to `timeout` seconds (None: for ever) for the next event; None if none came or the stream is closed.

        Raises: as `drain`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed or self._failure is not None, timeout)
            if self._queue:
                return self._handed_out(*self._queue.popleft())
            if self._failure is not None and not self._closed:
                raise self._failure
        return None

    def close(self) -> None:
        """Stop listening; what waits is dropped."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._queue.clear()
            self._changed.notify_all()
        self._interrupt()
        self._thread.join(CLOSING_SECONDS_MAX)
        if self._on_close is not None:
            self._on_close(self)

    def _handed_out(self, event: Event, position: str) -> Event:
        self.position = position
        stamp = event.get("timestamp")
        if isinstance(stamp, str):
            self.timestamp = stamp
        return event

    # ------------------------------------------------------------------------------------------------- the thread

    def _wait_until_open(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._connected or self._failure is not None, OPENING_SECONDS_MAX)
            if self._connected:
                # Where the stream begins, whether or not its first event is read before anybody asks.
                self.position = self._queue[0][1]
                return
            failure = self._failure
        self.close()
        raise failure or Unavailable(f"{self._connection.address}: the listener did not start", type="noAnswer")

    def _run(self) -> None:
        try:
            self._listen_on()
        except Exception as error:
            # Nobody sees a thread die; whoever reads must.
            self._fail(error)

    def _listen_on(self) -> None:
        attempt = 0
        while not self._closed:
            try:
                was_connected = self._listen_once()
                attempt = 0 if was_connected else attempt
                refused: BackendError | None = None
            except BackendError as error:
                refused = error
            except httpx2.TransportError as error:
                refused = Unavailable(f"{self._connection.address}: {error or type(error).__name__}")
            if refused is not None and (not self._connected or not _passes(refused)):
                raise refused
            attempt += 1
            wait = delay_before(attempt, self._connection.clock)
            if isinstance(refused, RateLimited):
                wait = max(wait, refused.retry_after)
            with self._changed:
                self._changed.wait_for(lambda: self._closed, wait)

    def _listen_once(self) -> bool:
        """Read one connection to its end; return whether it had begun well.

        Raises: BackendError, httpx2.TransportError.
        """
        began = False
        with self._connection.events(self._params, silence=self._silence, last_event_id=self._last_id) as source:
            self._response = source.response
            if self._closed:
                return began
            try:
                for sent in source:
                    began = True
                    self._take(sent)
            except httpx2.TransportError:
                if not began:
                    raise
            finally:
                self._response = None
        return began

    def _take(self, sent: httpx2.ServerSentEvent) -> None:
        try:
            data = loads(sent.data) if sent.data else {}
        except JsonDecodeError:
            data = {}
        event: Event = {"type": sent.event, **(data if isinstance(data, dict) else {})}
        kind = sent.event
        if kind in _FATAL:
            self._refuse(event)
        resumes = self._connected and kind in _FIRST
        if resumes and kind == "welcome":
            # The lake does not know where we were: what happened meanwhile is not going to be told.
            event = {**event, "type": "reset"}
        if sent.id:
            self._last_id = sent.id
        if kind == "mutation" and self._is_known(sent.id):
            return
        with self._changed:
            if len(self._queue) >= EVENTS_WAITING_MAX:
                self._queue.clear()
                event = {"type": "reset"}
            self._queue.append((event, self._last_id or ""))
            self._connected = self._connected or kind in _FIRST
            self._changed.notify_all()

    def _is_known(self, event_id: str) -> bool:
        if not event_id:
            return False
        if event_id in self._seen:
            return True
        self._seen[event_id] = None
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        return False

    def _refuse(self, event: Event) -> None:
        error = event.get("error")
        said = error if isinstance(error, dict) else event
        text = said.get("description") or said.get("reason") or said.get("message") or "the lake ended the stream"
        raise Refused(str(text), type=str(said.get("type", event["type"])))

    def _fail(self, failure: Exception) -> None:
        with self._changed:
            self._failure = failure
            self._changed.notify_all()

    def _interrupt(self) -> None:
        """Wake the thread out of its waiting for bytes: closing a socket does not, shutting it down does."""
        response = self._response
        stream = None if response is None else response.extensions.get("network_stream")
        sock = None if stream is None else stream.get_extra_info("socket")
        if isinstance(sock, socket.socket):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _passes(error: BackendError) -> bool:
    """Whether a refusal may pass by itself; a token that is no longer valid, for one, does not."""
    return isinstance(error, (Unavailable, RateLimited)) or error.type == str(HTTPStatus.REQUEST_TIMEOUT)
