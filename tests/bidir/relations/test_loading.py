"""What a schema in Sanity's form loads as: fields, relations, defaults, options."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from bidir.errors import SchemaError
from bidir.relations import Schema


def ref(*to: str, **more: Any) -> dict[str, Any]:
    return {"type": "reference", "to": [{"type": name} for name in to], **more}


def document(name: str, *fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "document", "fields": list(fields), **more}


def field(called: str, body: dict[str, Any], target: str | None = None, **options: Any) -> dict[str, Any]:
    out = {"name": called, **body}
    return out if target is None else {**out, "bidirectional": {"targetField": target, **options}}


def array(*of: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "of": list(of), **more}


BOOK = document("book", field("author", ref("author"), "currentBook"))
AUTHOR = document("author", field("currentBook", ref("book")))


def test_the_short_form_is_a_relation_with_every_default() -> None:
    schema = Schema.load([BOOK, AUTHOR])
    (relation,) = schema.relations
    assert (relation.name, relation.left.name, relation.right.name) == (
        "book.author",
        "book.author",
        "author.currentBook",
    )
    assert (relation.owner, relation.symmetric, relation.enabled, relation.inverse_weak) == ("left", False, True, True)
    assert (relation.on_conflict, relation.on_delete, relation.on_unpublish) == ("steal", "clear", None)
    assert (relation.publish_partners, relation.live_target) == ("field", "defer")
    left = relation.left
    assert (left.many, left.member, left.to, left.weak) == (False, (), ("author",), False)
    assert (left.min, left.max, left.max_policy, left.acyclic, left.max_depth) == (None, None, "reject", False, 10)
    assert left.reference_type == "reference"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param([BOOK, AUTHOR], id="list"),
        pytest.param((BOOK, AUTHOR), id="tuple"),
        pytest.param({"types": [BOOK, AUTHOR]}, id="types-list"),
        pytest.param({"name": "default", "types": {"book": BOOK, "author": AUTHOR}}, id="types-by-name"),
        pytest.param(
            {
                "types": {
                    "book": {
                        "type": "document",
                        "fields": {"author": {**ref("author"), "bidirectional": {"target_field": "currentBook"}}},
                    },
                    "author": {
                        "type": "document",
                        "fields": {"currentBook": {"type": "reference", "to": {"type": "book"}}},
                    },
                }
            },
            id="fields-by-name-and-snake-case",
        ),
        pytest.param(
            [BOOK, {**AUTHOR, "fields": [field("currentBook", ref("book"), "author")]}], id="declared-on-both"
        ),
    ],
)
def test_every_accepted_form_means_the_same(source: Any) -> None:
    assert Schema.load(source).relations == Schema.load([BOOK, AUTHOR]).relations
    assert Schema.load(source).digest == Schema.load([BOOK, AUTHOR]).digest


BOOKS = field("books", array(ref("book")))
BOOK_ALONE = document("book", field("author", ref("author")))
CREDIT = {
    "name": "credit",
    "type": "object",
    "fields": [field("person", ref("person")), {"name": "role", "type": "string"}],
}

SHAPES = [
    pytest.param(
        [document("book", field("author", ref("author"), "books")), document("author", BOOKS)],
        ("book.author", "author.books", "left", False),
        id="n-to-1",
    ),
    pytest.param(
        [document("author", field("books", array(ref("book")), "author")), BOOK_ALONE],
        ("author.books", "book.author", "right", False),
        id="1-to-n",
    ),
    pytest.param(
        [document("book", field("authors", array(ref("author")), "books")), document("author", BOOKS)],
        ("book.authors", "author.books", "left", False),
        id="n-to-m",
    ),
    pytest.param(
        [document("person", field("spouse", ref("person"), "spouse"))],
        ("person.spouse", "person.spouse", "left", True),
        id="symmetric-1-to-1",
    ),
    pytest.param(
        [document("person", field("friends", array(ref("person", bidirectional={"targetField": "friends"}))))],
        ("person.friends", "person.friends", "left", True),
        id="symmetric-n-to-m-declared-on-the-member",
    ),
    pytest.param(
        [document("page", field("parent", ref("page"), "children"), field("children", array(ref("page"))))],
        ("page.parent", "page.children", "left", False),
        id="two-fields-of-one-type",
    ),
    pytest.param(
        [CREDIT, document("film", field("credits", array({"type": "credit"}), "films")),
         document("person", field("films", array(ref("film"))))],
        ("film.credits[].person", "person.films", "left", False),
        id="object-items-of-a-named-type",
    ),
    pytest.param(
        [document("film", field("cast", array({"type": "object", "fields": [field("who", ref("person"), "films")]}))),
         document("person", field("films", array(ref("film"))))],
        ("film.cast[].who", "person.films", "left", False),
        id="object-items-in-place-declared-on-the-reference",
    ),
    pytest.param(
        [CREDIT, document("person", field("films", array(ref("film")), "credits")),
         document("film", field("credits", array({"type": "credit"})))],
        ("person.films", "film.credits[].person", "left", False),
        id="the-array-of-objects-as-target",
    ),
    pytest.param(
        [CREDIT, document("person", field("films", array(ref("film")), "credits[].person")),
         document("film", field("credits", array({"type": "credit"})))],
        ("person.films", "film.credits[].person", "left", False),
        id="the-member-as-target",
    ),
    pytest.param(
        [document("book", {"name": "meta", "type": "object", "fields": [field("author", ref("author"), "about.book")]}),
         document("author", {"name": "about", "type": "object", "fields": [field("book", ref("book"))]})],
        ("book.meta.author", "author.about.book", "left", False),
        id="nested-paths",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("types", "expected"), SHAPES)
def test_shapes(types: list[Any], expected: tuple[Any, ...]) -> None:
    (relation,) = Schema.load(types).relations
    assert (relation.left.name, relation.right.name, relation.owner, relation.symmetric) == expected
    assert (relation.left == relation.right) is relation.symmetric


@pytest.mark.parametrize(("types", "expected"), SHAPES)
def test_the_inverse_of_the_inverse_is_the_field_itself(types: list[Any], expected: tuple[Any, ...]) -> None:
    schema = Schema.load(types)
    ends = [end for name in schema.types for end in schema.fields_of(name)]
    assert len(ends) == len(set(expected[:2]))
    for end in ends:
        for target in end.to:
            found = schema.inverse(end, target)
            assert found is not None
            relation, other = found
            assert relation.other(end) == other
            assert relation.other(other) == end
            assert schema.inverse(other, end.type) == (relation, end)


def test_item_and_reference_types_are_what_the_studio_would_store() -> None:
    types = [
        {"name": "personLink", **ref("person", weak=True)},
        CREDIT,
        document(
            "film",
            field("director", {"type": "personLink"}, "directed"),
            field("writers", array({"type": "personLink"}), "written"),
            field("stars", array(ref("person", name="starLink")), "starred"),
            field("crew", array({"type": "credit", "name": "crewCredit"}), "crewed"),
            field("cast", array({"type": "object", "fields": [field("who", ref("person"))]}), "acted"),
        ),
        document(
            "person",
            *(field(name, array(ref("film"))) for name in ("directed", "written", "starred", "crewed", "acted")),
        ),
    ]
    found = {end.path[0]: (end.item_type, end.reference_type, end.weak) for end in Schema.load(types).fields_of("film")}
    assert found == {
        "director": (None, "personLink", True),
        "writers": (None, "personLink", True),
        "stars": (None, "starLink", False),
        "crew": ("crewCredit", "reference", False),
        "cast": (None, "reference", False),
    }


OPTIONS = {
    "name": ("n", "name", "n"),
    "onConflict": ("reject", "on_conflict", "reject"),
    "on_conflict": ("ask", "on_conflict", "ask"),
    "onDelete": ("block", "on_delete", "block"),
    "onUnpublish": ("clear", "on_unpublish", "clear"),
    "publishPartners": ("warn", "publish_partners", "warn"),
    "live_target": ("defer", "live_target", "defer"),
    "on_delete": ("keep", "on_delete", "keep"),
    "enabled": (False, "enabled", False),
    "inverseWeak": (False, "inverse_weak", False),
    "owner": ("target", "owner", "right"),
}


@pytest.mark.parametrize(
    ("option", "value", "attribute", "expected"), [(key, *value) for key, value in OPTIONS.items()]
)
@pytest.mark.parametrize("side", ["declaring", "answering"])
def test_an_option_changes_its_attribute_and_nothing_else(
    side: str, option: str, value: Any, attribute: str, expected: Any
) -> None:
    plain = Schema.load([BOOK, AUTHOR]).relations[0]
    if side == "declaring":
        types = [document("book", field("author", ref("author"), "currentBook", **{option: value})), AUTHOR]
    else:
        types = [BOOK, document("author", field("currentBook", ref("book"), "author", **{option: value}))]
        expected = "left" if attribute == "owner" else expected
    relation = Schema.load(types).relations[0]
    assert relation == dataclasses.replace(plain, **{attribute: expected})


@pytest.mark.parametrize(
    ("options", "validation", "expected"),
    [
        ({"min": 1, "max": 3, "maxPolicy": "trim"}, {}, (1, 3, "trim")),
        ({}, {"min": 2, "max": 5}, (2, 5, "reject")),
        ({}, {"required": True}, (1, None, "reject")),
        ({"max": 4}, {"min": 1, "max": 5}, (1, 4, "reject")),
        ({}, {"min": True, "max": "many"}, (None, None, "reject")),
    ],
)
def test_bounds_come_from_options_or_validation(options: Any, validation: Any, expected: Any) -> None:
    books = field("books", array(ref("book"), validation=validation), "author", **options)
    schema = Schema.load([document("author", books), document("book", field("author", ref("author")))])
    (end,) = schema.fields_of("author")
    assert (end.min, end.max, end.max_policy) == expected
    (other,) = schema.fields_of("book")
    assert (other.min, other.max, other.max_policy) == (None, None, "reject")


def test_a_hierarchy_is_acyclic_on_both_ends() -> None:
    page = document(
        "page",
        field("parent", ref("page"), "children", acyclic=True, maxDepth=4),
        field("children", array(ref("page"))),
    )
    assert {(end.path, end.acyclic, end.max_depth) for end in Schema.load([page]).fields_of("page")} == {
        (("parent",), True, 4),
        (("children",), True, 4),
    }


def test_several_target_types_make_a_relation_for_each_that_has_the_field() -> None:
    schema = Schema.load(
        [
            document("book", field("by", ref("person", "company", "group"), "books")),
            document("person", BOOKS),
            document("company"),
            document("group", field("books", array(ref("book")))),
        ]
    )
    assert [relation.name for relation in schema.relations] == ["book.by:person", "book.by:group"]
    (by,) = schema.fields_of("book")
    assert schema.inverse(by, "company") is None
    assert [found[1].name for name in by.to if (found := schema.inverse(by, name))] == ["person.books", "group.books"]


@pytest.mark.parametrize("declare", ["the sources", "the shared field"])
def test_several_source_types_may_share_one_inverse_field(declare: str) -> None:
    inside = None if declare == "the shared field" else "items"
    outside = "author" if declare == "the shared field" else None
    schema = Schema.load(
        [
            document("book", field("author", ref("author"), inside)),
            document("film", field("author", ref("author"), inside)),
            document("author", field("items", array(ref("book", "film")), outside)),
        ]
    )
    (items,) = schema.fields_of("author")
    for name in ("book", "film"):
        found = schema.inverse(items, name)
        assert found is not None
        assert found[1].name == f"{name}.author"
    names = ["author.items:book", "author.items:film"] if outside else ["book.author", "film.author"]
    assert [relation.name for relation in schema.relations] == names
    assert {relation.owner_field.name for relation in schema.relations} == {"book.author", "film.author"}


def test_a_disabled_relation_stays_listed_and_takes_part_in_nothing() -> None:
    schema = Schema.load([document("book", field("author", ref("author"), "currentBook", enabled=False)), AUTHOR])
    (relation,) = schema.relations
    assert not relation.enabled
    assert schema.fields_of("book") == schema.fields_of("author") == ()
    assert schema.inverse(relation.left, "author") is None
    assert schema.relation("book.author") is relation


def test_types_and_live_editing() -> None:
    schema = Schema.load([BOOK, {**AUTHOR, "liveEdit": True}, document("note", {"name": "text", "type": "text"})])
    assert (schema.is_live("book"), schema.is_live("author"), schema.is_live("unheard-of")) == (False, True, False)
    assert schema.fields_of("note") == schema.fields_of("unheard-of") == ()
    assert schema.types["note"].attributes == ("text",)


def test_a_relation_is_found_by_name_or_by_a_near_miss() -> None:
    schema = Schema.load([BOOK, AUTHOR])
    with pytest.raises(SchemaError, match=r'no relation is called "book.auther". Did you mean "book.author"\?'):
        schema.relation("book.auther")


def test_a_schema_without_relations_is_a_schema() -> None:
    assert Schema.load([AUTHOR]).relations == ()


def test_the_digest_tells_declarations_apart_and_nothing_else() -> None:
    base = Schema.load([BOOK, AUTHOR]).digest
    assert Schema.load([AUTHOR, BOOK]).digest == base
    assert (
        Schema.load([{**BOOK, "title": "Book"}, AUTHOR, document("note", {"name": "x", "type": "text"})]).digest == base
    )
    assert (
        Schema.load([document("book", field("author", ref("author"), "currentBook", onConflict="ask")), AUTHOR]).digest
        != base
    )
    assert len(base) == 12


def test_relation_knows_its_ends() -> None:
    relation = Schema.load([BOOK, AUTHOR]).relations[0]
    assert relation.is_forward(relation.left)
    assert not relation.is_forward(relation.right)
    stranger = dataclasses.replace(relation.left, path=("editor",))
    with pytest.raises(ValueError, match=r"book\.editor is no end of the relation book\.author"):
        relation.other(stranger)


def test_files(tmp_path: Any) -> None:
    as_json = tmp_path / "schema.json"
    as_json.write_text(json.dumps([BOOK, AUTHOR]), encoding="utf-8")
    as_yaml = tmp_path / "schema.yaml"
    as_yaml.write_text(
        "types:\n"
        "  - {name: book, type: document, since: 2024-01-01, fields: [\n"
        "      {name: author, type: reference, to: [{type: author}],\n"
        "      bidirectional: {targetField: currentBook}}]}\n"
        "  - {name: author, type: document, fields: [{name: currentBook, type: reference, to: {type: book}}]}\n",
        encoding="utf-8",
    )
    expected = Schema.load([BOOK, AUTHOR]).relations
    assert Schema.load(as_json).relations == Schema.load(str(as_yaml)).relations == expected
