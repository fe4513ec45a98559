"""The same intents through the embedded lake and over HTTP: the same documents, the same outcomes, the same errors."""

import os
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bidir import Engine, Schema
from bidir.backends import HttpBackend, LakeBackend
from bidir.errors import BackendError, IntentError
from lakesim import Lake
from lakesim.server.access import Access
from lakesim.server.projects import Projects
from lakesim.server.runner import serving

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
EXAMPLES, STEPS_MAX = (400, 20) if DEEP else (15, 8)
SYSTEM_FIELDS = {"_rev", "_createdAt", "_updatedAt"}
BOOKS, AUTHORS = ["b1", "b2", "b3"], ["a1", "a2", "a9"]

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
            },
            {
                "name": "editors",
                "type": "array",
                "of": [{"type": "reference", "to": [{"type": "author"}]}],
                "bidirectional": {"targetField": "edited"},
            },
        ],
    },
    {
        "name": "author",
        "type": "document",
        "fields": [
            {"name": "currentBook", "type": "reference", "to": [{"type": "book"}]},
            {"name": "edited", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]},
        ],
    },
]


def weak(target):
    return {"_type": "reference", "_ref": target, "_weak": True}


books, authors = st.sampled_from(BOOKS), st.sampled_from(AUTHORS)
layers = st.sampled_from(["drafts", "published", "spring"])
documents = st.sampled_from([*BOOKS, *AUTHORS])

steps = st.one_of(
    st.tuples(st.just("point"), books, authors, layers),
    st.tuples(st.just("clear"), books, layers),
    st.tuples(st.just("add"), books, authors, layers),
    st.tuples(st.just("remove"), books, authors, layers),
    st.tuples(st.just("create"), st.sampled_from(["b4", "a9", "b1"]), layers),
    st.tuples(st.just("guarded"), books),
    st.tuples(st.just("publish"), documents),
    st.tuples(st.just("unpublish"), documents),
    st.tuples(st.just("discard"), documents, st.sampled_from(["drafts", "spring"])),
    st.tuples(st.just("delete"), documents),
    st.tuples(st.just("duplicate"), books),
    st.tuples(st.just("create_version"), documents),
    st.tuples(st.just("restore"), documents),
    st.tuples(st.just("publish_release")),
    st.tuples(st.just("malformed")),
)


def perform(engine, step):
    """Do a step and return what is comparable of what came of it: the outcome, or the error."""
    name, *args = step
    try:
        outcome = INTENTS[name](engine, *args)
    except (BackendError, IntentError) as error:
        return type(error).__name__, getattr(error, "type", None), getattr(error, "document_id", None), str(error)
    bare = replace(outcome, transaction_id=None, mutations=())
    return bare, bool(outcome.transaction_id), [without_names(one) for one in outcome.mutations]


def submit(engine, mutations, layer):
    return engine.submit(mutations, perspective=layer)


INTENTS = {
    "point": lambda engine, book, author, layer: submit(
        engine, [{"patch": {"id": book, "set": {"author": weak(author)}}}], layer
    ),
    "clear": lambda engine, book, layer: submit(engine, [{"patch": {"id": book, "unset": ["author"]}}], layer),
    "add": lambda engine, book, author, layer: engine.add(book, "editors", author, perspective=layer),
    "remove": lambda engine, book, author, layer: engine.remove(book, "editors", author, perspective=layer),
    "create": lambda engine, one, layer: submit(
        engine, [{"create": {"_id": one, "_type": "book" if one[0] == "b" else "author"}}], layer
    ),
    "guarded": lambda engine, book: submit(
        engine, [{"patch": {"id": book, "ifRevisionID": "nonsense", "set": {"author": weak("a1")}}}], "published"
    ),
    "publish": lambda engine, one: engine.publish(one),
    "unpublish": lambda engine, one: engine.unpublish(one),
    "discard": lambda engine, one, layer: engine.discard(one, perspective=layer),
    "delete": lambda engine, one: engine.delete(one),
    "duplicate": lambda engine, one: engine.duplicate(one, "b9"),
    "create_version": lambda engine, one: engine.create_version(one, "spring"),
    "restore": lambda engine, one: engine.restore(one, "given"),
    "publish_release": lambda engine: engine.publish_release("spring"),
    "malformed": lambda engine: submit(engine, [{"create": {"_id": "b 1", "_type": "book"}}], "published"),
}


def without_names(value):
    """Return JSON without revisions: both lakes have their own."""
    if isinstance(value, dict):
        return {key: without_names(inner) for key, inner in value.items() if key != "ifRevisionID"}
    return [without_names(inner) for inner in value] if isinstance(value, list) else value


def stored(dataset):
    return {
        document["_id"]: {key: value for key, value in document.items() if key not in SYSTEM_FIELDS}
        for document in dataset.documents()
    }


GIVEN = [{"create": {"_id": one, "_type": "book" if one[0] == "b" else "author"}} for one in [*BOOKS, "a1", "a2"]]


@pytest.fixture(scope="module")
def pair_of():
    """Two engines on two lakes in the same state, one in process and one over HTTP, and what both lakes hold."""
    lake = Lake(seed=0, project_id="agreement")
    count = 0
    with serving(Projects(lambda project_id: lake, default_id="agreement"), Access()) as url:

        @contextmanager
        def pair():
            nonlocal count
            count += 1
            name = f"agreement-{count}"
            served, embedded = lake.dataset(name), Lake(seed=0).dataset(name)
            schema = Schema.load(SCHEMA)
            for dataset in (embedded, served):
                dataset.mutate(GIVEN, transaction_id="given")
                dataset.actions([{"actionType": "sanity.action.release.create", "releaseId": "spring"}])
            with HttpBackend(url, dataset=name) as over_http:
                engines = Engine(schema, LakeBackend(embedded), budget=60), Engine(schema, over_http, budget=60)
                yield engines, (embedded, served)
            lake.delete_dataset(name)

        yield pair


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not DEEP,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(steps, min_size=2, max_size=STEPS_MAX))
def test_histories_agree(pair_of, history):
    with pair_of() as ((embedded, over_http), (here, there)):
        for step in history:
            assert perform(over_http, step) == perform(embedded, step), step
            assert without_times(stored(there)) == without_times(stored(here)), step
        assert over_http.pending() == embedded.pending()
        assert list(over_http.audit()) == list(embedded.audit())


def without_times(documents):
    """Leave out what a release says of its own life: ids of transactions and times."""
    return {key: document for key, document in documents.items() if not key.startswith("_.releases.")}


EVERY = [
    ("point", "b1", "a1", "published"),
    ("point", "b2", "a1", "drafts"),
    ("point", "b3", "a9", "published"),
    ("add", "b1", "a2", "spring"),
    ("add", "b1", "a9", "drafts"),
    ("remove", "b1", "a9", "drafts"),
    ("create", "a9", "published"),
    ("create", "b1", "published"),
    ("guarded", "b1"),
    ("malformed",),
    ("create_version", "b2"),
    ("publish", "b2"),
    ("publish", "b3"),
    ("publish_release",),
    ("duplicate", "b1"),
    ("restore", "b1"),
    ("restore", "a9"),
    ("discard", "b1", "drafts"),
    ("discard", "b3", "spring"),
    ("unpublish", "b1"),
    ("delete", "a1"),
    ("clear", "b3", "published"),
]


def test_a_history_with_every_kind_of_intent_agrees(pair_of):
    assert {name for name, *_ in EVERY} == set(INTENTS)
    with pair_of() as ((embedded, over_http), (here, there)):
        for step in EVERY:
            assert perform(over_http, step) == perform(embedded, step), step
            assert without_times(stored(there)) == without_times(stored(here)), step
