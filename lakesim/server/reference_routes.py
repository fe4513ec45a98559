"""Who refers to a document, from this dataset and from the project's others (content-lake reference, section 6.9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from starlette.responses import Response

from lakesim.errors import DocumentNotFoundError
from lakesim.ids import validate_id
from lakesim.jsonvalue import Json
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.projects import DatasetRecord
from lakesim.server.wire import boolean, json_answer

__all__ = ["REFERENCE_ROUTES"]

Segments = tuple[str | int, ...]


def referring_documents(call: Call) -> Response:
    """List the documents that refer to one, each with the places of its references.

    Referrers in other projects cannot be known here.
    Raises: DocumentNotFoundError.
    """
    document_id = validate_id(call.path["id"], call.project.lake.limits)
    if call.dataset.get(document_id) is None:
        raise DocumentNotFoundError(document_id)
    internal = not boolean(call.params, "excludeInternalReferences", False)
    paths = not boolean(call.params, "excludePaths", False)
    target = call.record
    found = []
    for record in call.project.records():
        if record is target and not internal:
            continue
        for document in _candidates(record, call, document_id):
            places = list(_places(document, document_id, _dataset_named(record, target), ()))
            if places:
                entry: dict[str, Any] = {
                    "projectId": call.project.project_id,
                    "datasetName": record.dataset.name,
                    "documentId": document["_id"],
                }
                found.append({**entry, "paths": places} if paths else entry)
    return json_answer({"totalCount": len(found), "references": found})


def _candidates(record: DatasetRecord, call: Call, document_id: str) -> list[dict[str, Any]]:
    # The index finds every object with this `_ref`, wherever its reference leads.
    dataset = record.as_used_by(call.caller)
    found: Any = dataset.query("*[references($id)]", {"id": document_id})
    return list(found)


def _dataset_named(record: DatasetRecord, target: DatasetRecord) -> str | None:
    """Return what references in one dataset must name to lead to another; None: nothing."""
    return None if record is target else target.dataset.name


def _places(value: Json, document_id: str, dataset: str | None, path: Segments) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("_ref") == document_id and value.get("_dataset") == dataset:
            yield _text(path)
        for name, item in value.items():
            yield from _places(item, document_id, dataset, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            key = item.get("_key") if isinstance(item, dict) else None
            yield from _places(item, document_id, dataset, (*path, f'[_key=="{key}"]' if key else number))


def _text(path: Segments) -> str:
    out = ""
    for segment in path:
        if isinstance(segment, int):
            out += f"[{segment}]"
        else:
            out += segment if not out or segment.startswith("[") else f".{segment}"
    return out


REFERENCE_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/data/references/{dataset}/documents/{id}/to", referring_documents),
]
