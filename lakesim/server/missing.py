"""Answers to paths that are no endpoint here, by name where the service has one."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from lakesim.server.gateway import EndpointNotFoundError, MethodNotAllowedError
from lakesim.server.wire import error_answer
from lakesim.suggest import did_you_mean

__all__ = ["method_not_allowed", "not_found"]

ABSENT: Final = {
    r"/data/live/.*": "live events; /data/listen tells of changes",
    r"/data/history/[^/]+/events/.*": "history events; /data/history/DATASET/transactions/IDS has the log",
    r"/data/references/.*": "references; ask GROQ's references()",
    r"/data/stats/.*": "statistics of a dataset",
    r"/assets/.*": "assets",
    r"/(images|files)/.*": "assets",
    r"/graphql/.*": "GraphQL",
    r"/(projects/[^/]+/)?users/.*": "users other than /users/me",
    r"/auth/.*": "logging in; send a token instead",
    r"/projects/[^/]+/(grants|roles|.*)": "this part of a project",
    r"/datasets/.*": "this part of a dataset",
    r"/(features|user-applications|intake/.*)": "the Studio's management",
    r"/(media-libraries|canvases|dashboards|agent|embeddings-index|hooks|schedules|jobs|vX)/.*": "this resource",
}
"""Paths below the API version that the service has and this server has not yet: what they are, what comes nearest."""
CONTROLS_ABSENT: Final = ("seed", "faults", "requests")
CONTROLS: Final = ("health", "reset", "clock", "transactions")

_VERSIONED: Final = re.compile(r"/v[^/]+(/.*)")


async def not_found(request: Request, error: Exception) -> Response:
    """Answer 404 and say whether the service has the endpoint."""
    return error_answer(EndpointNotFoundError(_reason(request.method, request.url.path)))


async def method_not_allowed(request: Request, error: Exception) -> Response:
    """Answer 405."""
    return error_answer(MethodNotAllowedError(f"{request.url.path} cannot be asked with {request.method}"))


def _reason(method: str, path: str) -> str:
    asked = f"{method} {path}"
    if path.startswith("/_lake/"):
        name = path.removeprefix("/_lake/")
        if name in CONTROLS_ABSENT:
            return f"{asked}: this control is not supported yet; there are: {', '.join(CONTROLS)}"
        return f"{asked}: there is no such control; there are: {', '.join(CONTROLS)}.{did_you_mean(name, CONTROLS)}"
    versioned = _VERSIONED.fullmatch(path)
    if versioned is None:
        return f"{asked}: no such endpoint; paths start with an API version, such as /v2025-02-19/data/query/production"
    for pattern, what in ABSENT.items():
        if re.fullmatch(pattern, versioned[1]):
            return f"{asked}: not supported yet by lakesim: {what}"
    return f"{asked}: no such endpoint"
