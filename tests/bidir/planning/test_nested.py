"""Fields inside objects: what is left of an object when the link in it goes says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from lakesim import Lake

Json = Any


def inside(path: list[str], field: dict[str, Json]) -> dict[str, Json]:
    for name in reversed(path):
        field = {"name": name, "type": "object", "fields": [field]}
    return field


def end(name: str, to: str, *, many: bool, **declared: Json) -> dict[str, Json]:
    reference = {"type": "reference", "to": [{"type": to}]}
    body = {"name": name, "type": "array", "of": [reference]} if many else {"name": name, **reference}
    return {**body, **({"bidirectional": declared} if declared else {})}


@pytest.fixture(params=[(False, False), (False, True), (True, False), (True, True)], ids=["1:1", "n:1", "1:n", "n:m"])
def catalogue(request):
    """(dataset, engine, name of the author's document in the drafts): b1 and a1 without anything, published."""
    left, right = request.param
    author = end("author", "author", many=left, targetField="profile.work.books")
    books = end("books", "book", many=right)
    types = [
        {"name": "book", "type": "document", "fields": [inside(["details"], author)]},
        {"name": "author", "type": "document", "fields": [inside(["profile", "work"], books)]},
    ]
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": {"_id": "b1", "_type": "book"}}, {"create": {"_id": "a1", "_type": "author"}}])
    return dataset, Engine(Schema.load(types), LakeBackend(dataset))


def stored(dataset):
    return sorted(document["_id"] for document in dataset.documents() if not document["_id"].startswith("_."))


def test_a_version_made_for_a_link_goes_with_it(catalogue):
    # {"profile": {"work": {}}} was kept: it differs from a document that has no profile at all.
    dataset, engine = catalogue
    engine.create_release("r1")
    for layer in ("drafts", "r1"):
        engine.add("b1", "details.author", "a1", perspective=layer)
        engine.remove("b1", "details.author", "a1", perspective=layer)
    assert stored(dataset) == ["a1", "b1", "drafts.b1", "versions.r1.b1"]
    for layer in ("drafts", "r1"):
        engine.add("b1", "details.author", "a1", perspective=layer)
        engine.discard("b1", perspective=layer)
    assert stored(dataset) == ["a1", "b1"]


@pytest.mark.parametrize("nothing", [{"unset": ["details.author"]}, {"set": {"details.author": None}}], ids=str)
def test_saying_again_that_there_is_no_link_writes_nothing(catalogue, nothing):
    dataset, engine = catalogue
    outcome = engine.submit([{"patch": {"id": "b1", **nothing}}])
    assert (outcome.documents_written, outcome.transaction_id) == (0, None)
    assert stored(dataset) == ["a1", "b1"]
