"""Documents made from other documents of the same group, and the mark that says "unpublish this"."""

from __future__ import annotations

from typing import Any, Final

from lakesim.actions.strengthen import strengthened
from lakesim.store.documents import Document

__all__ = ["copy_of", "is_unpublish_marker", "published_form"]

_OWN: Final = frozenset({"_id", "_rev", "_createdAt", "_updatedAt", "_system"})
"""What belongs to one stored document and not to its content."""


def copy_of(document: Document, document_id: str, *, keep_created_at: bool = False) -> dict[str, Any]:
    """Return the content of `document` under another id; the dates are the new document's own unless kept."""
    out: dict[str, Any] = {name: value for name, value in document.items() if name not in _OWN}
    out["_id"] = document_id
    if keep_created_at:
        out["_createdAt"] = document["_createdAt"]
    return out


def published_form(version: Document, published_id: str) -> dict[str, Any]:
    """Return what a draft or version becomes when it is published: references strengthened, `_createdAt` its own."""
    out: dict[str, Any] = strengthened(copy_of(version, published_id, keep_created_at=True))
    return out


def is_unpublish_marker(document: Document) -> bool:
    """Whether the version says that its release unpublishes the document (section 1.5, `_system.delete`)."""
    system = document.get("_system")
    return type(system) is dict and system.get("delete") is True
