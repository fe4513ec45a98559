"""How strong a pointer is stored, and what a publish makes of the Studio's stamps."""

from __future__ import annotations

from typing import Any

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from lakesim import Dataset, Lake

Json = Any


def reference(*to: str) -> dict[str, Json]:
    return {"type": "reference", "to": [{"type": name} for name in to]}


def array(member: dict[str, Json]) -> dict[str, Json]:
    return {"type": "array", "of": [member]}


def stamped(target: str, name: str) -> dict[str, Json]:
    """What the Studio writes where an editor picks a document that is not published."""
    return {"_type": "reference", "_ref": target, "_weak": True, "_strengthenOnPublish": {"type": name}}


def two(left: dict[str, Json], right: dict[str, Json]) -> list[dict[str, Json]]:
    declared = {"name": "author", **left, "bidirectional": {"targetField": "book"}}
    return [
        {"name": "book", "type": "document", "fields": [declared]},
        {"name": "author", "type": "document", "fields": [{"name": "book", **right}]},
    ]


def one_type(body: dict[str, Json]) -> list[dict[str, Json]]:
    field = {"name": "book", **body, "bidirectional": {"targetField": "book"}}
    return [{"name": "author", "type": "document", "fields": [field]}]


KINDS = {
    "1:1": (two(reference("author"), reference("book")), False),
    "n:1": (two(reference("author"), array(reference("book"))), True),
    "n:m": (two(array(reference("author")), array(reference("book"))), True),
    "spouse": (one_type(reference("author")), False),
    "friends": (one_type(array(reference("author"))), True),
}


def started(types: list[dict[str, Json]], mode: str = "atomic") -> tuple[Dataset, Engine]:
    dataset = Lake(seed=0).dataset("production")
    return dataset, Engine(Schema.load(types), LakeBackend(dataset), publish=mode)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [["b", "a"], ["a", "b"], [["a", "b"]]], ids=["target first", "source first", "both"])
@pytest.mark.parametrize("mode", ["atomic", "action"])
@pytest.mark.parametrize("elsewhere", [False, True], ids=["by submit", "by a script"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stamp_on_the_inverse_side_never_makes_it_strong(kind, elsewhere, mode, order):
    # An editor filled the author's side with a book that was a draft yet: the Studio stamped the pointer, the publish
    # made it strong, and from then on the book could be neither unpublished nor deleted by anybody else.
    types, many = KINDS[kind]
    dataset, engine = started(types, mode)
    other = types[0]["name"]
    dataset.mutate(
        [{"create": {"_id": "drafts.a", "_type": "author"}}, {"create": {"_id": "drafts.b", "_type": other}}]
    )
    pointer = stamped("b", other)
    edit = {"set": {"book": [{**pointer, "_key": "k"}] if many else pointer}}
    if elsewhere:
        follower = engine.follow()
        dataset.mutate([{"patch": {"id": "drafts.a", **edit}}])
        follower.settle()
    else:
        engine.submit([{"patch": {"id": "a", **edit}}])
    for ids in order:
        engine.publish(ids)
    stored = dataset.get("a")["book"]
    stored = stored[0] if many else stored
    assert stored["_ref"] == "b"
    assert stored["_weak"] is True
    assert "_strengthenOnPublish" not in stored
    dataset.mutate([{"delete": {"id": "b"}}])


FILM = [
    {
        "name": "film",
        "type": "document",
        "fields": [
            {
                "name": "details",
                "type": "object",
                "fields": [
                    {"name": "director", **reference("person"), "bidirectional": {"targetField": "directed"}},
                    {"name": "studio", **reference("studio")},
                ],
            },
            {
                "name": "credits",
                **array(
                    {
                        "type": "object",
                        "fields": [
                            {"name": "person", **reference("person"), "bidirectional": {"targetField": "films"}},
                            {"name": "company", **reference("studio")},
                        ],
                    }
                ),
            },
        ],
    },
    {
        "name": "person",
        "type": "document",
        "fields": [{"name": "directed", **array(reference("film"))}, {"name": "films", **array(reference("film"))}],
    },
    {"name": "studio", "type": "document", "fields": [{"name": "name", "type": "string"}]},
]


@pytest.mark.parametrize("mode", ["atomic", "action"])
def test_references_beside_a_relation_are_strengthened_as_by_the_lake(mode):
    # Whatever stood in the same object as a relation's reference kept its stamp when the engine published it.
    dataset, engine = started(FILM, mode)
    dataset.mutate([{"create": {"_id": "s", "_type": "studio"}}, {"create": {"_id": "drafts.p", "_type": "person"}}])
    person, studio = stamped("p", "person"), stamped("s", "studio")
    film = {
        "_id": "f",
        "_type": "film",
        "details": {"director": person, "studio": studio},
        "credits": [{"_key": "a", "person": person, "company": studio}, {"_key": "b", "company": studio}],
    }
    engine.submit([{"create": film}])
    engine.publish("f")
    strong = {"_type": "reference", "_ref": "s"}
    published = dataset.get("f")
    assert published["details"] == {"director": person, "studio": strong}
    assert published["credits"] == [
        {"_key": "a", "person": person, "company": strong},
        {"_key": "b", "company": strong},
    ]


@pytest.mark.parametrize("call", ["submit", "add"])
def test_a_release_takes_a_drafted_partner_in_with_one_read_and_points_at_it_strongly(call):
    # Who waited for the partner took a second read, and `add` stamped what `submit` leaves as declared.
    dataset, engine = started(KINDS["n:1"][0])
    engine.create_release("spring")
    dataset.mutate([{"create": {"_id": "b", "_type": "book"}}, {"create": {"_id": "drafts.a", "_type": "author"}}])
    if call == "add":
        outcome = engine.add("b", "author", "a", perspective="spring")
    else:
        edit = {"set": {"author": {"_type": "reference", "_ref": "a"}}}
        outcome = engine.submit([{"patch": {"id": "b", **edit}}], perspective="spring")
    assert (outcome.reads, outcome.writes, outcome.documents_written) == (1, 1, 2)
    assert dataset.get("versions.spring.b")["author"] == {"_type": "reference", "_ref": "a"}
    assert [item["_ref"] for item in dataset.get("versions.spring.a")["book"]] == ["b"]


@pytest.mark.parametrize("mode", ["atomic", "action"])
def test_a_version_published_alone_lets_go_of_what_its_release_keeps(mode):
    # In the release the pointer is strong, on the author's version there: the lake refused the publish by action.
    dataset, engine = started(KINDS["1:1"][0], mode)
    engine.create_release("spring")
    dataset.mutate([{"create": {"_id": "versions.spring.a", "_type": "author"}}])
    dataset.mutate([{"create": {"_id": "versions.spring.b", "_type": "book"}}])
    engine.add("b", "author", "a", perspective="spring")
    assert dataset.get("versions.spring.b")["author"] == {"_type": "reference", "_ref": "a"}
    engine.publish("b", perspective="spring")
    assert dataset.get("b")["author"] == stamped("a", "author")
    assert [(one.reason, one.layer) for one in engine.pending()] == [("not-visible", "published")]
    engine.publish("a", perspective="spring")
    assert dataset.get("b")["author"] == {"_type": "reference", "_ref": "a"}
    assert (list(engine.audit()), engine.pending()) == ([], [])
