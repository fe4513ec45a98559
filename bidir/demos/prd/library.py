"""The library the demonstration plays in: its types as a developer writes them, its documents, its references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "ANN",
    "BOOK_SIDE",
    "EMMA",
    "JANE",
    "JOHN",
    "RELEASE",
    "TALE",
    "TEMPEST",
    "TYPES",
    "author",
    "book",
    "drafts",
    "library",
    "reference",
    "types",
]

TEMPEST: Final = "the-tempest"
TALE: Final = "the-winters-tale"
EMMA: Final = "emma"
JOHN: Final = "john-doe"
JANE: Final = "jane-roe"
ANN: Final = "ann-other"
RELEASE: Final = "demo-spring"
"""The release in which a part of the work is done."""

BOOK_SIDE: Final = ("book",)
TYPES: Final = ("book", "author", "publisher")
"""What the demonstration writes, and clears."""

_TITLES: Final = {
    TEMPEST: "The Tempest",
    TALE: "The Winter's Tale",
    EMMA: "Emma",
    JOHN: "John Doe",
    JANE: "Jane Roe",
    ANN: "Ann Other",
}


def types(
    *, live: tuple[str, ...] = (), enabled: bool = True, target_field: str = "currentBook", publisher: bool = False
) -> list[dict[str, Any]]:
    """Return the schema in Sanity's own form; `live` names types that are edited live.

    `enabled` is the relation's feature flag, `publisher` declares a second relation, book.publisher to its books.
    """
    declared: dict[str, Any] = {"targetField": target_field}
    if not enabled:
        declared["enabled"] = False
    second = {"bidirectional": {"targetField": "books"}} if publisher else {}
    found: list[dict[str, Any]] = [
        {
            "name": "book",
            "type": "document",
            "fields": [
                {"name": "title", "type": "string"},
                {"name": "author", "type": "reference", "to": [{"type": "author"}], "bidirectional": declared},
                {"name": "publisher", "type": "reference", "to": [{"type": "publisher"}], **second},
            ],
        },
        {
            "name": "author",
            "type": "document",
            "fields": [
                {"name": "name", "type": "string"},
                {"name": "biography", "type": "text"},
                {"name": "currentBook", "type": "reference", "to": [{"type": "book"}]},
            ],
        },
        {
            "name": "publisher",
            "type": "document",
            "fields": [
                {"name": "name", "type": "string"},
                {"name": "books", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]},
            ],
        },
    ]
    for one in found:
        if one["name"] in live:
            one["liveEdit"] = True
    return found


def reference(target: str, *, weak: bool = False) -> dict[str, Any]:
    """Return a reference as the Studio writes it."""
    return {"_type": "reference", "_ref": target, **({"_weak": True} if weak else {})}


def book(group: str, *, by: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a published book, `by` an author."""
    linked = {} if by is None else {"author": reference(by)}
    return {"_id": group, "_type": "book", "title": _TITLES[group], **linked, **fields}


def author(group: str, *, of: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return a published author, `of` a book."""
    linked = {} if of is None else {"currentBook": reference(of, weak=True)}
    return {"_id": group, "_type": "author", "name": _TITLES[group], **linked, **fields}


def drafts(document: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the document as a draft, with other fields."""
    return {**document, "_id": f"drafts.{document['_id']}", **fields}


def library() -> list[dict[str, Any]]:
    """Return two books and two authors, published, without a link."""
    return [book(TEMPEST), book(TALE), author(JOHN, biography="Born in Bath."), author(JANE)]
