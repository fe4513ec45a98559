"""What of a product goes into its document: everything once, only the title later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from medusa_sync.models import check_product_id

__all__ = ["DEFAULT_LANGUAGE", "DOCUMENT_TYPE", "document_for", "draft_of", "group_of", "title_patch"]

DOCUMENT_TYPE: Final = "product"
DEFAULT_LANGUAGE: Final = "en"


def document_for(product_id: str, title: str) -> dict[str, Any]:
    """Return the document that a new product starts with: its id and title, and one empty spec to be filled in.

    Raises: BadInputError for an id that no published document can have.
    """
    check_product_id(product_id)
    spec = {"_key": product_id, "_type": "spec", "title": title, "lang": DEFAULT_LANGUAGE, "content": ""}
    return {"_id": product_id, "_type": DOCUMENT_TYPE, "title": title, "specs": [spec]}


def title_patch(document_id: str, title: str) -> Mapping[str, Any]:
    """Return the mutation for a changed title; specs and addons belong to the editors and are not in it."""
    return {"patch": {"id": document_id, "set": {"title": title}}}


def draft_of(product_id: str) -> str:
    """Return the id of a product document's draft."""
    return f"drafts.{product_id}"


def group_of(document_id: str) -> str:
    """Return the product id behind a published, draft or version id."""
    if document_id.startswith("drafts."):
        return document_id.removeprefix("drafts.")
    return document_id.split(".", 2)[2] if document_id.startswith("versions.") else document_id
