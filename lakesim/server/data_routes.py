"""Reading and mutating documents: query, doc, mutate, statistics, ping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from lakesim.clock import Clock
from lakesim.errors import BadRequestError, InvalidRequestBodyError
from lakesim.groq import SourceMap
from lakesim.ids import PUBLISHED
from lakesim.jsonvalue import Json, type_name
from lakesim.live import Reads
from lakesim.perspective import RAW
from lakesim.server.call import RELEASES_SINCE, Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.live_events import LIVE_SINCE
from lakesim.server.wire import boolean, groq_params, json_answer, json_object, refuse_options
from lakesim.suggest import did_you_mean

__all__ = ["DATA_ROUTES", "UNSUPPORTED_QUERY_OPTIONS"]


UNSUPPORTED_QUERY_OPTIONS: Final = {
    "variant": "leave it out",
    "variantCondition": "leave it out",
}
_CACHE_MODES: Final = ("", "noStale")
_EXPLAIN: Final = {"": None, "false": None, "0": None, "true": "true", "1": "true", "only": "only"}
_SOURCE_MAP: Final = {"": None, "false": None, "0": None, "true": False, "1": False, "withKeyArraySelector": True}
"""What `resultSourceMap` may be: no map, or a map that addresses array items by position (False) or key (True)."""


def query(call: Call) -> Response:
    """Answer a GROQ query, whose text and parameters come in the query string or in a body (sections 4.1 to 4.3)."""
    clock = call.project.lake.clock
    started = clock.monotonic()
    refuse_options(call.params, UNSUPPORTED_QUERY_OPTIONS)
    return_query = boolean(call.params, "returnQuery", True)
    _check_freshness(call)
    text, params = _query_of(call)
    reads = Reads() if call.since(LIVE_SINCE) else None
    explain = _explain(call)
    perspective = call.params.get("perspective", PUBLISHED if call.since(RELEASES_SINCE) else RAW)
    dataset = call.dataset
    source_map = _source_map(call)
    answer: dict[str, Json] = {"result": None}
    if explain != "only":
        answer["result"] = dataset.query(text, params, perspective=perspective, reads=reads, source_map=source_map)
        if source_map is not None:
            answer["resultSourceMap"] = source_map.to_json()
    if explain is not None:
        answer["explain"] = str(dataset.explain(text, params, perspective=perspective))
    if reads is not None and explain != "only":
        answer["syncTags"] = reads.tags(call.path["dataset"])
    if return_query:
        answer["query"] = text
    return json_answer({"ms": _milliseconds_since(clock, started), **answer})


def _explain(call: Call) -> str | None:
    """Return whether the plan is wanted: beside the result, alone, or (None) not."""
    given = call.params.get("explain", "")
    if given not in _EXPLAIN:
        raise BadRequestError(f'Invalid value for explain: "{given}" (right would be "true", "false" or "only")')
    return _EXPLAIN[given]


def _source_map(call: Call) -> SourceMap | None:
    """Return an empty source map if one is wanted (section 4.5)."""
    given = call.params.get("resultSourceMap", "")
    if given not in _SOURCE_MAP:
        right = '"true", "false" or "withKeyArraySelector"'
        hint = did_you_mean(given, _SOURCE_MAP)
        raise BadRequestError(f'Invalid value for resultSourceMap: "{given}" (right would be {right}).{hint}')
    keyed = _SOURCE_MAP[given]
    return None if keyed is None else SourceMap(keyed=keyed)


def _check_freshness(call: Call) -> None:
    """Check the options that ask for a fresh answer; every answer here is, so nothing else is to be done for them."""
    mode = call.params.get("cacheMode", "")
    if mode not in _CACHE_MODES:
        raise BadRequestError(f'Invalid value for cacheMode: "{mode}" (right would be "noStale")')


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


def doc(call: Call) -> Response:
    """Return stored documents by id (section 6.1)."""
    ids = [document_id for document_id in call.path["ids"].split(",") if document_id]
    found = call.dataset.fetch(ids, include_all_versions=boolean(call.params, "includeAllVersions", False))
    if boolean(call.params, "excludeContent", False):
        found["documents"] = []
    return json_answer(found)


def mutate(call: Call) -> Response:
    """Apply mutations as one transaction (sections 2.1 and 2.7)."""
    dataset = call.dataset
    body = json_object(call.body, fields=("mutations", "transactionId"), required=("mutations",))
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
    )
    return json_answer(answer)


def statistics(call: Call) -> Response:
    """Say how much of the dataset's bounds is used up (section 6.9)."""
    return json_answer(call.dataset.statistics())


def ping(call: Call) -> Response:
    """Say that the lake is there."""
    answer = json_answer({"pong": True})
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
    ("GET", "/data/stats/{dataset}", statistics),
    ("GET", "/data/ping", ping),
    ("GET", "/data/ping/{dataset}", ping_dataset),
    ("GET", "/ping", ping),
    # The same under the dataset's resource path (section 6.10).
    ("GET", "/projects/{project}/datasets/{dataset}/query", query),
    ("POST", "/projects/{project}/datasets/{dataset}/query", query),
    ("GET", "/projects/{project}/datasets/{dataset}/doc/{ids}", doc),
    ("POST", "/projects/{project}/datasets/{dataset}/mutate", mutate),
]
