"""Cross-origin answers: every origin is admitted with credentials, on errors too, but not to the emulator's controls.

Source: content-lake reference, section 0.8, and the Studio's inventory, section 3.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lakesim.server.call import host_of
from lakesim.server.gateway import ForbiddenError
from lakesim.server.wire import error_answer

__all__ = ["CONTROLS", "Cors"]

CONTROLS: Final = "/_lake"
"""The path below which the emulator's own controls lie."""
METHODS: Final = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
EXPOSED: Final = "X-Sanity-Shard, X-Sanity-Warning, Retry-After, ETag"
PREFLIGHT_SECONDS: Final = "600"
_OWN_PAGE: Final = ("same-origin", "none")


class Cors:
    """Middleware that answers preflights and adds the headers that a page on another origin needs."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application to wrap."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path: str = scope["path"]
        if path == CONTROLS or path.startswith(f"{CONTROLS}/"):
            foreign = _from_foreign_page(headers)
            answer = error_answer(ForbiddenError(f"{CONTROLS} cannot be used from a page of another origin"))
            await (answer if foreign else self._app)(scope, receive, send)
            return
        origin = headers.get("origin")
        if origin is None:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(origin, headers)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _admit(MutableHeaders(scope=message), origin)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _admit(headers: MutableHeaders, origin: str) -> None:
    headers["access-control-allow-origin"] = origin
    headers["access-control-allow-credentials"] = "true"
    headers["access-control-expose-headers"] = EXPOSED
    headers.add_vary_header("Origin")


def _preflight(origin: str, headers: Headers) -> Response:
    answer = Response(status_code=204)
    _admit(answer.headers, origin)
    answer.headers["access-control-allow-methods"] = METHODS
    answer.headers["access-control-max-age"] = PREFLIGHT_SECONDS
    if "access-control-request-headers" in headers:
        answer.headers["access-control-allow-headers"] = headers["access-control-request-headers"]
    return answer


def _from_foreign_page(headers: Headers) -> bool:
    """Whether a page sent this that does not come from this very server, or one that hides behind a name of its own."""
    origin = headers.get("origin")
    netloc = headers.get("host", "")
    if origin is None and headers.get("sec-fetch-site", "none") in _OWN_PAGE:
        return False
    # A page whose own name was pointed at this machine is of the same origin as we are, by name; so names do not count.
    return origin not in (f"http://{netloc}", f"https://{netloc}") or not _is_local(host_of(netloc))


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
