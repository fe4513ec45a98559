"""The small catalogue on which updates are measured: books, authors, series, and the schema that ties them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bidir.relations import Schema

__all__ = ["GROUPS", "RELEASE", "SCHEMA_TYPES", "WEIGHTS", "given_documents", "reference", "schema", "type_of"]

RELEASE: Final = "spring"
"""The release in which some of the updates are made."""

SCHEMA_TYPES: Final[list[dict[str, Any]]] = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            {"name": "title", "type": "string"},
            {
                "name": "author",
                "type": "reference",
                "to": [{"type": "author"}],
                "bidirectional": {"targetField": "currentBook"},
            },
            {
                "name": "series",
                "type": "reference",
                "to": [{"type": "series"}],
                "bidirectional": {"targetField": "books"},
            },
            # Two fields as they were before: nothing is declared on them.
            {"name": "publisher", "type": "reference", "to": [{"type": "publisher"}]},
            {
                "name": "reviewers",
                "type": "array",
                "of": [{"type": "reference", "to": [{"type": "publisher"}]}],
            },
        ],
    },
    {
        "name": "author",
        "type": "document",
        "fields": [
            {"name": "title", "type": "string"},
            {"name": "currentBook", "type": "reference", "to": [{"type": "book"}]},
        ],
    },
    {
        "name": "series",
        "type": "document",
        "fields": [
            {"name": "title", "type": "string"},
            {"name": "books", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]},
        ],
    },
    {"name": "publisher", "type": "document", "fields": [{"name": "title", "type": "string"}]},
]
"""The requirement's book and author, one relation to a list beside it, and plain references."""

_SIZES: Final = {"book": 8, "author": 6, "series": 3, "publisher": 3}
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    kind: tuple(f"{kind}-{number}" for number in range(1, size + 1)) for kind, size in _SIZES.items()
}
"""The documents by type: few, so that updates meet."""

WEIGHTS: Final = (("drafts", 0.6), ("published", 0.25), (RELEASE, 0.15))
"""Where updates are made, as shares: most in drafts, as in a Studio."""


def schema() -> Schema:
    """Return the schema, loaded."""
    return Schema.load(list(SCHEMA_TYPES))


def reference(target: str) -> dict[str, Any]:
    """Return a reference as a client writes it."""
    return {"_type": "reference", "_ref": target}


def type_of(group: str) -> str:
    """Return the document type of a group, which its name begins with."""
    return group.partition("-")[0]


def given_documents() -> list[dict[str, Any]]:
    """Return every document, published and without a link."""
    return [{"_id": group, "_type": kind, "title": group} for kind, groups in GROUPS.items() for group in groups]
