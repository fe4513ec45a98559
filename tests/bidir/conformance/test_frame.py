"""The frame as a judge: what an intent must leave alone, fault by fault."""

from __future__ import annotations

from typing import Any

import pytest

from bidir.conformance.frame import Intent, check_frame
from bidir.relations import Schema

SCHEMA = Schema.load(
    [
        {
            "name": "credit",
            "type": "object",
            "fields": [{"name": "person", "type": "reference", "to": [{"type": "person"}]}],
        },
        {
            "name": "film",
            "type": "document",
            "fields": [
                {
                    "name": "credits",
                    "type": "array",
                    "of": [{"type": "credit"}],
                    "bidirectional": {"targetField": "films"},
                }
            ],
        },
        {
            "name": "person",
            "type": "document",
            "fields": [{"name": "films", "type": "array", "of": [{"type": "reference", "to": [{"type": "film"}]}]}],
        },
    ]
)


def ref(target: str, **more: Any) -> dict[str, Any]:
    return {"_type": "reference", "_ref": target, "_weak": True, **more}


def film(called: str = "f1", rev: str = "1", *, credits: Any = (), **more: Any) -> dict[str, Any]:
    return {"_id": called, "_type": "film", "_rev": rev, "title": "t", "credits": list(credits), **more}


def person(called: str = "p1", rev: str = "1", *films: Any, **more: Any) -> dict[str, Any]:
    return {"_id": called, "_type": "person", "_rev": rev, "name": "n", "films": list(films), **more}


def credit(key: str, target: str, **more: Any) -> dict[str, Any]:
    return {"_key": key, "_type": "credit", "person": ref(target), **more}


def item(key: str, target: str) -> dict[str, Any]:
    return {"_key": key, **ref(target)}


def stored(*documents: dict[str, Any]) -> dict[str, Any]:
    return {document["_id"]: document for document in documents}


K1, K2 = credit("k1", "p1", role="star"), credit("k2", "p2")
MINE = person("drafts.p1", "1", item("x", "f1"), name="mine")
ADDED = Intent("published", {"f1": film(credits=[K1])})
IN_DRAFTS = Intent("drafts", {"drafts.f1": film("drafts.f1", credits=[K1])})
STRONG = {"_key": "k1", "_type": "credit", "person": {"_type": "reference", "_ref": "p1"}}
DRAFT_ONLY = stored(film("drafts.f1", credits=[credit("k1", "p1")]), person("versions.r.p1"))
PERSON_IN_R = person("versions.r.p1", "2", item("x", "f1"))
LINKED_IN_R = Intent("r", {"versions.r.p1": person("versions.r.p1", "1", item("x", "f1"))})

SOUND = {
    "a link with its other half": (
        stored(film(), person()),
        stored(film(rev="2", credits=[K1]), person("p1", "2", item("x", "f1"))),
        ADDED,
    ),
    "versions made on demand": (
        stored(film(), person()),
        stored(film(), person(), film("drafts.f1", "2", credits=[K1]), person("drafts.p1", "2", item("x", "f1"))),
        IN_DRAFTS,
    ),
    "the engine makes the user's strong new inverse weak": (
        stored(film(), person()),
        stored(film(rev="2", credits=[K1]), person("p1", "2", item("x", "f1"))),
        Intent("published", {"p1": person("p1", "1", {"_key": "x", "_type": "reference", "_ref": "f1"})}),
    ),
    "a draft that says what published says is removed": (
        stored(film(), film("drafts.f1", credits=[K1]), person(), person("drafts.p1", "1", item("x", "f1"))),
        stored(film(), person()),
        Intent("drafts", {"drafts.f1": film("drafts.f1")}),
    ),
    "pointers at a deleted group go in every layer": (
        stored(film(credits=[K1]), person("drafts.p1", "1", item("x", "f1"))),
        stored(film(rev="2")),
        Intent("drafts", deleted=frozenset({"drafts.p1"}), erased=frozenset({"p1"})),
    ),
    "a link of a version made from a draft is a new one, as strong as declared": (
        DRAFT_ONLY,
        {**DRAFT_ONLY, **stored(PERSON_IN_R, film("versions.r.f1", "2", credits=[STRONG]))},
        LINKED_IN_R,
    ),
}


@pytest.mark.parametrize("case", SOUND, ids=lambda name: name.replace(" ", "-"))
def test_what_belongs_to_the_intent_passes(case: str) -> None:
    before, after, intent = SOUND[case]
    assert [str(breach) for breach in check_frame(SCHEMA, before, after, intent)] == []


FAULTS = {
    "a partner's text changed": (
        stored(film(), person()),
        stored(film(rev="2", credits=[K1]), person("p1", "2", item("x", "f1"), name="other")),
        ADDED,
        "I7 frame: p1: fields beside the relations changed: name 'n' became 'other'",
    ),
    "a partner's text lost": (
        stored(film(), person()),
        stored(film(), person(), film("drafts.f1", "2", credits=[K1]), {**person("drafts.p1", "2"), "name": None}),
        IN_DRAFTS,
        "I7 frame: drafts.p1: fields beside the relations changed",
    ),
    "metadata of a surviving item lost": (
        stored(film(credits=[K1, K2])),
        stored(film(rev="2", credits=[credit("k1", "p1")])),
        Intent("published", {"p2": person("p2")}),
        "I7 frame: f1: the item 'k1' of film.credits[].person changed",
    ),
    "items reordered": (
        stored(film(credits=[K1, K2])),
        stored(film(rev="2", credits=[K2, K1])),
        Intent("published", {"p2": person("p2")}),
        "I7 frame: f1: items of film.credits[].person changed their order",
    ),
    "a strong inverse": (
        stored(film(), person()),
        stored(film(rev="2", credits=[K1]), person("p1", "2", {"_key": "x", "_type": "reference", "_ref": "f1"})),
        ADDED,
        "E8.6 strength: p1: a new inverse reference in person.films is strong",
    ),
    "an older pointer's strength changed": (
        stored(film(credits=[K1])),
        stored(film(rev="2", credits=[{**K1, "person": {"_type": "reference", "_ref": "p1"}}])),
        Intent("published", {"p2": person("p2")}),
        "I7 frame: f1: the item 'k1'",
    ),
    "written without a change": (
        stored(film(), person()),
        stored(film(rev="2", credits=[K1]), person("p1", "2")),
        ADDED,
        "E8.4 needless write: p1",
    ),
    "changed behind the revision": (
        stored(film(), person()),
        stored(film(), person("p1", "1", item("x", "f1"))),
        ADDED,
        "I7 frame: p1: changed without a new revision",
    ),
    "a draft edit writes published": (
        stored(film(), person()),
        stored(film(), person("p1", "2", item("x", "f1")), film("drafts.f1", "2", credits=[K1])),
        IN_DRAFTS,
        "I4 isolation: p1: changed by an edit in drafts",
    ),
    "a document appears": (
        stored(film()),
        stored(film(rev="2", credits=[K1]), person("p1", "2", item("x", "f1"))),
        ADDED,
        "I7 frame: p1: created, though nobody asked for it",
    ),
    "a document disappears": (
        stored(film(), person()),
        stored(film(rev="2", credits=[K1])),
        ADDED,
        "I7 frame: p1: deleted, though nobody asked for it",
    ),
    "a draft with text of its own is removed": (
        stored(
            film(), film("drafts.f1", credits=[K1]), person(), person("drafts.p1", "1", item("x", "f1"), name="mine")
        ),
        stored(film(), person()),
        Intent("drafts", {"drafts.f1": film("drafts.f1")}),
        "I7 frame: drafts.p1: a version with content of its own was removed",
    ),
    "a version made from a draft has another text": (
        DRAFT_ONLY,
        {**DRAFT_ONLY, **stored(PERSON_IN_R, film("versions.r.f1", "2", credits=[STRONG], title="other"))},
        LINKED_IN_R,
        "I7 frame: versions.r.f1: fields beside the relations changed: title 't' became 'other'",
    ),
    "a version made from a draft has its inverse strong": (
        stored(film("versions.r.f1"), person("drafts.p1", "1", item("x", "f1"))),
        stored(
            film("versions.r.f1", "2", credits=[K1]),
            person("drafts.p1", "1", item("x", "f1")),
            person("versions.r.p1", "2", {"_key": "x", "_type": "reference", "_ref": "f1"}),
        ),
        Intent("r", {"versions.r.f1": film("versions.r.f1", credits=[K1])}),
        "E8.6 strength: versions.r.p1: a new inverse reference in person.films is strong",
    ),
}


@pytest.mark.parametrize("case", FAULTS, ids=lambda name: name.replace(" ", "-"))
def test_each_fault_is_named(case: str) -> None:
    before, after, intent, text = FAULTS[case]
    breaches = [str(breach) for breach in check_frame(SCHEMA, before, after, intent)]
    assert any(breach.startswith(text) for breach in breaches), breaches
