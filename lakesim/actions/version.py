"""The version actions: create (whole or as a copy), replace, unpublish; discard is the document actions' own.

Source: content-lake reference, section 3.3; row 36 of its section 10.
"""

from __future__ import annotations

from typing import Any

from lakesim.actions.copies import copy_of
from lakesim.actions.model import CopyVersion, CreateVersion, ReplaceVersion, UnpublishVersion
from lakesim.actions.work import Work
from lakesim.ids import release_of
from lakesim.patch import parse_patch
from lakesim.store.documents import Document

__all__ = ["copy_version", "create_version", "replace_version", "unpublish_version"]


def create_version(work: Work, action: CreateVersion) -> None:
    """Create a version or draft from a whole document.

    Raises: DocumentTakenError, ReleaseNotFoundError where the choices ask for releases.
    """
    _require_place(work, action.document["_id"])
    work.create(action.document)


def copy_version(work: Work, action: CopyVersion) -> None:
    """Create a version or draft as a copy of the group's published document, draft or another version.

    Raises: DocumentTakenError, DocumentNotFoundError, DocumentRevisionMismatchError, ReleaseNotFoundError.
    """
    base = work.source(action.base_id)
    work.guard(action.base_id, action.if_base_revision_id)
    _require_place(work, action.version_id)
    work.create(_based_copy(work, base, action.version_id))


def replace_version(work: Work, action: ReplaceVersion) -> None:
    """Replace an existing version or draft entirely.

    Raises: DocumentNotFoundError.
    """
    work.require(action.document["_id"])
    work.replace(action.document)


def unpublish_version(work: Work, action: UnpublishVersion) -> None:
    """Mark a version so that its release unpublishes the document; a missing one begins as a copy of the published.

    Raises: DocumentNotFoundError where nothing is published, ReleaseNotFoundError.
    """
    published = work.source(action.published_id)
    if not work.exists(action.version_id):
        _require_place(work, action.version_id)
        copied = _based_copy(work, published, action.version_id)
        work.create({**copied, "_system": {**copied.get("_system", {}), "delete": True}})
        return
    work.patch(action.version_id, parse_patch({"set": {"_system.delete": True}}, choices=work.choices.patch))


def _require_place(work: Work, document_id: str) -> None:
    """Refuse an id that is taken, or one in a release that is not there where the choices ask for it (row 36)."""
    work.require_free(document_id)
    release = release_of(document_id)
    if release is not None and work.choices.versions_need_release:
        work.release(release)


def _based_copy(work: Work, base: Document, document_id: str) -> dict[str, Any]:
    """Return a copy that, where the lake keeps `_system`, remembers what it was copied from."""
    out = copy_of(base, document_id)
    if work.choices.system_fields:
        out["_system"] = {"base": {"id": base["_id"], "rev": base["_rev"]}}
    return out
