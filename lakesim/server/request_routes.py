"""The log of requests over HTTP: `/_lake/requests` shows it, filtered on request, and clears it."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Final

from starlette.datastructures import QueryParams
from starlette.responses import Response

from lakesim.errors import BadRequestError
from lakesim.faults.operation import KINDS
from lakesim.server.call import Call
from lakesim.server.controls import check_params
from lakesim.server.endpoint import RouteSpec
from lakesim.server.request_log import LoggedRequest
from lakesim.server.wire import json_answer, number
from lakesim.suggest import among

__all__ = ["REQUEST_ROUTES"]

_WHAT: Final = "the log of requests"
_FILTERS: Final = ("method", "path", "dataset", "kind", "status", "tag", "requestId", "project")
_STATUS: Final = re.compile(r"[1-5](\d\d|xx)", re.ASCII)


def list_requests(call: Call) -> Response:
    """Show the last requests, oldest first; `since` an id, `limit` keeps the newest, `path` is a glob.

    Raises: BadRequestError for a malformed or unknown parameter.
    """
    call.caller.require_management(_WHAT)
    check_params(call, *_FILTERS, "since", "limit")
    log = call.projects.requests
    # Read before the entries: one that comes meanwhile is shown again next time, not lost.
    last = log.last
    found = log.entries(_filter(call.params), since=number(call.params, "since") or 0)
    limit = number(call.params, "limit")
    if limit is not None:
        found = found[len(found) - limit :] if limit < len(found) else found
    return json_answer({"requests": [entry.to_wire() for entry in found], "last": last})


def _filter(params: QueryParams) -> Callable[[LoggedRequest], bool]:
    wanted = {name: params[name] for name in _FILTERS if name in params}
    if wanted.get("kind", KINDS[0]) not in KINDS:
        raise BadRequestError(f'Unknown kind: "{wanted["kind"]}"' + among(wanted["kind"], KINDS))
    if "status" in wanted and not _STATUS.fullmatch(wanted["status"]):
        raise BadRequestError(f'Invalid value for status: "{wanted["status"]}" (right would be "404" or "4xx")')

    def keep(entry: LoggedRequest) -> bool:
        shown = {
            "method": entry.method,
            "dataset": entry.dataset,
            "kind": entry.kind,
            "tag": entry.tag,
            "requestId": entry.request_id,
            "project": entry.project,
        }
        return (
            all(shown[name] == value for name, value in wanted.items() if name in shown)
            and ("path" not in wanted or fnmatchcase(entry.path, wanted["path"]))
            and ("status" not in wanted or _has_status(entry, wanted["status"]))
        )

    return keep


def _has_status(entry: LoggedRequest, wanted: str) -> bool:
    text = str(entry.status)
    return text[0] == wanted[0] if wanted.endswith("xx") else text == wanted


def clear_requests(call: Call) -> Response:
    """Forget all requests; the numbers go on."""
    call.caller.require_management(_WHAT)
    check_params(call)
    return json_answer({"deleted": call.projects.requests.clear()})


REQUEST_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/_lake/requests", list_requests),
    ("DELETE", "/_lake/requests", clear_requests),
]
