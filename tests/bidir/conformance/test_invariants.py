"""The invariants as judges: sound documents pass, each kind of fault is named, and what waits is excused."""

from __future__ import annotations

from typing import Any

import pytest

from bidir.conformance.invariants import check_invariants, layers_of, resolve_view, split_id
from bidir.outcome import Pending
from bidir.relations import Schema

SCHEMA = Schema.load(
    [
        {
            "name": "book",
            "type": "document",
            "fields": [
                {
                    "name": "author",
                    "type": "reference",
                    "to": [{"type": "author"}],
                    "bidirectional": {"targetField": "books"},
                }
            ],
        },
        {
            "name": "author",
            "type": "document",
            "fields": [
                {
                    "name": "books",
                    "type": "array",
                    "of": [{"type": "reference", "to": [{"type": "book"}]}],
                    "validation": {"max": 2},
                }
            ],
        },
    ]
)


def ref(target: str, *, weak: bool = True) -> dict[str, Any]:
    return {"_type": "reference", "_ref": target} | ({"_weak": True} if weak else {})


def book(name: str, author: str | None = None, *, weak: bool = True) -> dict[str, Any]:
    return {"_id": name, "_type": "book"} | ({"author": ref(author, weak=weak)} if author else {})


def author(name: str, *books: str, weak: bool = True) -> dict[str, Any]:
    return {
        "_id": name,
        "_type": "author",
        "books": [{"_key": str(at), **ref(one, weak=weak)} for at, one in enumerate(books)],
    }


def stored(*documents: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {document["_id"]: document for document in documents}


@pytest.mark.parametrize(
    "documents",
    [
        stored(),
        stored(book("b1", "a1", weak=False), author("a1", "b1")),
        stored(book("b1"), author("a1")),
        stored(book("b1", "a1"), book("drafts.b1"), author("a1", "b1"), author("drafts.a1")),
        stored(book("drafts.b1", "a1"), author("drafts.a1", "b1"), author("a1")),
        stored(book("b1"), author("a1"), book("versions.r.b1", "a1"), author("versions.r.a1", "b1")),
        pytest.param(stored(book("b1", "a1"), author("drafts.a1", "b1")), id="weak-at-a-group-that-is-only-a-draft"),
    ],
)
def test_sound_documents_pass(documents: Any) -> None:
    assert check_invariants(SCHEMA, documents) == []


BROKEN = [
    (
        stored(book("b1", "a1"), author("a1")),
        "I1 symmetry in published, book.author: b1 names a1 in book.author, but a1 names",
    ),
    (stored(book("b1"), author("a1", "b1")), "I1 symmetry in published, book.author: a1 names b1 in author.books"),
    (
        stored(book("b1", "a1"), author("a1", "b1"), author("drafts.a1")),
        "I1 symmetry in drafts, book.author: b1 names a1 in book.author, but a1 names nothing",
    ),
    (
        stored(book("b1"), author("a1"), book("versions.r.b1", "a1")),
        "I1 symmetry in r, book.author: b1 names a1 in book.author, but a1 names nothing",
    ),
    (
        stored(book("b1", "a1"), book("b2", "a1"), book("b3", "a1"), author("a1", "b1", "b2", "b3")),
        "I2 cardinality in published, author.books: a1 holds 3 links, at most 2 are allowed",
    ),
    (
        stored(book("b1", "a1"), author("a1", "b1", "b1")),
        "I3 no duplicates in published, author.books: a1 names b1 more than",
    ),
    (
        stored(book("b1", "a1", weak=False), author("drafts.a1", "b1")),
        "I5 dangling in published, book.author: b1 points strongly",
    ),
    (stored(book("b1", "a9")), "I5 dangling in published, book.author: b1 points at a9, which has no version anywhere"),
    (
        stored(book("b1", "drafts.a1"), author("drafts.a1", "b1")),
        "I5 dangling in published, book.author: b1 points at drafts.a1",
    ),
]


@pytest.mark.parametrize(("documents", "text"), BROKEN, ids=lambda value: value[:25] if isinstance(value, str) else "")
def test_each_fault_is_named(documents: Any, text: str) -> None:
    assert any(str(breach).startswith(text) for breach in check_invariants(SCHEMA, documents)), text


def pending(source: str, target: str, layer: str, reason: Any = "missing") -> Pending:
    return Pending("book.author", source, target, layer, reason, "waits")


@pytest.mark.parametrize(
    ("documents", "item", "excused"),
    [
        (stored(book("b1", "a9")), pending("b1", "a9", "published"), True),
        (stored(book("b1", "a9"), book("drafts.b1", "a9")), pending("b1", "a9", "published"), True),
        (stored(book("b1", "a8")), pending("b1", "a9", "published"), False),
        (stored(book("b1", "a1"), author("a1")), pending("b1", "a1", "published", "permission"), True),
        (stored(book("drafts.b1", "a1"), author("a1")), pending("b1", "a1", "published", "permission"), False),
    ],
)
def test_what_waits_is_excused_where_it_waits(documents: Any, item: Pending, excused: bool) -> None:
    assert check_invariants(SCHEMA, documents)
    assert (check_invariants(SCHEMA, documents, pending=[item]) == []) is excused


def test_views() -> None:
    documents = stored(book("b1"), book("drafts.b1", "a1"), book("versions.r.b1", "a2"), book("drafts.b2"))
    documents["versions.r.b3"] = {"_id": "versions.r.b3", "_type": "book", "_system": {"delete": True}}
    documents["b3"] = book("b3")
    assert layers_of(documents) == ("published", "drafts", "r")
    assert set(resolve_view(documents, "published")) == {"b1", "b3"}
    assert resolve_view(documents, "drafts")["b1"]["_id"] == "drafts.b1"
    assert set(resolve_view(documents, "r")) == {"b1"}
    assert [split_id(name) for name in ("b.1", "drafts.b.1", "versions.r.b.1")] == [
        ("published", "b.1"),
        ("drafts", "b.1"),
        ("r", "b.1"),
    ]


def test_system_documents_are_nobodys_business() -> None:
    documents = {"_.releases.r": {"_id": "_.releases.r", "_type": "system.release"}}
    assert check_invariants(SCHEMA, documents) == []
