"""Embeddings of a dataset, which are always off here (content-lake reference, section 6.6)."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from lakesim.errors import InvalidRequestBodyError, NotSupportedError
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.wire import json_answer, json_object

__all__ = ["EMBEDDINGS_ROUTES", "refuse_embeddings"]

_FIELDS: Final = ("enabled", "projection")


def settings(call: Call) -> Response:
    """Say that embeddings are off.

    Raises: DatasetNotFoundError.
    """
    return json_answer(_settings(call))


def _settings(call: Call) -> dict[str, Any]:
    # Names the dataset, so that one that is not there is refused.
    return {"enabled": False, "status": "disabled", "datasetName": call.record.dataset.name}


def edit_settings(call: Call) -> Response:
    """Take settings that leave embeddings off.

    Raises: ForbiddenError, InvalidRequestBodyError, NotSupportedError, DatasetNotFoundError.
    """
    call.caller.require_dataset_management("editing a dataset")
    refuse_embeddings(json_object(call.body, fields=_FIELDS, required=("enabled",)))
    return json_answer(_settings(call))


def refuse_embeddings(settings: object) -> None:
    """Refuse settings that switch embeddings on; None says nothing about them.

    Raises: InvalidRequestBodyError, NotSupportedError.
    """
    if settings is None:
        return
    if not isinstance(settings, dict) or not isinstance(settings.get("enabled"), bool):
        raise InvalidRequestBodyError('embeddings: expected an object such as {"enabled": false}')
    if settings["enabled"]:
        raise NotSupportedError("Embeddings are not supported; leave them off and search with `match` and `score()`")


EMBEDDINGS_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/datasets/{dataset}/settings/embeddings", settings),
    ("PUT", "/datasets/{dataset}/settings/embeddings", edit_settings),
    ("GET", "/projects/{project}/datasets/{dataset}/settings/embeddings", settings),
    ("PUT", "/projects/{project}/datasets/{dataset}/settings/embeddings", edit_settings),
]
