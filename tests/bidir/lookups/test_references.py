"""References of many documents in one request, as any perspective shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir import Engine
from bidir.conformance.proxy import Traffic
from bidir.errors import IntentError
from lakesim import Dataset

Json = Any


def test_every_field_of_many_documents_comes_with_one_request(engine: Engine, traffic: Traffic) -> None:
    engine.add("f1", "director", "ann")
    engine.add("f2", "director", "ann")
    engine.add("f2", "credits", "cid")
    engine.add("f2", "credits", "bea")
    traffic.reads = 0
    found = engine.references(["f2", "f1", "ann", "f9"])
    assert found == {
        "f2": {"director": ["ann"], "credits[].person": ["cid", "bea"], "sequelOf": [], "sequel": []},
        "f1": {"director": ["ann"], "credits[].person": [], "sequelOf": [], "sequel": []},
        "ann": {"directed": ["f1", "f2"], "appearsIn": [], "friends": []},
        "f9": {},
    }
    assert list(found) == ["f2", "f1", "ann", "f9"]
    assert traffic.reads == 1


def test_what_a_perspective_does_not_show_is_not_there(engine: Engine) -> None:
    engine.add("f1", "director", "ann")
    assert engine.references(["f1"], perspective="published")["f1"]["director"] == []
    assert engine.references(["drafts.f1"])["f1"]["director"] == ["ann"]


@pytest.mark.parametrize("relation", ["film.director", "person.directed"])
def test_one_relation_alone(engine: Engine, relation: str) -> None:
    engine.add("f1", "director", "ann")
    assert engine.references(["f1", "ann"], relation=relation) == {
        "f1": {"director": ["ann"]},
        "ann": {"directed": ["f1"]},
    }


def test_previews_tell_title_strength_and_metadata_in_the_same_request(
    engine: Engine, dataset: Dataset, traffic: Traffic
) -> None:
    dataset.mutate([{"create": {"_id": "drafts.eve", "_type": "person", "name": "Eve"}}])
    engine.add("f1", "credits", "ann", item={"role": "lead"})
    engine.add("f1", "credits", "eve", item={"role": "villain"})
    traffic.reads = 0
    ann, eve = engine.references(["f1"], previews=True)["f1"]["credits[].person"]
    assert traffic.reads == 1
    assert {name: ann[name] for name in ("_id", "_type", "title", "strength")} == {
        "_id": "ann",
        "_type": "person",
        "title": "Ann",
        "strength": "strong",
    }
    assert (ann["item"]["role"], eve["item"]["role"], eve["title"], eve["strength"]) == (
        "lead",
        "villain",
        "Eve",
        "weak",
    )


def test_a_target_that_is_not_shown_is_listed_without_title(engine: Engine, dataset: Dataset) -> None:
    ghost = {"_type": "reference", "_ref": "ghost", "_weak": True}
    dataset.mutate([{"patch": {"id": "f1", "set": {"director": ghost}}}])
    (row,) = engine.references(["f1"], previews=True)["f1"]["director"]
    assert (row["_id"], row["_type"], row["title"]) == ("ghost", None, None)


def test_items_that_are_no_references_are_passed_over(engine: Engine, dataset: Dataset) -> None:
    rows = ["text", {"_key": "k1", "role": "open"}, {"_key": "k2", "person": {"_type": "reference", "_ref": "ann"}}]
    dataset.mutate([{"patch": {"id": "f1", "set": {"credits": rows, "director": "Ann"}}}])
    assert engine.references(["f1"])["f1"] == {
        "director": [],
        "credits[].person": ["ann"],
        "sequelOf": [],
        "sequel": [],
    }


def test_nothing_asked_is_no_request(engine: Engine, traffic: Traffic) -> None:
    assert engine.references([]) == {}
    assert traffic.reads == 0


LINKS = st.lists(st.tuples(st.sampled_from(("f1", "f2", "f3")), st.sampled_from(("ann", "bea", "cid"))), max_size=8)


@given(links=LINKS, asked=st.lists(st.sampled_from(("f1", "f2", "f3", "ann", "bea", "f9")), max_size=8))
def test_batch_loading_agrees_with_loading_one_by_one(
    new_world: Callable[[], tuple[Engine, Dataset]], links: list[tuple[str, str]], asked: list[str]
) -> None:
    engine, _ = new_world()
    for film, person in links:
        engine.add(film, "credits", person)
    one_by_one: dict[str, Json] = {}
    for document_id in asked:
        one_by_one |= engine.references([document_id])
    assert engine.references(asked) == one_by_one
    with_previews = engine.references(asked, previews=True)
    assert {
        name: {field: [row["_id"] for row in rows] for field, rows in fields.items()}
        for name, fields in with_previews.items()
    } == one_by_one


@pytest.mark.parametrize(
    ("ids", "options", "text"),
    [
        ("f1", {}, "references takes a list of document ids"),
        (None, {}, "references takes a list of document ids"),
        (["f1", 2], {}, "a document is given by its id"),
        ([f"f{n}" for n in range(1001)], {}, "at most 1000 documents in one request, not 1001"),
        (["f1"], {"relation": "film.directer"}, 'Did you mean "film.director"'),
        (["f1"], {"perspective": "raw"}, "shows no documents by their published ids"),
    ],
)
def test_what_cannot_be_asked_is_refused_without_a_request(
    engine: Engine, traffic: Traffic, ids: Any, options: dict[str, Json], text: str
) -> None:
    with pytest.raises(IntentError) as caught:
        engine.references(ids, **options)
    assert text in str(caught.value)
    assert traffic.reads == 0
