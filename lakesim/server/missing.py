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
    r"/graphql/.*": "GraphQL; ask in GROQ",
    r"/auth/.*": "logging in; send a token instead",
    r"/(projects/[^/]+/)?datasets/[^/]+/copy": "copying a dataset; export it and import it into another",
    r"/(projects/[^/]+/)?aliases(/.*)?": "dataset aliases; use the dataset's own name",
    r"/(projects/[^/]+/)?(datasets/[^/]+/)?tags(/.*)?": "dataset tags",
    r"/projects/[^/]+/datasets/[^/]+/.*": "this part of a dataset",
    r"/projects/[^/]+/.*": "this part of a project",
    r"/datasets/.*": "this part of a dataset",
    r"/users/.*": "this part of a user",
    r"/socket/.*": "presence over web sockets",
    r"/(schedules|journey|intake|subscriptions|invitations|organizations)(/.*)?": "the Studio's management",
    r"/(agent|embeddings-index|hooks|jobs|functions)(/.*)?": "this service beside the lake",
    r"/(media-libraries|canvases|dashboards)(/.*)?": "this resource; only projects and their datasets are here",
}
"""Paths below the API version that the service has and this server has not yet: what they are, what comes nearest."""
CONTROLS: Final = ("health", "reset", "clock", "transactions", "seed", "faults", "requests")

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
        return f"{asked}: there is no such control; there are: {', '.join(CONTROLS)}.{did_you_mean(name, CONTROLS)}"
    versioned = _VERSIONED.fullmatch(path)
    if versioned is None:
        return f"{asked}: no such endpoint; paths start with an API version, such as /v2025-02-19/data/query/production"
    for pattern, what in ABSENT.items():
        if re.fullmatch(pattern, versioned[1]):
            return f"{asked}: not supported yet by lakesim: {what}"
    return f"{asked}: no such endpoint"
