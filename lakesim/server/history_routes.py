"""The past: documents at a revision or time, and the log of transactions (content-lake reference, section 6.2)."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from lakesim.activity import document_events, page_of, release_events
from lakesim.errors import BadRequestError
from lakesim.ids import release_document_id, validate_id
from lakesim.jsonvalue import dump_bytes
from lakesim.lake import Dataset
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.wire import boolean, json_answer, ndjson_answer, number, wants_effects

__all__ = ["HISTORY_ROUTES"]

_POINTS: Final = ("revision", "time", "lastRevision")
_CREATING: Final = ("create", "createOrReplace", "createIfNotExists")
_SYSTEM_FIELDS: Final = ("_id", "_type", "_rev", "_createdAt", "_updatedAt")


def documents(call: Call) -> Response:
    """Return documents as they stood at one point; those that did not exist then are left out."""
    given = [name for name in _POINTS if name in call.params]
    if len(given) != 1:
        said = "none" if not given else " and ".join(given)
        raise BadRequestError(f"Give exactly one of {', '.join(_POINTS)}; this request has {said}")
    dataset = call.dataset
    found = [_at_point(dataset, document_id, given[0], call) for document_id in _ids(call)]
    return json_answer({"documents": [document for document in found if document is not None]})


def _at_point(dataset: Dataset, document_id: str, point: str, call: Call) -> dict[str, Any] | None:
    value = call.params[point]
    if point == "revision":
        return dataset.revision(document_id, value)
    if point == "time":
        return dataset.at(document_id, value)
    last = boolean(call.params, "lastRevision", False)
    return dataset.last_revision(document_id) if last else dataset.get(document_id)


def transactions(call: Call) -> Response:
    """Return the transactions that touched any of the documents, as JSON lines."""
    params = call.params
    authors = params.get("authors")
    rows = call.dataset.transactions(
        _ids(call),
        from_transaction=params.get("fromTransaction"),
        to_transaction=params.get("toTransaction"),
        from_time=params.get("fromTime"),
        to_time=params.get("toTime"),
        authors=None if authors is None else authors.split(","),
        reverse=boolean(params, "reverse", False),
        limit=number(params, "limit"),
        exclude_mutations=boolean(params, "excludeMutations", False),
        include_effects=wants_effects(params),
        include_identified_documents_only=boolean(params, "includeIdentifiedDocumentsOnly", False),
    )
    if boolean(params, "excludeContent", False):
        rows = [_without_contents(row) for row in rows]
    return ndjson_answer([dump_bytes(row) + b"\n" for row in rows])


def document_history(call: Call) -> Response:
    """Return what happened to one document, newest first, a page at a time."""
    document_id = validate_id(call.path["id"], call.project.lake.limits)
    dataset = call.dataset
    events = document_events(dataset.remembered_log(), document_id, anonymous=dataset.choices.anonymous_identity)
    page, cursor = _page(call, events)
    return json_answer({"events": {document_id: page}, "nextCursor": cursor})


def release_history(call: Call) -> Response:
    """Return what happened to one release, newest first, a page at a time."""
    # Studios ask with the name; the document's id says the same.
    name = call.path["name"].removeprefix(release_document_id(""))
    dataset = call.dataset
    events = release_events(dataset.remembered_log(), name, anonymous=dataset.choices.anonymous_identity)
    page, cursor = _page(call, events)
    return json_answer({"events": page, "nextCursor": cursor})


def _page(call: Call, events: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    return page_of(events, limit=number(call.params, "limit"), cursor=call.params.get("nextCursor", ""))


def _without_contents(row: dict[str, Any]) -> dict[str, Any]:
    """Reduce the documents that a transaction's mutations create to their system fields."""
    if "mutations" not in row:
        return row
    reduced = [
        {
            kind: {name: value[name] for name in _SYSTEM_FIELDS if name in value} if kind in _CREATING else value
            for kind, value in mutation.items()
        }
        for mutation in row["mutations"]
    ]
    return {**row, "mutations": reduced}


def _ids(call: Call) -> list[str]:
    return [document_id for document_id in call.path["ids"].split(",") if document_id]


HISTORY_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/data/history/{dataset}/documents/{ids}", documents),
    ("GET", "/data/history/{dataset}/transactions/{ids}", transactions),
    ("GET", "/data/history/{dataset}/events/documents/{id}", document_history),
    ("GET", "/data/history/{dataset}/events/releases/{name}", release_history),
]
