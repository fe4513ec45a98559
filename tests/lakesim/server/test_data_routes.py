"""Documents in and out over HTTP."""

import json

import pytest

V = "/v2025-02-19"
BOOK = {"_id": "a", "_type": "book", "title": "A"}
VERSION = {"_id": "versions.rSpring.c", "_type": "book", "title": "C"}
DRAFT = {"_id": "drafts.b", "_type": "book", "title": "B"}


@pytest.fixture
def books(dataset):
    dataset.mutate([{"create": BOOK}, {"create": DRAFT}, {"create": VERSION}])
    return dataset


def test_a_query_is_answered_in_an_envelope(client, books):
    answer = client.get(f"{V}/data/query/production", params={"query": "*[_id == $id].title", "$id": '"a"'})
    body = answer.json()
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert body["result"] == ["A"]
    assert body["query"] == "*[_id == $id].title"
    assert isinstance(body["ms"], int)
    assert body["syncTags"]


def test_a_posted_query_takes_its_params_plain_and_its_options_from_the_address(client, books):
    body = {"query": "*[title == $title]._id", "params": {"title": "B"}}
    params = {"perspective": "raw", "returnQuery": "false"}
    answer = client.post(f"{V}/data/query/production", params=params, json=body).json()
    assert answer["result"] == ["drafts.b"]
    assert "query" not in answer


@pytest.mark.parametrize(
    ("version", "perspective", "expected"),
    [
        ("v1", None, ["a", "drafts.b"]),
        ("v2021-03-25", None, ["a", "drafts.b"]),
        ("v2025-02-18", None, ["a", "drafts.b"]),
        ("v2025-02-19", None, ["a"]),
        ("v2031-12-31", None, ["a"]),
        ("vX", None, ["a"]),
        ("v1", "published", ["a"]),
        ("v2025-02-18", "raw", ["a", "drafts.b"]),
        ("v2025-02-18", "rSpring", ["a"]),
        ("v2025-02-19", "raw", ["a", "drafts.b", "versions.rSpring.c"]),
        ("vX", "raw", ["a", "drafts.b", "versions.rSpring.c"]),
        ("vX", "drafts", ["a", "b"]),
        ("vX", "previewDrafts", ["a", "b"]),
        ("vX", "rSpring,drafts", ["a", "b", "c"]),
    ],
)
def test_the_perspective_follows_the_api_version_unless_it_is_named(client, books, version, perspective, expected):
    params = {"query": "*._id"} | ({} if perspective is None else {"perspective": perspective})
    assert client.get(f"/{version}/data/query/production", params=params).json()["result"] == expected


def test_sync_tags_start_with_groq_1(client, books):
    assert "syncTags" not in client.get("/v1/data/query/production", params={"query": "1"}).json()


def test_mutations_answer_as_the_dataset_does(client, dataset):
    answer = client.post(
        f"{V}/data/mutate/production",
        params={"returnIds": "true", "returnDocuments": "true"},
        json={"mutations": [{"create": BOOK}], "transactionId": "tx1"},
    ).json()
    assert answer == {
        "transactionId": "tx1",
        "results": [{"id": "a", "operation": "create", "document": dataset.get("a")}],
    }
    assert dataset.get("a")["_rev"] == "tx1"


def test_a_dry_run_changes_nothing(client, dataset, mutate):
    mutate({"create": BOOK}, dryRun="true")
    assert dataset.get("a") is None
    assert dataset.transactions() == []


def test_array_keys_are_made_on_request(mutate, dataset):
    mutate({"create": {**BOOK, "list": [{"x": 1}]}}, autoGenerateArrayKeys="true")
    assert set(dataset.get("a")["list"][0]) == {"_key", "x"}


def test_doc_returns_stored_documents_and_names_the_others(client, books):
    answer = client.get(f"{V}/data/doc/production/drafts.b,zz,a").json()
    assert [document["_id"] for document in answer["documents"]] == ["drafts.b", "a"]
    assert answer["omitted"] == [{"id": "zz", "reason": "existence"}]
    versions = client.get(f"{V}/data/doc/production/b", params={"includeAllVersions": "true"}).json()
    assert [document["_id"] for document in versions["documents"]] == ["drafts.b"]
    bare = client.get(f"{V}/data/doc/production/a,zz", params={"excludeContent": "true"}).json()
    assert bare == {"documents": [], "omitted": [{"id": "zz", "reason": "existence"}]}


def test_export_gives_one_document_a_line(client, books):
    answer = client.get(f"{V}/data/export/production")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["_id"] for line in answer.text.splitlines()] == ["a", "drafts.b", "versions.rSpring.c"]
    assert client.get(f"{V}/data/export/production", params={"types": "film"}).text == ""


@pytest.mark.parametrize("path", ["/v1/ping", "/v1/data/ping", "/v1/data/ping/production"])
def test_ping_says_pong_and_names_a_shard(client, path):
    answer = client.get(path)
    assert answer.json() == {"pong": True}
    assert answer.headers["x-sanity-shard"]


def test_resource_paths_lead_to_the_same_dataset(client, books):
    base = f"{V}/projects/p1/datasets/production"
    assert client.get(f"{base}/query", params={"query": "*._id"}).json()["result"] == ["a"]
    assert client.get(f"{base}/doc/a").json()["documents"][0]["title"] == "A"
    assert client.post(f"{base}/mutate", json={"mutations": [{"delete": {"id": "a"}}]}).status_code == 200
    assert books.get("a") is None
