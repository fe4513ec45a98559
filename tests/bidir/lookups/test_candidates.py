"""Candidates for a picker: only what fits, newest first, little of each, in one request."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.conformance.proxy import Traffic
from bidir.errors import IntentError
from lakesim import Dataset, Lake

Json = Any


def ids(found: list[dict[str, Json]]) -> list[str]:
    return [row["_id"] for row in found]


def test_only_the_target_type_is_offered_with_little_of_each_in_one_request(engine: Engine, traffic: Traffic) -> None:
    found = engine.candidates("film.director")
    assert ids(found) == ["ann", "bea", "cid", "dot"]
    assert all(set(row) == {"_id", "_type", "_updatedAt", "title"} for row in found)
    assert [row["title"] for row in found] == ["Ann", "Bea", "Cid", "Dot"]
    assert (traffic.reads, traffic.writes) == (1, 0)


def test_the_newest_comes_first(engine: Engine, dataset: Dataset) -> None:
    dataset.clock.advance(60)
    dataset.mutate([{"patch": {"id": "cid", "set": {"motto": "later"}}}])
    dataset.clock.advance(60)
    dataset.mutate([{"create": {"_id": "drafts.bea", "_type": "person", "name": "Beatrix"}}])
    found = engine.candidates("film.director")
    assert ids(found) == ["bea", "cid", "ann", "dot"]
    assert found[0]["title"] == "Beatrix"
    assert ids(engine.candidates("film.director", perspective="published")) == ["cid", "ann", "bea", "dot"]


def test_each_perspective_offers_what_it_shows(engine: Engine, dataset: Dataset) -> None:
    engine.create_release("rSpring")
    dataset.mutate(
        [
            {"create": {"_id": "drafts.eve", "_type": "person"}},
            {"create": {"_id": "versions.rSpring.fay", "_type": "person"}},
        ]
    )
    extra = {
        name: set(ids(engine.candidates("film.director", perspective=name))) - {"ann", "bea", "cid", "dot"}
        for name in ("published", "drafts", "rSpring", "rSpring,drafts")
    }
    assert extra == {"published": set(), "drafts": {"eve"}, "rSpring": {"fay"}, "rSpring,drafts": {"eve", "fay"}}


@pytest.mark.parametrize(
    ("field", "links", "left_out"),
    [
        ("film.director", [("f1", "director", "ann")], {"ann"}),
        ("film.credits", [("f1", "credits", "ann"), ("f1", "credits", "bea")], {"ann", "bea"}),
        ("film.sequelOf", [("f1", "sequelOf", "f2")], {"f1", "f2"}),
        ("film.sequelOf", [], {"f1"}),
    ],
)
def test_the_document_itself_and_what_it_points_at_are_left_out(
    engine: Engine, field: str, links: list[tuple[str, str, str]], left_out: set[str]
) -> None:
    for link in links:
        engine.add(*link)
    everything = set(ids(engine.candidates(field)))
    assert set(ids(engine.candidates(field, document="f1"))) == everything - left_out
    assert set(ids(engine.candidates(field, document="drafts.f1"))) == everything - left_out
    # What only the draft says is not left out where the draft is not seen.
    assert set(ids(engine.candidates(field, document="f1", perspective="published"))) == everything - {"f1"}


def test_a_document_yet_to_be_created_leaves_nothing_out(engine: Engine) -> None:
    assert ids(engine.candidates("film.credits", document="new-film")) == ["ann", "bea", "cid", "dot"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ann", ["ann"]),
        ("AN", ["ann"]),
        ("an*", ["ann"]),
        ("nn", []),
        ("a", ["ann"]),
        ("carpe", ["bea"]),
        ("bea diem", ["bea"]),
        ("bea night", []),
        ("", ["ann", "bea", "cid", "dot"]),
        ("  ", ["ann", "bea", "cid", "dot"]),
        ("*", ["ann", "bea", "cid", "dot"]),
    ],
)
def test_search_matches_the_beginnings_of_words_in_title_and_texts(
    engine: Engine, dataset: Dataset, search: str, found: list[str]
) -> None:
    dataset.mutate([{"patch": {"id": "bea", "set": {"motto": "carpe diem"}}}])
    assert sorted(ids(engine.candidates("film.director", search=search))) == found


def test_a_search_in_an_attribute_that_is_no_text_finds_nothing(engine: Engine, dataset: Dataset) -> None:
    dataset.mutate([{"patch": {"id": "bea", "set": {"motto": ["carpe"], "name": {"en": "Zoe"}}}}])
    assert engine.candidates("film.director", search="zoe") == []
    assert engine.candidates("film.director", limit=2)[1]["title"] == {"en": "Zoe"}


@given(
    names=st.lists(st.text("ab ", min_size=1, max_size=5), max_size=6),
    search=st.text("ab ", max_size=4),
    limit=st.integers(1, 7),
)
def test_candidates_agree_with_a_plain_filter(names: list[str], search: str, limit: int) -> None:
    dataset = Lake(seed=0).dataset("production")
    for number, name in enumerate(names):
        dataset.clock.advance(1)
        dataset.mutate([{"create": {"_id": f"a{number}", "_type": "author", "name": name}}])
    engine = Engine(Schema.load([{**BOOK, "fields": BOOK["fields"][:1]}, AUTHOR]), LakeBackend(dataset))

    def fits(name: str) -> bool:
        return all(any(word.startswith(term) for word in name.split()) for term in search.split())

    expected = [f"a{number}" for number, name in enumerate(names) if fits(name)][::-1][:limit]
    assert ids(engine.candidates("book.author", search=search, limit=limit)) == expected


BOOK = {
    "name": "book",
    "type": "document",
    "fields": [
        {
            "name": "author",
            "type": "reference",
            "to": [{"type": "author"}],
            "bidirectional": {"targetField": "books", "name": "authorship"},
        },
        {
            "name": "about",
            "type": "reference",
            "to": [{"type": "author"}, {"type": "place"}],
            "bidirectional": {"targetField": "described"},
        },
    ],
}
BACK = [
    {"name": "books", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]},
    {"name": "described", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]},
]
AUTHOR = {"name": "author", "type": "document", "fields": [{"name": "name", "type": "string"}, *BACK[:1]]}
PLACE = {
    "name": "place",
    "type": "document",
    "preview": {"select": {"title": "names.local"}},
    "fields": [{"name": "names", "type": "object", "fields": [{"name": "local", "type": "string"}]}, BACK[1]],
}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("authorship", ["a1"]),
        ("book.author", ["a1"]),
        ("author.books", ["b1"]),
        ("book.about", ["a1", "p1"]),
        ("book.about:place", ["p1"]),
    ],
)
def test_a_field_offers_all_its_types_and_a_relation_its_own(asked: str, found: list[str]) -> None:
    author = {**AUTHOR, "fields": [*AUTHOR["fields"], BACK[1]]}
    schema = Schema.load([BOOK, author, PLACE])
    dataset = Lake(seed=0).dataset("production")
    places = {"_id": "p1", "_type": "place", "names": {"local": "Wien"}}
    rows = [{"_id": "a1", "_type": "author", "name": "Ann"}, places, {"_id": "b1", "_type": "book"}]
    dataset.mutate([{"create": row} for row in rows])
    engine = Engine(schema, LakeBackend(dataset))
    assert ids(engine.candidates(asked)) == found
    titles = {"a1": "Ann", "p1": "Wien", "b1": None}
    assert [row["title"] for row in engine.candidates(asked)] == [titles[name] for name in found]
    if "." not in asked or ":" in asked:
        assert ids(engine.candidates(schema.relation(asked))) == found


REFUSED = [
    (("film.directer",), {}, 'the type "film" has no relation field "film.directer"'),
    (("film.directer",), {}, 'Did you mean "director"?'),
    (("flim.director",), {}, 'no relation is called "flim.director". Did you mean "film.director"'),
    ((None,), {}, "not None"),
    (("film.director",), {"limit": 0}, "limit is a whole number from 1 to 1000, not 0"),
    (("film.director",), {"limit": 1001}, "limit is a whole number from 1 to 1000, not 1001"),
    (("film.director",), {"limit": True}, "limit is a whole number from 1 to 1000, not True"),
    (("film.director",), {"search": 5}, "search is a text, not 5"),
    (("film.director",), {"document": ""}, "the document is given by its id"),
    (("film.director",), {"perspective": "raw"}, "shows no documents by their published ids"),
    (("film.director",), {"perspective": "drafts,"}, "shows no documents by their published ids"),
]


@pytest.mark.parametrize(("arguments", "options", "text"), REFUSED)
def test_what_cannot_be_asked_is_refused_without_a_request(
    engine: Engine, traffic: Traffic, arguments: tuple[Any], options: dict[str, Json], text: str
) -> None:
    with pytest.raises(IntentError) as caught:
        engine.candidates(*arguments, **options)
    assert text in str(caught.value)
    assert traffic.reads == 0
