"""One request taken apart: project, caller, API version, parameters and body."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.datastructures import QueryParams
from starlette.requests import Request

from lakesim.errors import BadRequestError
from lakesim.ids import is_version_id
from lakesim.lake import Dataset
from lakesim.limits import Limits
from lakesim.server.access import Access, Caller
from lakesim.server.gateway import PayloadTooLargeError
from lakesim.server.projects import DatasetRecord, Project, Projects
from lakesim.server.request_kind import below_version
from lakesim.server.wire import check_tag
from lakesim.store.documents import Document

__all__ = ["RELEASES_SINCE", "Call", "host_of", "project_named", "take"]

PROJECT_HEADER: Final = "x-sanity-project-id"
RELEASES_SINCE: Final = "2025-02-19"
"""The API version from which requests know releases: those that name no perspective see published documents only, and
versions of documents are there (content-lake reference, sections 0.2 and 4.4)."""
UPLOADS: Final = "/assets/"
"""The path below which files are uploaded, which may be larger than other bodies."""
SEEDING: Final = "/_lake/seed"
"""The control that takes whole datasets."""
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
    origin: str
    """How the caller reached this server, such as `http://localhost:3333`."""
    projects: Projects
    project: Project
    caller: Caller
    access: Access
    """The tokens and roles of the server."""

    @property
    def record(self) -> DatasetRecord:
        """The dataset that the path names, as the project keeps it; for what is in it there is `dataset`.

        Raises: DatasetNotFoundError.
        """
        return self.project.record(self.path["dataset"])

    @property
    def dataset(self) -> Dataset:
        """The dataset that the path names, as the caller may use it.

        This is the only way in which an endpoint reads or writes documents: what the grants of the caller's role do
        not let it read is absent from every answer of this object, history and events included, and what they do not
        let it write is refused. API versions that do not know releases do not see versions either. `record.dataset`
        knows no caller.
        Raises: DatasetNotFoundError.
        """
        dataset = self.record.as_used_by(self.caller)
        if self.version and not self.since(RELEASES_SINCE):
            return dataset.showing(_is_no_version)
        return dataset

    def since(self, first: str) -> bool:
        """Whether the API version behaves as of the date `first` (content-lake reference, section 0.2)."""
        # Dates compare as text, "1" is older than all of them and "X" newer.
        return self.version >= first


async def take(request: Request, projects: Projects, access: Access) -> Call:
    """Return the call that a request makes; the body is read.

    Raises: SessionNotFoundError, BadRequestError for a malformed version, tag or project id, PayloadTooLargeError.
    """
    caller = access.caller(request.headers.get("authorization"))
    version = request.path_params.get("version", "")
    if version and not _is_version(version):
        raise BadRequestError(
            f'Invalid API version: "v{version}" (right would be v1, vX or a date such as v2025-02-19)'
        )
    params = request.query_params
    check_tag(params)
    project = projects.project(project_named(request))
    body = await _body(request, _body_bytes_max(request, project.lake.limits))
    return Call(
        request.method,
        version,
        params,
        request.path_params,
        request.headers,
        body,
        f"{request.url.scheme}://{request.url.netloc}",
        projects,
        project,
        caller,
        access,
    )


def _is_version(text: str) -> bool:
    if not _VERSION.fullmatch(text):
        return False
    try:
        return len(text) == 1 or bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_no_version(document: Document) -> bool:
    return not is_version_id(document["_id"])


def _body_bytes_max(request: Request, limits: Limits) -> int:
    upload = below_version(request.url.path).startswith((UPLOADS, SEEDING))
    return limits.upload_bytes_max if upload else limits.mutation_body_bytes_max


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
