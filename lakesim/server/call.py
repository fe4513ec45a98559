"""One request taken apart: project, caller, API version, parameters and body."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import QueryParams
from starlette.requests import Request

from lakesim.errors import BadRequestError
from lakesim.lake import Dataset
from lakesim.server.access import Access, Caller
from lakesim.server.gateway import PayloadTooLargeError
from lakesim.server.projects import DatasetRecord, Project, Projects
from lakesim.server.wire import check_tag

__all__ = ["Call", "host_of", "project_named", "take"]

PROJECT_HEADER: Final = "x-sanity-project-id"
_VERSION: Final = re.compile(r"1|X|\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that may be carried out: its form, its project and its caller are known."""

    method: str
    version: str
    """The API version without its `v`: `1`, `X` or a date; empty below `/_lake`."""
    params: QueryParams
    path: Mapping[str, str]
    """The parts of the path that the route names."""
    headers: Mapping[str, str]
    body: bytes
    projects: Projects
    project: Project
    caller: Caller

    @property
    def record(self) -> DatasetRecord:
        """The dataset that the path names.

        Raises: DatasetNotFoundError.
        """
        return self.project.record(self.path["dataset"])

    @property
    def readable(self) -> Dataset:
        """What the caller may read of the dataset that the path names: all of it or nothing.

        Raises: DatasetNotFoundError.
        """
        return self.project.readable(self.path["dataset"], reads=self.caller.role.reads)

    def since(self, date: str) -> bool:
        """Whether the API version behaves as of `date` (content-lake reference, section 0.2)."""
        # Dates compare as text, "1" is older than all of them and "X" newer.
        return self.version >= date


async def take(request: Request, projects: Projects, access: Access) -> Call:
    """Return the call that a request makes; the body is read.

    Raises: SessionNotFoundError, BadRequestError for a malformed version, tag or project id, PayloadTooLargeError.
    """
    caller = access.caller(request.headers.get("authorization"))
    version = request.path_params.get("version", "")
    if version and not _VERSION.fullmatch(version):
        raise BadRequestError(
            f'Invalid API version: "v{version}" (right would be v1, vX or a date such as v2025-02-19)'
        )
    params = request.query_params
    check_tag(params)
    project = projects.project(project_named(request))
    body = await _body(request, project.lake.limits.mutation_body_bytes_max)
    return Call(
        request.method,
        version,
        params,
        request.path_params,
        request.headers,
        body,
        projects,
        project,
        caller,
    )


async def _body(request: Request, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise PayloadTooLargeError(limit)
        parts.append(part)
    return b"".join(parts)


def project_named(request: Request) -> str | None:
    """Return the project id of a request: from its path, its header or the first label of its host; None: it has none.

    Source: content-lake reference, section 0.1. An address or a host of one label names no project.
    """
    from_path: str | None = request.path_params.get("project")
    given = from_path or request.headers.get(PROJECT_HEADER)
    if given:
        return given
    host = host_of(request.headers.get("host", ""))
    label, dot, _ = host.partition(".")
    return label if dot and not _is_address(host) else None


def host_of(netloc: str) -> str:
    """Return the host of `HOST:PORT` in lower case, without port and brackets."""
    if netloc.startswith("["):
        return netloc[1:].partition("]")[0].lower()
    return netloc.partition(":")[0].lower()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
