"""One intent is at most one read request and one write request, counted where they are sent (semantics, F2 and F3)."""

import pytest

from bidir import Engine, Schema
from bidir.backends import HttpBackend

SCHEMA = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            {
                "name": "author",
                "type": "reference",
                "to": [{"type": "author"}],
                "bidirectional": {"targetField": "currentBook"},
            }
        ],
    },
    {
        "name": "author",
        "type": "document",
        "fields": [{"name": "currentBook", "type": "reference", "to": [{"type": "book"}]}],
    },
]


def point(document_id, target):
    return [{"patch": {"id": document_id, "set": {"author": {"_type": "reference", "_ref": target}}}}]


@pytest.fixture
def engine(lake_server):
    with HttpBackend(lake_server) as backend:
        documents = [("book", "b1"), ("book", "b2"), ("author", "a1"), ("author", "a2")]
        backend.commit([{"create": {"_id": one, "_type": kind}} for kind, one in documents], transaction_id=None)
        made = Engine(Schema.load(SCHEMA), backend)
        made.submit([*point("b1", "a1"), *point("b2", "a2")], perspective="published")
        yield made


INTENTS = {
    "set": (lambda engine: engine.submit(point("b1", "a2"), perspective="published"), {"query": 1, "mutate": 1}),
    "set in drafts": (lambda engine: engine.submit(point("b1", "a2")), {"query": 1, "mutate": 1}),
    "the same again": (lambda engine: engine.submit(point("b1", "a1"), perspective="published"), {"query": 1}),
    "a text": (lambda engine: engine.submit([{"patch": {"id": "b1", "set": {"t": 1}}}]), {"query": 1, "mutate": 1}),
    "add": (lambda engine: engine.add("b1", "author", "a2"), {"query": 1, "mutate": 1}),
    "remove": (lambda engine: engine.remove("b1", "author", "a1"), {"query": 1, "mutate": 1}),
    "unpublish": (lambda engine: engine.unpublish("b1"), {"query": 1, "mutate": 1}),
    "delete": (lambda engine: engine.delete("b1"), {"query": 1, "mutate": 1}),
    "restore": (
        lambda engine: engine.restore("b1", engine.backend.documents(["b1"])["b1"]["_rev"]),
        {"doc": 1, "history": 1, "query": 1, "mutate": 1},
    ),
    "a release's version": (
        lambda engine: [
            engine.create_release("spring"),
            engine.backend.requests.clear(),
            engine.create_version("b1", "spring"),
        ],
        {"query": 1, "mutate": 1},
    ),
    "a release": (lambda engine: engine.create_release("spring"), {"actions": 1, "history": 1}),
    "candidates": (lambda engine: engine.candidates("book.author", cache=False), {"query": 1}),
}


@pytest.mark.parametrize("name", INTENTS)
def test_requests_of_an_intent(engine, name):
    act, requests = INTENTS[name]
    engine.backend.requests.clear()
    act(engine)
    assert dict(engine.backend.requests) == requests


def test_a_lake_that_may_lag_is_asked_once_more_where_something_is_missing(engine, lake_server):
    with HttpBackend(lake_server, consistent_queries=False) as backend:
        careful = Engine(Schema.load(SCHEMA), backend)
        careful.submit(point("b1", "a2"), perspective="published")
        assert dict(backend.requests) == {"query": 1, "mutate": 1}
        backend.requests.clear()
        outcome = careful.submit(
            [{"patch": {"id": "b1", "set": {"author": {"_type": "reference", "_ref": "a9", "_weak": True}}}}],
            perspective="published",
        )
        assert [item.reason for item in outcome.pending] == ["missing"]
        assert dict(backend.requests) == {"query": 1, "doc": 1, "mutate": 1}


def test_a_conflict_costs_one_read_by_id_and_one_more_write(engine, lake):
    backend = engine.backend
    commit = backend.commit

    def overtaken(mutations, *, transaction_id):
        backend.commit = commit
        lake.dataset("production").mutate([{"patch": {"id": "a2", "set": {"name": "Ann"}}}])
        return commit(mutations, transaction_id=transaction_id)

    backend.commit = overtaken
    backend.requests.clear()
    outcome = engine.submit(point("b1", "a2"), perspective="published")
    assert outcome.retries == 1
    assert dict(backend.requests) == {"query": 1, "mutate": 2, "doc": 1}


def test_what_a_restore_asks_of_the_history_is_counted(engine):
    engine.backend.requests.clear()
    revision = engine.backend.documents(["b1"])["b1"]["_rev"]
    outcome = engine.restore("b1", revision)
    assert (outcome.reads, outcome.writes) == (2, 1)
