"""The relation kinds that the state machines play: each as a schema for the engine and as plain facts for the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.conformance.model import ModelRelation

__all__ = ["KINDS", "Kind"]

POOL_SIZE = 3
"""Groups per document type: few, so that edits collide."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One shape of relation: `types` in Sanity's form, `relations` for the model, `groups` by document type.

    `member` names, for list fields of objects, the reference inside an item and the item's `_type`.
    """

    name: str
    types: Sequence[Mapping[str, Any]]
    relations: tuple[ModelRelation, ...]
    groups: Mapping[str, tuple[str, ...]]
    member: Mapping[tuple[str, str], tuple[str, str]]

    @property
    def type_of(self) -> dict[str, str]:
        """The document type of every group."""
        return {group: kind for kind, groups in self.groups.items() for group in groups}


def _reference(name: str, to: str, **bidirectional: Any) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": "reference", "to": [{"type": to}]}
    return {**field, "bidirectional": bidirectional} if bidirectional else field


def _array(name: str, to: str, *, validation: Mapping[str, int] | None = None, **bidirectional: Any) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": "array", "of": [{"type": "reference", "to": [{"type": to}]}]}
    if validation:
        field["validation"] = dict(validation)
    return {**field, "bidirectional": bidirectional} if bidirectional else field


def _document(name: str, *fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "type": "document", "fields": [*fields, {"name": "title", "type": "string"}]}


def _pool(**prefixes: str) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(f"{prefix}{index}" for index in range(1, POOL_SIZE + 1)) for kind, prefix in prefixes.items()}


_BOOKS = _pool(book="b", author="a")
_PEOPLE = _pool(person="p")

_CREDIT = {
    "name": "credit",
    "type": "object",
    "fields": [_reference("person", "person"), {"name": "role", "type": "string"}],
}

KINDS: tuple[Kind, ...] = (
    Kind(
        "one-to-one",
        [
            _document("book", _reference("author", "author", targetField="currentBook")),
            _document("author", _reference("currentBook", "book")),
        ],
        (ModelRelation(("book", "author"), ("author", "currentBook"), left_many=False, right_many=False),),
        _BOOKS,
        {},
    ),
    Kind(
        "many-to-one",
        [
            _document("book", _reference("author", "author", targetField="books")),
            _document("author", _array("books", "book")),
        ],
        (ModelRelation(("book", "author"), ("author", "books"), left_many=False, right_many=True),),
        _BOOKS,
        {},
    ),
    Kind(
        "one-to-many",
        [
            _document("author", _array("books", "book", targetField="author")),
            _document("book", _reference("author", "author")),
        ],
        (ModelRelation(("author", "books"), ("book", "author"), left_many=True, right_many=False),),
        _BOOKS,
        {},
    ),
    Kind(
        "many-to-many",
        [
            _document("book", _array("authors", "author", targetField="books")),
            _document("author", _array("books", "book")),
        ],
        (ModelRelation(("book", "authors"), ("author", "books"), left_many=True, right_many=True),),
        _BOOKS,
        {},
    ),
    Kind(
        "symmetric-one",
        [_document("person", _reference("spouse", "person", targetField="spouse"))],
        (ModelRelation(("person", "spouse"), ("person", "spouse"), left_many=False, right_many=False),),
        _PEOPLE,
        {},
    ),
    Kind(
        "symmetric-many",
        [_document("person", _array("friends", "person", targetField="friends"))],
        (ModelRelation(("person", "friends"), ("person", "friends"), left_many=True, right_many=True),),
        _PEOPLE,
        {},
    ),
    Kind(
        "two-relations",
        [
            _document(
                "book",
                _reference("author", "author", targetField="currentBook"),
                _reference("editor", "author", targetField="edits"),
            ),
            _document("author", _reference("currentBook", "book"), _array("edits", "book")),
        ],
        (
            ModelRelation(("book", "author"), ("author", "currentBook"), left_many=False, right_many=False),
            ModelRelation(("book", "editor"), ("author", "edits"), left_many=False, right_many=True),
        ),
        _BOOKS,
        {},
    ),
    Kind(
        "metadata",
        [
            _CREDIT,
            _document("film", {"name": "credits", "type": "array", "of": [{"type": "credit"}]}),
            _document("person", _array("films", "film", targetField="credits.person")),
        ],
        (ModelRelation(("person", "films"), ("film", "credits"), left_many=True, right_many=True),),
        _pool(film="f", person="p"),
        {("film", "credits"): ("person", "credit")},
    ),
    Kind(
        "reject",
        [
            _document("book", _reference("author", "author", targetField="currentBook", onConflict="reject")),
            _document("author", _reference("currentBook", "book")),
        ],
        (ModelRelation(("book", "author"), ("author", "currentBook"), left_many=False, right_many=False, reject=True),),
        _BOOKS,
        {},
    ),
    Kind(
        "bounded",
        [
            _document("book", _reference("author", "author", targetField="books")),
            _document("author", _array("books", "book", validation={"max": 2})),
        ],
        (ModelRelation(("book", "author"), ("author", "books"), left_many=False, right_many=True, right_max=2),),
        _BOOKS,
        {},
    ),
)
"""Every kind, in the order of the report."""
