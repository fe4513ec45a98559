"""The short form of relations and the arrow notation."""

from __future__ import annotations

from typing import Any

import pytest

from bidir.conformance.arrows import Arrow, expand, parse_arrow
from bidir.conformance.naming import PlaceError, split_place
from bidir.conformance.shorthand import ShorthandError, schema_from_relations
from bidir.relations import Schema

FORMS = [
    ("book.author <-> author.currentBook", "book.author", "author.currentBook", False, False),
    ("book.author ⇄ author.books[]", "book.author", "author.books", False, True),
    ("book.tags[] <-> tag.books[]", "book.tags", "tag.books", True, True),
    ("film.credits[].person <-> person.films[]", "film.credits[].person", "person.films", True, True),
    ("book.author <-> author.profile.books[]", "book.author", "author.profile.books", False, True),
    ("person.spouse <-> person.spouse", "person.spouse", "person.spouse", False, False),
]


@pytest.mark.parametrize(("text", "left", "right", "left_many", "right_many"), FORMS)
def test_a_short_form_declares_both_ends(text: str, left: str, right: str, left_many: bool, right_many: bool) -> None:
    (relation,) = Schema.load(schema_from_relations([text])).relations
    assert (relation.left.name, relation.right.name) == (left, right)
    assert (relation.left.many, relation.right.many) == (left_many, right_many)
    assert relation.symmetric == (left == right)


def test_options_and_live_types_are_passed_on() -> None:
    forms = [{"between": "book.author <-> author.currentBook", "onConflict": "reject"}]
    schema = Schema.load(schema_from_relations(forms, live_edit=["author"]))
    assert schema.relations[0].on_conflict == "reject"
    assert schema.is_live("author")
    assert not schema.is_live("book")


@pytest.mark.parametrize(
    ("forms", "message"),
    [
        (["book.author"], 'a relation has two ends with "<->" between them'),
        (["book <-> author.books"], '"book" in'),
        (["book.author.x[] <-> author.b[].c[]"], "is no end of a relation"),
        (["book.author <-> a.b", "book.author[] <-> c.d"], "is an array in one relation and single in another"),
        (["book.author <-> a.b", "book.author <-> a.c"], "declared towards two fields"),
    ],
)
def test_a_form_that_does_not_fit_is_refused(forms: list[str], message: str) -> None:
    with pytest.raises(ShorthandError, match=message.replace("[", r"\[")):
        schema_from_relations(forms)


def test_a_live_type_in_no_relation_is_refused() -> None:
    with pytest.raises(ShorthandError, match='names "athor", which is in no relation'):
        schema_from_relations(["book.author <-> author.currentBook"], live_edit=["athor"])


@pytest.mark.parametrize(
    ("text", "arrow"),
    [
        ("-> a1", Arrow("a1", "any")),
        ("~>a1", Arrow("a1", "weak")),
        ("=> drafts.a1", Arrow("drafts.a1", "strong")),
        ("->", None),
        ("-> a 1", None),
        (" -> a1", None),
        ("a -> b", None),
    ],
)
def test_arrows(text: str, arrow: Arrow | None) -> None:
    assert parse_arrow(text) == arrow


def test_arrows_are_expanded_with_the_path_they_stand_at() -> None:
    seen: list[tuple[Any, ...]] = []

    def make(arrow: Arrow, path: tuple[str, ...], in_array: bool) -> str:
        seen.append((arrow.target, path, in_array))
        return arrow.target.upper()

    value = {"a": "-> x", "b": ["-> y", {"c": "~> z", "n": 1}], "t": {"$text": "-> no"}}
    assert expand(value, make) == {"a": "X", "b": ["Y", {"c": "Z", "n": 1}], "t": "-> no"}
    assert seen == [("x", ("a",), False), ("y", ("b",), True), ("z", ("b", "c"), False)]


@pytest.mark.parametrize(
    ("text", "document_id", "path"),
    [
        ("b1.author", "b1", "author"),
        ("drafts.b1.author", "drafts.b1", "author"),
        ("versions.r1.b1.a.b", "versions.r1.b1", "a.b"),
        ('a1.books[_key=="x.y"].role', "a1", 'books[_key=="x.y"].role'),
    ],
)
def test_a_place_is_taken_apart(text: str, document_id: str, path: str) -> None:
    assert split_place(text) == (document_id, path)


@pytest.mark.parametrize("text", ["b1", "drafts.b1", "versions.r1.b1", "b1.", ".author"])
def test_a_place_without_a_field_is_refused(text: str) -> None:
    with pytest.raises(PlaceError, match="names no field of a document"):
        split_place(text)
