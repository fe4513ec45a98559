"""Mendoza patches, the effects of a change on one document, in their plainest form (content-lake reference, 5.5)."""

from __future__ import annotations

from typing import Any, Final

from lakesim.store.documents import Document

__all__ = ["effects_of", "replacement"]

_WHOLE_VALUE: Final = 0
"""The opcode for a whole value; every decoder takes a patch that is just that."""


def replacement(document: Document | None) -> list[Any]:
    """Return the patch that leads from anything to `document`, which is taken without its `_rev`."""
    if document is None:
        return [_WHOLE_VALUE, None]
    return [_WHOLE_VALUE, {name: value for name, value in document.items() if name != "_rev"}]


def effects_of(before: Document | None, after: Document | None) -> dict[str, list[Any]]:
    """Return `{"apply": […], "revert": […]}`, the patches from one version to the other and back."""
    return {"apply": replacement(after), "revert": replacement(before)}
