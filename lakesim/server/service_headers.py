"""The headers that the service sends with every answer of its API (content-lake reference, section 0.4).

The limits in them are told and not enforced: a lake in a test is asked as fast as it can answer. `traceparent` names
the request, so clients show it with an error; like the request's own id it counts up, so that runs are alike.
"""

from __future__ import annotations

import hashlib
from itertools import count
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lakesim.clock import Clock
from lakesim.server.request_kind import below_version

__all__ = ["SHARD", "ServiceHeaders"]

SHARD: Final = "lakesim"
"""The name of the one machine that serves all datasets."""
RATE_LIMIT: Final = b"500"
"""Requests a second from one address (reference, section 9)."""
INFLIGHT_LIMIT: Final = b"100"
"""Requests at once to one dataset, as seen on the wire."""

_FIXED: Final = (
    (b"ratelimit-limit", RATE_LIMIT),
    (b"ratelimit-remaining", b"499"),
    (b"ratelimit-reset", b"1"),
    (b"x-ratelimit-limit-second", RATE_LIMIT),
    (b"x-ratelimit-remaining-second", b"499"),
    (b"sanity-inflight-limit", INFLIGHT_LIMIT),
    (b"sanity-inflight-current", b"1"),
    (b"sanity-gateway", b"lakesim"),
    (b"x-served-by", b"lakesim"),
    (b"x-sanity-shard", SHARD.encode()),
)


class ServiceHeaders:
    """Middleware that adds the headers to answers of the versioned API; not to files and the emulator's controls."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application to wrap."""
        self._app = app
        self._numbers = count(1)
        # Of its own: requests take the machine's time, whatever the lakes' clocks say.
        self._clock = Clock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or below_version(path) == path:
            await self._app(scope, receive, send)
            return
        started = self._clock.monotonic()
        trace = _trace(next(self._numbers))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                names = {name for name, _ in given}
                took = f"api;dur={(self._clock.monotonic() - started) * 1000:.0f}".encode()
                more = (*_FIXED, (b"server-timing", took), (b"traceparent", trace))
                message["headers"] = [*given, *((name, value) for name, value in more if name not in names)]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _trace(number: int) -> bytes:
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-01".encode()
