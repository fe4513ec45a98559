"""Derived inverses in a schema: loaded beside the stored relations, and refused where something is stored after all."""

from __future__ import annotations

from typing import Any

import pytest

from bidir.errors import SchemaError
from bidir.relations import Schema

Json = Any


def ref(*to: str) -> dict[str, Json]:
    return {"type": "reference", "to": [{"type": name} for name in to]}


def derived(target: str, **options: Json) -> dict[str, Json]:
    return {"bidirectional": {"targetField": target, "derived": True, **options}}


def document(name: str, *fields: dict[str, Json]) -> dict[str, Json]:
    return {"name": name, "type": "document", "fields": [{"name": "title", "type": "string"}, *fields]}


FILM = document("film", {"name": "studio", **ref("studio"), **derived("films")})
STUDIO = document("studio")


def test_the_target_type_needs_no_field_and_nothing_is_planned_for_it() -> None:
    schema = Schema.load([FILM, STUDIO])
    (relation,) = schema.derived
    assert schema.relations == ()
    assert (relation.name, relation.derived, relation.owner_field.name) == ("film.studio", True, "film.studio")
    assert (relation.right.name, relation.right.many, relation.right.to) == ("studio.films", True, ("film",))
    assert schema.relation("film.studio") is relation
    assert (schema.fields_of("film"), schema.fields_of("studio")) == ((), ())
    assert [field.name for field in schema.types["film"].fields] == ["film.studio"]
    assert schema.types["studio"].fields == ()


def test_a_list_of_objects_and_several_target_types_can_be_derived() -> None:
    member = {"type": "object", "name": "credit", "fields": [{"name": "by", **ref("person", "studio")}]}
    credits = {"name": "credits", "type": "array", "of": [member], **derived("credited", name="credit")}
    schema = Schema.load([document("film", credits), STUDIO, document("person")])
    assert [(one.name, one.right.name) for one in schema.derived] == [
        ("credit:person", "person.credited"),
        ("credit:studio", "studio.credited"),
    ]
    assert schema.derived[0].left is schema.derived[1].left or schema.derived[0].left == schema.derived[1].left


def test_stored_and_derived_relations_live_side_by_side() -> None:
    film = document(
        "film",
        {"name": "studio", **ref("studio"), **derived("films")},
        {"name": "owner", **ref("studio"), "bidirectional": {"targetField": "owns"}},
    )
    studio = document("studio", {"name": "owns", "type": "array", "of": [ref("film")]})
    schema = Schema.load([film, studio])
    assert ([one.name for one in schema.relations], [one.name for one in schema.derived]) == (
        ["film.owner"],
        ["film.studio"],
    )
    assert [field.name for field in schema.types["film"].fields] == ["film.studio", "film.owner"]
    assert [field.name for field in schema.fields_of("film")] == ["film.owner"]


def test_a_field_of_that_name_that_holds_no_references_is_none_of_its_business() -> None:
    shown = document("studio", {"name": "films", "type": "string"})
    assert len(Schema.load([FILM, shown]).derived) == 1


def test_the_digest_tells_derived_relations_apart() -> None:
    plain = document("film", {"name": "studio", **ref("studio")})
    assert Schema.load([FILM, STUDIO]).digest != Schema.load([plain, STUDIO]).digest


CLASH = document(
    "film",
    {"name": "studio", **ref("studio"), **derived("films")},
    {"name": "maker", **ref("studio"), **derived("films")},
)
NAMED = document(
    "film",
    {"name": "studio", **ref("studio"), **derived("films", name="x")},
    {"name": "maker", **ref("studio"), **derived("made", name="x")},
)
STORED = document("studio", {"name": "films", "type": "array", "of": [ref("film")]})
ANSWERED = document("studio", {"name": "best", **ref("film"), "bidirectional": {"targetField": "studio"}})
UNNAMED = document("film", {"name": "studio", **ref("studio"), "bidirectional": {"derived": True}})
UNKNOWN = document("film", {"name": "studio", **ref("stdio"), **derived("films")})
WRONG = document("film", {"name": "studio", **ref("studio"), **derived("films", derived="yes")})
POLICY = document(
    "film", {"name": "studio", **ref("studio"), **derived("films", onConflict="reject", liveTarget="defer")}
)

REFUSED = [
    (
        [FILM, STORED],
        "film.studio ⇄ studio.films (types[0].fields[1].bidirectional): derived means that nothing is stored",
    ),
    ([FILM, ANSWERED], "film.studio already takes part in studio.best ⇄ film.studio"),
    ([CLASH, STUDIO], "studio.films is derived from film.studio already (types[0].fields[1].bidirectional)"),
    ([NAMED, STUDIO], 'the name "x" is taken by film.studio ⇄ studio.films'),
    ([UNNAMED, STUDIO], 'bidirectional needs "targetField"'),
    ([UNKNOWN, STUDIO], 'the schema has no type "stdio". Did you mean "studio"?'),
    ([WRONG, STUDIO], 'derived must be true or false, not "yes"'),
    ([POLICY, STUDIO], '"onConflict" and "liveTarget" would have no effect; leave it out'),
]


@pytest.mark.parametrize(("types", "text"), REFUSED, ids=[text[:50] for _, text in REFUSED])
def test_one_clear_problem(types: list[Json], text: str) -> None:
    with pytest.raises(SchemaError) as caught:
        Schema.load(types)
    assert len(caught.value.problems) == 1, caught.value.problems
    assert text in caught.value.problems[0]


@pytest.mark.parametrize(
    ("fields", "preview", "title"),
    [
        (["name", "title"], None, "title"),
        (["label", "name"], None, "name"),
        (["motto", "code"], None, "motto"),
        (["name", "title"], {"select": {"title": "name"}}, "name"),
        (["title"], {"select": {"title": "seo.title"}}, "seo.title"),
        (["title"], {"select": {"title": "no path!"}}, "title"),
        (["title"], {"select": "title"}, "title"),
        ([], None, None),
    ],
)
def test_the_title_of_a_type(fields: list[str], preview: Json, title: str | None) -> None:
    body = {
        "name": "thing",
        "type": "document",
        "fields": [{"name": "count", "type": "number"}, *({"name": name, "type": "string"} for name in fields)],
    }
    declared = Schema.load([body if preview is None else {**body, "preview": preview}]).types["thing"]
    assert (declared.title, declared.texts) == (title, tuple(fields))
