"""Reading and mutating documents: query, doc, mutate, export, ping."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from lakesim.clock import Clock
from lakesim.errors import InsufficientPermissionsError, InvalidRequestBodyError, MutationError
from lakesim.ids import is_version_id
from lakesim.interchange import export_lines
from lakesim.jsonvalue import Json, type_name
from lakesim.patch import parse_mutations
from lakesim.perspective import RAW
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.wire import boolean, groq_params, json_answer, json_object, ndjson_answer, refuse_options

__all__ = ["DATA_ROUTES"]

RELEASES_SINCE: Final = "2025-02-19"
"""The API version from which queries know releases: those that name no perspective see published documents only, and
`raw` shows versions too (content-lake reference, sections 0.2 and 4.4)."""
SYNC_TAGS_SINCE: Final = "2021-03-25"
SHARD: Final = "lakesim"

_UNSUPPORTED_QUERY_OPTIONS: Final = {
    "resultSourceMap": "leave it out",
    "explain": "`lakesim query --explain` shows the plan of a query on a file",
    "variant": "leave it out",
    "variantCondition": "leave it out",
}
_CREATING: Final = ("create", "createOrReplace", "createIfNotExists")


def query(call: Call) -> Response:
    """Answer a GROQ query, whose text and parameters come in the query string or in a body (sections 4.1 to 4.3)."""
    clock = call.project.lake.clock
    started = clock.monotonic()
    refuse_options(call.params, _UNSUPPORTED_QUERY_OPTIONS)
    return_query = boolean(call.params, "returnQuery", True)
    text, params = _query_of(call)
    knows_releases = call.since(RELEASES_SINCE)
    result = call.readable.query(
        text,
        params,
        perspective=call.params.get("perspective", "published" if knows_releases else RAW),
        readable=None if knows_releases else _is_no_version,
    )
    answer: dict[str, Json] = {"ms": _milliseconds_since(clock, started)}
    if return_query:
        answer["query"] = text
    answer["result"] = result
    if call.since(SYNC_TAGS_SINCE):
        answer["syncTags"] = [_sync_tag(call)]
    return json_answer(answer)


def _is_no_version(document: Mapping[str, Json]) -> bool:
    return not is_version_id(document["_id"])


def _query_of(call: Call) -> tuple[str, Mapping[str, Json]]:
    if call.method != "POST":
        return call.params.get("query", ""), groq_params(call.params)
    body = json_object(call.body, fields=("query", "params"))
    text, params = body.get("query", ""), body.get("params")
    if not isinstance(text, str):
        raise InvalidRequestBodyError(f"query: expected a string, got {type_name(text)}")
    if params is not None and not isinstance(params, dict):
        raise InvalidRequestBodyError(f"params: expected an object, got {type_name(params)}")
    return text, params or {}


def _milliseconds_since(clock: Clock, started: float) -> int:
    return round((clock.monotonic() - started) * 1000)


def _sync_tag(call: Call) -> str:
    # One tag for the whole dataset: a change anywhere invalidates every answer, which is allowed (section 4.6).
    name = f"{call.project.project_id}/{call.path['dataset']}"
    return "s1:" + hashlib.sha256(name.encode()).hexdigest()[:6]


def doc(call: Call) -> Response:
    """Return stored documents by id (section 6.1)."""
    ids = [document_id for document_id in call.path["ids"].split(",") if document_id]
    found = call.readable.fetch(ids, include_all_versions=boolean(call.params, "includeAllVersions", False))
    if boolean(call.params, "excludeContent", False):
        found["documents"] = []
    return json_answer(found)


def mutate(call: Call) -> Response:
    """Apply mutations as one transaction (sections 2.1 and 2.7)."""
    dataset = call.record.dataset
    body = json_object(call.body, fields=("mutations", "transactionId"), required=("mutations",))
    if not call.caller.role.writes:
        _refuse_writing(body["mutations"], call)
    params = call.params
    # What is said here is true in any case: references into other datasets are never checked.
    boolean(params, "skipCrossDatasetReferenceValidation", False)
    answer = dataset.mutate(
        body["mutations"],
        transaction_id=body.get("transactionId", params.get("transactionId")),
        return_documents=boolean(params, "returnDocuments", False),
        return_ids=boolean(params, "returnIds", False),
        dry_run=boolean(params, "dryRun", False),
        auto_generate_array_keys=boolean(params, "autoGenerateArrayKeys", False),
        visibility=params.get("visibility", "sync"),  # type: ignore[arg-type]  # judged there
        author=call.caller.user_id,
    )
    return json_answer(answer)


def _refuse_writing(mutations: Any, call: Call) -> None:
    """Refuse mutations of a caller who may not write; their form is judged first, as the service does."""
    lake = call.project.lake
    parse_mutations(mutations, lake.limits, choices=lake.choices.patch)
    kinds = [next(iter(mutation)) for mutation in mutations]
    permission = "create" if not kinds or kinds[0] in _CREATING else "update"
    raise MutationError([(0, InsufficientPermissionsError(permission))])


def export(call: Call) -> Response:
    """Return the documents as JSON lines, in one answer however many there are (section 6.3)."""
    types = call.params.get("types")
    wanted = None if types is None else [name for name in types.split(",") if name]
    return ndjson_answer(export_lines(call.readable, types=wanted))


def ping(call: Call) -> Response:
    """Say that the lake is there; the header is what the Studio asks this for."""
    answer = json_answer({"pong": True})
    answer.headers["x-sanity-shard"] = SHARD
    answer.headers["timing-allow-origin"] = "*"
    return answer


def ping_dataset(call: Call) -> Response:
    """Say that the dataset is there.

    Raises: DatasetNotFoundError.
    """
    call.project.record(call.path["dataset"])
    return ping(call)


DATA_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/data/query/{dataset}", query),
    ("POST", "/data/query/{dataset}", query),
    ("GET", "/data/doc/{dataset}/{ids}", doc),
    ("POST", "/data/mutate/{dataset}", mutate),
    ("GET", "/data/export/{dataset}", export),
    ("GET", "/data/ping", ping),
    ("GET", "/data/ping/{dataset}", ping_dataset),
    ("GET", "/ping", ping),
    # The same under the dataset's resource path (section 6.10).
    ("GET", "/projects/{project}/datasets/{dataset}/query", query),
    ("POST", "/projects/{project}/datasets/{dataset}/query", query),
    ("GET", "/projects/{project}/datasets/{dataset}/doc/{ids}", doc),
    ("POST", "/projects/{project}/datasets/{dataset}/mutate", mutate),
]
