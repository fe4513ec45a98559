"""Every refusal's status and body."""

import inspect

import pytest

from lakesim import errors, limits
from lakesim.server.statuses import STATUSES, status_of

V = "/v2025-02-19"
MUTATE = f"{V}/data/mutate/production"
QUERY = f"{V}/data/query/production"
FAMILIES = (errors.LakeError, errors.ItemError, errors.TransactionError, errors.MutationError, errors.ActionError)
"""Classes whose status is another's."""
IN_PROCESS = (errors.ListenerOverflowError,)
"""Refusals that end a stream and are never an answer."""


def test_every_refusal_of_the_lake_has_a_status():
    classes = {
        kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.LakeError)
    } - {*FAMILIES, *IN_PROCESS}
    assert classes
    assert classes <= set(STATUSES)


def test_a_transaction_has_the_status_of_its_first_failing_item():
    causes = [(1, errors.DocumentNotFoundError("a")), (2, errors.DocumentAlreadyExistsError("b"))]
    assert status_of(errors.MutationError(causes)) == 404
    assert status_of(errors.ActionError(causes[1:])) == 409


@pytest.fixture
def referred(dataset):
    dataset.mutate(
        [
            {"create": {"_id": "author", "_type": "author"}},
            {"create": {"_id": "book", "_type": "book", "author": {"_ref": "author"}}},
        ],
        transaction_id="tx0",
    )


@pytest.mark.parametrize(
    ("mutation", "status", "item"),
    [
        (
            {"create": {"_id": "book", "_type": "book"}},
            409,
            {
                "type": "documentAlreadyExistsError",
                "id": "book",
                "description": 'Document by ID "book" already exists',
            },
        ),
        (
            {"patch": {"id": "zz", "set": {"a": 1}}},
            404,
            {
                "type": "documentNotFoundError",
                "id": "zz",
                "description": 'The document with the ID "zz" was not found',
            },
        ),
        (
            {"patch": {"id": "book", "ifRevisionID": "old", "set": {"a": 1}}},
            409,
            {
                "type": "documentRevisionIDDoesNotMatchError",
                "currentRevisionID": "tx0",
                "expectedRevisionID": "old",
                "description": 'Document "book" has unexpected revision ID ("tx0"), expected "old"',
            },
        ),
        (
            {"create": {"_id": "b2", "_type": "book", "author": {"_ref": "zz"}}},
            409,
            {
                "type": "documentReferenceDoesNotExistError",
                "id": "b2",
                "referenceID": "zz",
                "description": 'Document "b2" references non-existent document "zz"',
            },
        ),
        (
            {"delete": {"id": "author"}},
            409,
            {
                "type": "documentHasExistingReferencesError",
                "id": "author",
                "referencingIDs": ["book"],
                "description": 'Document "author" cannot be deleted as there are references to it from "book"',
            },
        ),
        (
            {"create": {"_id": "#x!", "_type": "book"}},
            400,
            {
                "type": "validationError",
                "description": 'Malformed document ID: "#x!"',
                "value": {"Kind": {"string_value": "#x!"}},
            },
        ),
    ],
)
def test_a_refused_mutation_names_its_item(client, referred, mutation, status, item):
    answer = client.post(MUTATE, json={"mutations": [mutation]})
    error = answer.json()["error"]
    assert answer.status_code == status
    assert error["type"] == "mutationError"
    assert error["items"] == [{"error": item, "index": 0}]


def test_a_transaction_id_is_used_once(client, referred):
    answer = client.post(MUTATE, json={"mutations": [{"create": {"_type": "x"}}], "transactionId": "tx0"})
    assert answer.status_code == 409
    assert answer.json()["error"]["type"] == "transactionAlreadyExistsError"


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b'{"mutations": [}', "invalid JSON"),
        (b"[]", "the body must be an object, not array"),
        (b"{}", 'the body lacks the field "mutations"'),
        (b'{"mutations": {}}', "mutations: expected an array"),
        (b'{"mutations": [], "foo": 1}', 'json: unknown field "foo"'),
        (b'{"mutations": [], "transactionId": 7}', "transactionId must be a string"),
        (b'{"mutations": [], "transactionId": ["a"]}', "transactionId must be a string"),
        (b'"\xff"', "invalid JSON"),
        (b"[" * 5000, "invalid JSON"),
        (b"", "invalid JSON"),
    ],
)
def test_a_body_of_another_form_is_refused(client, content, fragment):
    answer = client.post(MUTATE, content=content)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["bodyTruncated"]) == (400, "httpInvalidRequestBody", False)
    assert fragment in error["description"]


@pytest.mark.parametrize(
    ("params", "kind", "fragment"),
    [
        ({"query": "*[_type == "}, "queryParseError", "unexpected end-of-file"),
        ({"query": ""}, "queryParseError", "no query"),
        ({}, "queryParseError", "no query"),
        ({"query": "$slug"}, "queryParseError", "param $slug referenced, but not provided"),
        ({"query": "$x", "$x": "val"}, "httpBadRequest", 'Unable to parse value of "$x=val". Please quote'),
        ({"query": "*", "perspective": "raw,published"}, "httpBadRequest", "Invalid perspective"),
        ({"query": "*", "returnQuery": "maybe"}, "httpBadRequest", "Invalid value for returnQuery"),
        ({"query": "*", "tag": "a b"}, "httpBadRequest", "Invalid request tag"),
        ({"query": "*", "resultSourceMap": "withKeys"}, "httpBadRequest", "Invalid value for resultSourceMap"),
    ],
)
def test_a_refused_query_says_why(client, params, kind, fragment):
    answer = client.get(QUERY, params=params)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, kind)
    assert fragment in error["description"]


def test_a_query_that_does_not_parse_says_where(client):
    error = client.get(QUERY, params={"query": "*[_type == "}).json()["error"]
    assert (error["query"], error["start"]) == ("*[_type == ", 11)
    assert error["end"] >= error["start"]


def test_options_in_the_body_of_a_query_are_unknown_fields(client):
    error = client.post(QUERY, json={"query": "*", "perspective": "raw"}).json()["error"]
    assert error["description"].startswith('json: unknown field "perspective"')


@pytest.mark.parametrize(
    "path", ["data/query/nope", "data/doc/nope/a", "data/export/nope", "data/history/nope/transactions/a"]
)
def test_an_unknown_dataset_is_told_in_the_gateways_way(client, path):
    answer = client.get(f"{V}/{path}", params={"query": "*"}, headers={"x-sanity-project-id": "p1"})
    assert answer.status_code == 404
    assert answer.json() == {
        "statusCode": 404,
        "error": "Dataset not found",
        "message": 'Dataset "nope" not found for project ID "p1"',
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "fragment"),
    [
        ("GET", "/", 404, "paths start with an API version"),
        ("GET", "/data/query/production", 404, "paths start with an API version"),
        ("GET", "/v1/nonsense", 404, "no such endpoint"),
        ("GET", "/v1/socket/production", 404, "not supported yet by lakesim: presence"),
        ("POST", "/v1/graphql/production/default", 404, "not supported yet by lakesim: GraphQL"),
        ("PUT", "/v1/projects/p/datasets/production/copy", 404, "copying a dataset; export it"),
        ("GET", "/v1/aliases", 404, "dataset aliases; use the dataset's own name"),
        ("GET", "/v1/projects/p/tokens", 404, "this part of a project"),
        ("GET", "/v1/media-libraries/m/query", 404, "only projects and their datasets"),
        ("POST", "/_lake/rest", 404, 'Did you mean "reset"'),
        ("DELETE", "/v1/data/query/production", 405, "cannot be asked with DELETE"),
        ("GET", "/v2025-2-19/data/query/production", 400, "Invalid API version"),
        ("GET", "/v2025-02-30/data/query/production", 400, "Invalid API version"),
    ],
)
def test_what_is_no_endpoint_is_refused_by_name(client, method, path, status, fragment):
    answer = client.request(method, path)
    body = answer.json()
    assert answer.status_code == status
    assert fragment in (body["message"] if status != 400 else body["error"]["description"])


def test_a_body_above_the_limit_is_not_read_to_its_end(serve):
    from lakesim import Lake

    small = limits.Limits(mutation_body_bytes_max=1000)
    with serve(make_lake=lambda project_id: Lake(seed=0, limits=small)) as client:
        answer = client.post(MUTATE, content=b"x" * 2000)
    assert answer.status_code == 413
    assert answer.json()["message"] == "The request's body exceeds 1000 bytes"


def test_a_fault_of_the_server_is_an_internal_error(client, dataset, monkeypatch, caplog):
    monkeypatch.setattr(dataset, "query", lambda *args, **options: 1 / 0)
    answer = client.get(QUERY, params={"query": "*"}, headers={"origin": "http://page.example"})
    assert answer.status_code == 500
    assert answer.json() == {"error": {"description": "Internal server error", "type": "internalError"}}
    assert answer.headers["access-control-allow-origin"] == "http://page.example"
    assert "ZeroDivisionError" in caplog.text
