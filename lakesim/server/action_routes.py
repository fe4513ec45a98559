"""Actions over the wire (content-lake reference, section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from lakesim.actions.api_version import require_api_version
from lakesim.errors import InvalidRequestBodyError
from lakesim.jsonvalue import type_name
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.wire import json_answer, json_object

__all__ = ["ACTION_ROUTES"]

_FIELDS: Final = ("actions", "transactionId", "dryRun", "skipCrossDatasetReferenceValidation")


def actions(call: Call) -> Response:
    """Carry out actions as one transaction."""
    dataset = call.dataset
    body = json_object(call.body, fields=_FIELDS, required=("actions",))
    wanted = body["actions"]
    if isinstance(wanted, list):
        # Of another form than an object an action has no version; the parser refuses it.
        known = [action if isinstance(action, Mapping) else {} for action in wanted]
        require_api_version(known, call.version)
    answer = dataset.actions(
        wanted,
        transaction_id=body.get("transactionId"),
        dry_run=_flag(body, "dryRun"),
        skip_cross_dataset_reference_validation=_flag(body, "skipCrossDatasetReferenceValidation"),
    )
    return json_answer(answer)


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRequestBodyError(f"{name}: expected a boolean, got {type_name(value)}")
    return value


def probe(call: Call) -> Response:
    """Say that there are actions, as older Studios ask.

    Raises: DatasetNotFoundError.
    """
    call.project.record(call.path["dataset"])
    return json_answer({"enabled": True, "compatibleStudioVersions": "*"})


ACTION_ROUTES: Final[list[RouteSpec]] = [
    ("POST", "/data/actions/{dataset}", actions),
    ("GET", "/data/actions/{dataset}", probe),
    ("POST", "/projects/{project}/datasets/{dataset}/actions", actions),
]
