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
from lakesim.server.request_kind import CONTROLS, is_control
from lakesim.server.wire import error_answer

__all__ = ["Cors"]

METHODS: Final = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
EXPOSED: Final = "X-Sanity-Shard, X-Sanity-Warning, Retry-After, ETag, Traceparent"
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
        if is_control(scope["path"]):
            foreign = _from_foreign_page(headers)
            answer = error_answer(
                ForbiddenError(
                    f"{CONTROLS} cannot be used from a page of another origin, nor by a host name of the internet"
                )
            )
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
    netloc = headers.get("host", "")
    # A page whose own name was pointed at this machine is of the same origin as we are, by name; so names of the
    # internet do not count, whoever sends them: a browser does not always say that it is one.
    if not _is_local(host_of(netloc)):
        return True
    origin = headers.get("origin")
    if origin is not None:
        return origin not in (f"http://{netloc}", f"https://{netloc}")
    return headers.get("sec-fetch-site", "none") not in _OWN_PAGE


def _is_local(host: str) -> bool:
    """Whether a host is an address, `localhost` or below it, or a name without a dot, which no page can have."""
    if "." not in host or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
