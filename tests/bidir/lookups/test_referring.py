"""Who points here: derived inverses and stored ones, counted, paged and sorted by one query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.conformance.proxy import ObservedBackend
from bidir.errors import DocumentMissing, IntentError
from lakesim import Dataset, Lake

Json = Any

TYPES = [
    {
        "name": "scene",
        "type": "document",
        "fields": [
            {"name": "title", "type": "string"},
            {"name": "year", "type": "number"},
            {
                "name": "studio",
                "type": "reference",
                "to": [{"type": "studio"}],
                "bidirectional": {"targetField": "scenes", "derived": True},
            },
            {
                "name": "other",
                "type": "reference",
                "to": [{"type": "studio"}],
            },
        ],
    },
    {"name": "studio", "type": "document", "fields": [{"name": "name", "type": "string"}]},
]


def world(scenes: int = 0) -> tuple[Engine, Dataset, ObservedBackend]:
    dataset = Lake(seed=0).dataset("production")
    studios = [{"create": {"_id": name, "_type": "studio", "name": name.upper()}} for name in ("s1", "s2")]
    dataset.mutate([*studios, *({"create": {"_id": f"c{n}", "_type": "scene"}} for n in range(scenes))])
    backend = ObservedBackend(LakeBackend(dataset))
    return Engine(Schema.load(TYPES), backend), dataset, backend


def ids(page: Any) -> list[str]:
    return [row["_id"] for row in page.items]


def test_a_derived_inverse_is_written_on_one_side_only_and_read_from_the_other() -> None:
    engine, dataset, backend = world(scenes=1)
    outcome = engine.add("c0", "studio", "s1")
    assert (outcome.documents_written, outcome.pending, outcome.notices) == (1, (), ())
    assert dataset.get("drafts.s1") is None
    backend.traffic.reads = 0
    for name in ("scene.studio", "studio.scenes", engine.schema.derived[0]):
        page = engine.referring("s1", name, cache=False)
        assert (ids(page), page.total, page.pages) == (["c0"], 1, 1)
    assert backend.traffic.reads == 3
    assert engine.referring("s2", "studio.scenes").items == ()
    engine.remove("c0", "studio", "s1")
    assert engine.referring("s1", "studio.scenes").total == 0
    assert list(engine.audit(notes=True)) == []


def test_each_perspective_sees_its_own_links() -> None:
    engine, _, _ = world(scenes=1)
    engine.create_release("rSpring")
    engine.add("c0", "studio", "s1", perspective="published")
    engine.add("c0", "studio", "s2")
    seen = {
        view: [ids(engine.referring(studio, "scene.studio", perspective=view)) for studio in ("s1", "s2")]
        for view in ("published", "drafts", "rSpring")
    }
    assert seen == {"published": [["c0"], []], "drafts": [[], ["c0"]], "rSpring": [["c0"], []]}


def test_another_field_that_points_at_the_same_document_does_not_count() -> None:
    engine, dataset, _ = world(scenes=1)
    dataset.mutate([{"patch": {"id": "c0", "set": {"other": {"_type": "reference", "_ref": "s1"}}}}])
    assert engine.referring("s1", "scene.studio").total == 0


def test_a_target_that_exists_as_a_draft_only_can_be_pointed_at() -> None:
    engine, dataset, _ = world(scenes=1)
    dataset.mutate([{"create": {"_id": "drafts.s9", "_type": "studio"}}])
    engine.add("c0", "studio", "s9")
    assert ids(engine.referring("s9", "scene.studio")) == ["c0"]


def test_references_of_a_derived_relation_are_those_of_the_side_that_stores_them() -> None:
    engine, dataset, _ = world(scenes=1)
    engine.add("c0", "studio", "s1")
    assert engine.references(["c0", "s1"]) == {"c0": {"studio": ["s1"]}, "s1": {}}
    assert engine.references(["c0"], relation="studio.scenes", previews=True)["c0"]["studio"][0]["title"] == "S1"
    dataset.mutate([{"patch": {"id": "s1", "set": {"name": "Renamed"}}}])
    assert engine.references(["c0"], relation="studio.scenes", previews=True)["c0"]["studio"][0]["title"] == "Renamed"
    assert [row["_id"] for row in engine.candidates("scene.studio", document="c0")] == ["s2"]


def test_the_derived_side_cannot_be_written_and_says_where_to_write() -> None:
    engine, _, backend = world(scenes=1)
    with pytest.raises(IntentError, match=r"studio\.scenes is derived: nothing is stored there; change scene\.studio"):
        engine.add("s1", "scenes", "c0")
    with pytest.raises(DocumentMissing):
        engine.add("c0", "studio", "nobody")
    assert backend.traffic.writes == 0


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(("s1", "s2", None)), st.integers(0, 3), st.text("aAb", max_size=2)), max_size=12
    ),
    size=st.integers(1, 5),
    order=st.sampled_from(("year", "year desc", "lower(title) desc, year", "_id desc")),
)
def test_pages_agree_with_a_plain_sort(rows: list[tuple[str | None, int, str]], size: int, order: str) -> None:
    engine, dataset, backend = world()
    for number, (studio, year, title) in enumerate(rows):
        reference = {} if studio is None else {"studio": {"_type": "reference", "_ref": studio}}
        document_id = f"drafts.c{number:02}" if number % 3 == 0 else f"c{number:02}"
        body = {"_id": document_id, "_type": "scene", "year": year, "title": title, **reference}
        dataset.mutate([{"create": body}])
    mine = [(f"c{number:02}", year, title) for number, (studio, year, title) in enumerate(rows) if studio == "s1"]
    # Stable sorts from the last key to the first.
    expected = sorted(mine)
    if order.startswith("year"):
        expected.sort(key=lambda row: row[1], reverse=order.endswith("desc"))
    elif order.startswith("lower"):
        expected.sort(key=lambda row: row[1])
        expected.sort(key=lambda row: row[2].lower(), reverse=True)
    else:
        expected.reverse()
    first = engine.referring("s1", "studio.scenes", page_size=size, order=order, cache=False)
    assert (first.total, first.pages) == (len(mine), -(-len(mine) // size))
    backend.traffic.reads = 0
    pages = [
        engine.referring("s1", "studio.scenes", page=number, page_size=size, order=order, cache=False)
        for number in range(1, first.pages + 1)
    ]
    assert [document_id for page in pages for document_id in ids(page)] == [row[0] for row in expected]
    assert backend.traffic.reads == first.pages


def test_stored_relations_answer_through_their_owner_field(engine: Engine) -> None:
    engine.add("f1", "director", "ann")
    engine.add("f2", "director", "ann")
    engine.add("f1", "credits", "bea", item={"role": "lead"})
    assert sorted(ids(engine.referring("ann", "film.director"))) == ["f1", "f2"]
    assert ids(engine.referring("bea", "person.appearsIn")) == ["f1"]
    assert ids(engine.referring("bea", "film.credits")) == ["f1"]


def test_a_projection_of_ones_own_follows_references_in_the_perspective(engine: Engine, dataset: Dataset) -> None:
    engine.add("f1", "credits", "bea", item={"role": "lead"})
    dataset.mutate(
        [{"create": {"_id": "drafts.bea", "_type": "person", "name": "Beatrix"}}]
        if dataset.get("drafts.bea") is None
        else [{"patch": {"id": "drafts.bea", "set": {"name": "Beatrix"}}}]
    )
    page = engine.referring(
        "bea", "film.credits", projection='{title, "as": credits[].role, "who": credits[].person->name}'
    )
    assert page.items == ({"title": "Film 1", "as": ["lead"], "who": ["Beatrix"]},)


REFUSED: list[tuple[Callable[[Engine], Any], str]] = [
    (
        lambda e: e.referring("ann", "film.directer"),
        'no relation is called "film.directer". Did you mean "film.director"',
    ),
    (lambda e: e.referring("ann", 7), "a relation is given by its name"),
    (lambda e: e.referring("", "film.director"), "the document is given by its id"),
    (lambda e: e.referring("ann", "film.director", page=0), "page is a whole number"),
    (lambda e: e.referring("ann", "film.director", page_size=5000), "page_size is a whole number from 1 to 1000"),
    (
        lambda e: e.referring("ann", "film.director", order="titel"),
        'film has no attribute "titel". Did you mean "title"',
    ),
    (lambda e: e.referring("ann", "film.director", projection="title"), "projection is GROQ in braces"),
    (lambda e: e.referring("ann", "film.director", perspective="raw"), "shows no documents by their published ids"),
]


@pytest.mark.parametrize(("call", "text"), REFUSED)
def test_what_cannot_be_asked_is_refused_without_a_request(
    engine: Engine, backend: ObservedBackend, call: Callable[[Engine], Any], text: str
) -> None:
    with pytest.raises(IntentError) as caught:
        call(engine)
    assert text in str(caught.value)
    assert backend.traffic.reads == 0


def test_a_projection_the_lake_cannot_read_is_the_callers_fault(engine: Engine) -> None:
    with pytest.raises(IntentError, match=r"projection \{title,,\}: "):
        engine.referring("ann", "film.director", projection="{title,,}")
