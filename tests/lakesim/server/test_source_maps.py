"""Source maps over HTTP: which documents they name in each perspective, and when they are made."""

import pytest

from lakesim.groq import SourceMap

V = "/v2025-02-19"
PATH = f"{V}/data/query/production"
REFERENCE = {"_type": "reference", "_ref": "a1"}
DOCUMENTS = [
    {"_id": "a1", "_type": "author", "name": "Ann"},
    {"_id": "drafts.a1", "_type": "author", "name": "Ann, drafted"},
    {"_id": "b1", "_type": "book", "title": "One", "author": REFERENCE},
    {"_id": "versions.r1.b1", "_type": "book", "title": "One, again", "author": REFERENCE},
    {"_id": "drafts.b2", "_type": "book", "title": "Two", "parts": [{"_key": "k", "text": "x"}]},
]
QUERY = '*[_type == "book"] | order(_id) {_id, _originalId, title, "by": author->name}'


@pytest.fixture
def books(dataset):
    dataset.mutate([{"create": document} for document in DOCUMENTS])
    return dataset


def mapped(client, query=QUERY, **params):
    """Return the answer, and its map in short: place in the answer → the document and the path in it."""
    answer = client.get(PATH, params={"query": query, "resultSourceMap": "true", **params}).json()
    made = answer["resultSourceMap"]
    short = {}
    for path, mapping in made["mappings"].items():
        assert mapping["type"] == "value"
        source = mapping["source"]
        assert source["type"] == "documentValue"
        short[path] = (made["documents"][source["document"]]["_id"], made["paths"][source["path"]])
    return answer, short


def test_the_published_documents_are_named_in_the_recorded_shape(client, books):
    # Source: the answers recorded in the tests of the official client (content-lake reference, section 4.5).
    answer, short = mapped(client, perspective="published")
    assert answer["result"] == [{"_id": "b1", "_originalId": None, "title": "One", "by": "Ann"}]
    assert short == {
        "$[0]['_id']": ("b1", "$['_id']"),
        "$[0]['title']": ("b1", "$['title']"),
        "$[0]['by']": ("a1", "$['name']"),
    }
    assert answer["resultSourceMap"]["documents"] == [{"_id": "b1", "_type": "book"}, {"_id": "a1", "_type": "author"}]
    assert answer["resultSourceMap"]["paths"] == ["$['_id']", "$['title']", "$['name']"]
    assert answer["resultSourceMap"]["mappings"]["$[0]['by']"] == {
        "source": {"document": 1, "path": 2, "type": "documentValue"},
        "type": "value",
    }


@pytest.mark.parametrize(
    ("perspective", "documents"),
    [
        ("published", ["b1", "a1"]),
        ("drafts", ["b1", "drafts.a1", "drafts.b2"]),
        ("r1", ["versions.r1.b1", "a1"]),
        ("r1,drafts", ["versions.r1.b1", "drafts.a1", "drafts.b2"]),
        ("raw", ["b1", "a1", "drafts.b2", "versions.r1.b1"]),
    ],
)
def test_documents_are_named_by_the_id_they_are_stored_under(client, books, perspective, documents):
    answer, short = mapped(client, perspective=perspective)
    assert [document["_id"] for document in answer["resultSourceMap"]["documents"]] == documents
    stored = {document["_id"]: document for document in DOCUMENTS}
    for place, row in enumerate(answer["result"]):
        owner, path = short[f"$[{place}]['title']"]
        assert (path, stored[owner]["title"]) == ("$['title']", row["title"])


@pytest.mark.parametrize("value", [None, "false", "0", ""])
def test_no_map_is_made_unless_it_is_asked_for(client, books, value):
    params = {"query": QUERY} | ({} if value is None else {"resultSourceMap": value})
    assert "resultSourceMap" not in client.get(PATH, params=params).json()


def test_the_map_changes_nothing_else_in_the_answer(client, books):
    params = {"query": QUERY, "perspective": "r1,drafts"}
    plain = client.get(PATH, params=params).json()
    for value in ("true", "withKeyArraySelector"):
        answer = client.post(PATH, params={**params, "resultSourceMap": value}, json={"query": QUERY}).json()
        assert answer.pop("resultSourceMap")["documents"]
        assert {**answer, "ms": 0} == {**plain, "ms": 0}


def test_array_items_are_addressed_by_position_or_by_key(client, books):
    text = '*[_id == "b2"][0]{"first": parts[0].text}'
    for value, path in (
        ("true", "$['parts'][0]['text']"),
        ("withKeyArraySelector", "$['parts'][?(@._key=='k')]['text']"),
    ):
        _, short = mapped(client, text, perspective="drafts", resultSourceMap=value)
        assert short == {"$['first']": ("drafts.b2", path)}


def test_what_a_caller_may_not_read_is_not_named(books):
    editor = books.as_caller([{"filter": '_type == "book"', "permissions": ["read"]}], identity="e")
    made = SourceMap()
    assert [row["by"] for row in editor.query(QUERY, perspective="drafts", source_map=made)] == [None, None]
    assert [document["_id"] for document in made.to_json()["documents"]] == ["b1", "drafts.b2"]


def test_a_plan_alone_comes_without_a_map(client, books):
    answer = client.get(PATH, params={"query": QUERY, "explain": "only", "resultSourceMap": "true"}).json()
    assert "resultSourceMap" not in answer


def test_an_empty_answer_has_an_empty_map(client, books):
    answer, _ = mapped(client, "*[false]")
    assert answer["resultSourceMap"] == {"documents": [], "paths": [], "mappings": {}}
