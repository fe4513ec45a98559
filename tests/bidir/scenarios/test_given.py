"""What stands before the first step: links are written as the engine itself would have left them."""

from __future__ import annotations

from typing import Any

import pytest

from bidir.conformance.edits import Editor
from bidir.conformance.given import given_documents
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.naming import Naming
from bidir.conformance.scenario import Given, Layer, Step
from bidir.conformance.shorthand import schema_from_relations
from bidir.engine import Engine
from bidir.relations import Schema

RELATIONS = {
    "1:1": ("book.author <-> author.currentBook", ["b1.author -> a1", "b2.author -> a2"]),
    "n:1": ("book.author <-> author.books[]", ["b1.author -> a1", "b2.author -> a1"]),
    "1:n": ("author.books[] <-> book.author", ["a1.books -> b1", "a1.books -> b2"]),
    "n:m": ("book.authors[] <-> author.books[]", ["b1.authors -> a2", "b1.authors -> a1", "b2.authors -> a1"]),
    "metadata": ("book.credits[].author <-> author.books[]", ["b1.credits -> a1", "b2.credits -> a1"]),
    "nested": ("book.meta.author <-> author.profile.books[]", ["b1.meta.author -> a1", "b2.meta.author -> a1"]),
    "symmetric 1:1": ("book.sequel <-> book.sequel", ["b1.sequel -> b2"]),
    "symmetric to itself": ("book.sequel <-> book.sequel", ["b1.sequel -> b1"]),
    "symmetric n:m": ("book.similar[] <-> book.similar[]", ["b1.similar -> b2", "b1.similar -> b1"]),
}
DOCUMENTS: dict[str, str | dict[str, Any]] = {"b1": "book", "b2": "book", "a1": "author", "a2": "author"}


def without_keys(value: Any) -> Any:
    """Return a value without what the lake and the engine choose freely: revisions, times, item keys."""
    if isinstance(value, dict):
        return {key: without_keys(item) for key, item in value.items() if key not in ("_key", "_rev", "_updatedAt")}
    return [without_keys(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("layer", ["published", "drafts"])
@pytest.mark.parametrize(("relation", "links"), RELATIONS.values(), ids=RELATIONS)
def test_given_links_are_what_the_engine_leaves(relation: str, links: list[str], layer: Layer) -> None:
    schema = Schema.load(schema_from_relations([relation]))
    naming = Naming(layer)
    given = EmbeddedLake()
    given.mutate(
        [{"create": body} for body in given_documents(Given(documents=DOCUMENTS, links=links), schema, naming).values()]
    )
    edited = EmbeddedLake()
    edited.mutate([{"create": body} for body in given_documents(Given(documents=DOCUMENTS), schema, naming).values()])
    engine = Engine(schema, edited.backend())
    for link in links:
        place, target = link.split(" -> ")
        many = any(
            ".".join(field.path) == place.split(".", 1)[1] and field.many for field in schema.fields_of("book")
        ) or (place == "a1.books")
        step = Step(add={place: target}) if many else Step(set={place: f"-> {target}"})
        mutations = Editor(schema).mutations(step, naming.perspective, edited.documents())
        engine.submit(mutations, perspective=naming.perspective)
    assert without_keys(given.documents()) == without_keys(edited.documents())
    assert list(Engine(schema, given.backend()).audit()) == []


def test_documents_can_be_written_out_with_arrows_anywhere() -> None:
    schema = Schema.load(schema_from_relations(["book.author <-> author.books[]"]))
    documents = given_documents(
        Given(
            documents={
                "b1": {"_type": "book", "author": "-> a1", "other": {"deep": ["~> a1"]}, "text": {"$text": "-> a1"}},
                "a1": {"_type": "author", "books": [{"_key": "k", "_type": "reference", "_ref": "b1"}, "-> b2"]},
                "b2": "book",
            }
        ),
        schema,
        Naming(),
    )
    assert documents["b1"] == {
        "_id": "b1",
        "_type": "book",
        "author": {"_type": "reference", "_ref": "a1"},
        "other": {"deep": [{"_key": "a1", "_type": "reference", "_ref": "a1", "_weak": True}]},
        "text": "-> a1",
    }
    assert documents["a1"]["books"] == [
        {"_key": "k", "_type": "reference", "_ref": "b1"},
        {"_key": "b2", "_type": "reference", "_ref": "b2", "_weak": True},
    ]


def test_a_link_of_drafts_stays_in_drafts_and_is_weak_until_published() -> None:
    schema = Schema.load(schema_from_relations(["book.author <-> author.currentBook"]))
    given = Given(
        documents={"drafts.b1": "book", "drafts.a1": "author", "a1": "author"}, links=["drafts.b1.author -> a1"]
    )
    documents = given_documents(given, schema, Naming())
    assert documents["drafts.b1"]["author"] == {"_type": "reference", "_ref": "a1"}
    assert documents["drafts.a1"]["currentBook"] == {"_type": "reference", "_ref": "b1", "_weak": True}
    assert "currentBook" not in documents["a1"]
