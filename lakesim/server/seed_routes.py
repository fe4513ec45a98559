"""Seeding over HTTP: `/_lake/seed` stores the documents of its body, as an import does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.responses import Response

from lakesim.errors import BadRequestError, InvalidRequestBodyError
from lakesim.interchange import ImportMode, import_lines
from lakesim.jsonvalue import JsonDecodeError, dump_bytes, loads
from lakesim.server.call import Call
from lakesim.server.controls import check_params, controlled
from lakesim.server.endpoint import RouteSpec
from lakesim.server.projects import FIRST_DATASET
from lakesim.server.wire import json_answer
from lakesim.suggest import among

__all__ = ["SEED_ROUTES"]

_MODES: Final[dict[str, ImportMode]] = {"replace": "replace", "create": "create", "missing": "missing"}


def seed(call: Call) -> Response:
    """Store the documents of the body in a dataset, which is made if need be: all of them or none.

    The body is NDJSON, a JSON list of documents, or one document. `mode` says what happens to ids that are taken:
    `replace` (as it stands), `missing` or `create`, as for imports.
    Raises: BadRequestError, ImportFailedError naming every faulty line.
    """
    project = controlled(call, "seeding")
    check_params(call, "dataset", "mode")
    mode = call.params.get("mode", "replace")
    if mode not in _MODES:
        raise BadRequestError(f'Unknown mode: "{mode}"' + among(mode, _MODES))
    dataset = project.lake.dataset(call.params.get("dataset", FIRST_DATASET))
    report = import_lines(dataset, _lines(call.body), mode=_MODES[mode])
    return json_answer(
        {
            "dataset": dataset.name,
            "transactionId": report.transaction_id,
            "created": report.created,
            "replaced": report.replaced,
            "unchanged": report.unchanged,
            "skipped": report.skipped,
        }
    )


def _lines(body: bytes) -> Iterable[bytes]:
    """Return one line for each document, whichever way they were sent."""
    try:
        value = loads(body)
    except JsonDecodeError as error:
        if body.lstrip()[:1] == b"[":
            raise InvalidRequestBodyError(
                f"invalid JSON: {error.msg} at line {error.lineno} column {error.colno}"
            ) from None
        # Several lines are no JSON as a whole.
        return body.split(b"\n")
    return [dump_bytes(document) for document in (value if isinstance(value, list) else [value])]


SEED_ROUTES: Final[list[RouteSpec]] = [("POST", "/_lake/seed", seed)]
