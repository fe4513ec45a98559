"""What was asked of the server lately: a bounded log of requests, and the middleware that keeps it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lakesim.clock import Clock, format_micros
from lakesim.server.request_kind import is_control, kind_of

__all__ = ["HIT_RULES", "REQUESTS_MAX", "LoggedRequest", "RequestLog", "RequestLogging"]

REQUESTS_MAX: Final = 1_000
"""Requests that the log remembers."""
HIT_RULES: Final = "lakesim.faults"
"""Where a request's scope keeps the ids of the fault rules that hit it."""
REQUEST_ID: Final = "x-request-id"
"""The header that names a request; the client's own is kept."""
_ID_LENGTH_MAX: Final = 128
_PROJECT: Final = "x-sanity-project-id"


@dataclass(slots=True)
class LoggedRequest:
    """One request. Units: `ms` in milliseconds, bytes of bodies; both grow until the answer is complete (`done`)."""

    number: int
    request_id: str
    time: str
    method: str
    path: str
    query: str
    kind: str
    dataset: str | None
    project: str | None
    tag: str | None
    status: int | None = None
    """None until the answer begins, and for good where the connection broke without one."""
    ms: float | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    done: bool = False
    faults: tuple[str, ...] = ()
    """The ids of the fault rules that hit."""

    def to_wire(self) -> dict[str, Any]:
        """Return the entry as JSON; `since` takes its `id`."""
        return {
            "id": self.number,
            "requestId": self.request_id,
            "time": self.time,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "kind": self.kind,
            "dataset": self.dataset,
            "project": self.project,
            "tag": self.tag,
            "status": self.status,
            "ms": None if self.ms is None else round(self.ms, 3),
            "bytesIn": self.bytes_in,
            "bytesOut": self.bytes_out,
            "done": self.done,
            "faults": list(self.faults),
        }


class RequestLog:
    """The last requests of a server, oldest first; those to the emulator's own controls are left out."""

    def __init__(self, *, size: int = REQUESTS_MAX) -> None:
        """Start empty."""
        # Of its own: requests take the machine's time, whatever the lakes' clocks say.
        self.clock: Final = Clock()
        self._entries: deque[LoggedRequest] = deque(maxlen=size)
        self._lock = Lock()
        self._number = 0

    @property
    def last(self) -> int:
        """The number of the latest request, 0 before the first; clearing does not set it back."""
        return self._number

    def begin(self, scope: Scope) -> LoggedRequest:
        """Note a request that has just come."""
        headers = Headers(scope=scope)
        path: str = scope["path"]
        query: str = scope["query_string"].decode("latin-1")
        about = kind_of(path)
        with self._lock:
            self._number += 1
            entry = LoggedRequest(
                number=self._number,
                request_id=_request_id(headers.get(REQUEST_ID), self._number),
                time=format_micros(self.clock.now()),
                method=scope["method"],
                path=path,
                query=query,
                kind=about.kind,
                dataset=about.dataset,
                project=about.project or headers.get(_PROJECT),
                tag=parse_qs(query).get("tag", [None])[0] if "tag=" in query else None,
            )
            self._entries.append(entry)
        return entry

    def entries(self, keep: Callable[[LoggedRequest], bool], *, since: int = 0) -> list[LoggedRequest]:
        """Return the requests after number `since` that are to be kept, oldest first."""
        with self._lock:
            found = list(self._entries)
        return [entry for entry in found if entry.number > since and keep(entry)]

    def clear(self) -> int:
        """Forget all requests and return how many there were."""
        with self._lock:
            count = len(self._entries)
            self._entries.clear()
        return count


def _request_id(given: str | None, number: int) -> str:
    if given and len(given) <= _ID_LENGTH_MAX and given.isascii() and given.isprintable():
        return given
    return f"request-{number}"


class RequestLogging:
    """Middleware that notes every request, and tells its id in the answer."""

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        """Take the application to wrap and the log to keep."""
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or is_control(scope["path"]):
            await self._app(scope, receive, send)
            return
        clock = self._log.clock
        entry = self._log.begin(scope)
        started = clock.monotonic()

        def finish() -> None:
            if not entry.done:
                entry.ms = (clock.monotonic() - started) * 1000
                entry.faults = scope.get(HIT_RULES, ())
                entry.done = True

        async def receive_and_count() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                entry.bytes_in += len(message.get("body", b""))
            return message

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = entry.request_id
            elif message["type"] == "http.response.body":
                entry.bytes_out += len(message.get("body", b""))
                if not message.get("more_body", False):
                    # Before the client can see the end, so that whoever has an answer finds it in the log.
                    finish()
            await send(message)

        try:
            await self._app(scope, receive_and_count, send_and_count)
        finally:
            finish()
