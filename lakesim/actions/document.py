"""The document actions: create, edit, publish, unpublish, delete, discard, replaceDraft.

Each takes the work under way and a parsed action, checks what the action presumes, and writes. Source: content-lake
reference, section 3.2; rows 34, 35, 41 and 42 of its section 10.
"""

from __future__ import annotations

from lakesim.actions.copies import copy_of, is_unpublish_marker, published_form
from lakesim.actions.errors import MarkedForUnpublishError, UnlistedVersionsError
from lakesim.actions.model import (
    CreateDocument,
    DeleteDocument,
    DiscardVersion,
    EditDocument,
    PublishDocument,
    ReplaceDraft,
    UnpublishDocument,
)
from lakesim.actions.work import Work
from lakesim.errors import InsufficientPermissionsError
from lakesim.ids import is_draft_id

__all__ = [
    "create_document",
    "delete_document",
    "discard_version",
    "edit_document",
    "publish_document",
    "replace_draft",
    "unpublish_document",
]


def create_document(work: Work, action: CreateDocument) -> None:
    """Create a draft, version or live document of a group that has no published document.

    Raises: DocumentTakenError, unless the very document exists and `ifExists` says to ignore that.
    """
    document_id = action.attributes["_id"]
    if action.if_exists == "ignore" and work.exists(document_id):
        return
    for taken in (action.published_id, document_id):
        work.require_free(taken)
    work.create(action.attributes)


def edit_document(work: Work, action: EditDocument) -> None:
    """Patch a draft or version; where there is no draft it begins as a copy of the published document.

    Raises: DocumentNotFoundError where there is nothing to edit, and whatever the patch meets.
    """
    if not work.exists(action.draft_id):
        # Row 35: versions are added to a release on purpose, never by editing.
        may_copy = is_draft_id(action.draft_id) or work.choices.edit_creates_versions
        if not may_copy:
            raise work.missing(action.draft_id, "update")
        published = work.source(action.published_id, named=action.draft_id)
        work.create(copy_of(published, action.draft_id))
    work.patch(action.draft_id, action.patch)


def publish_document(work: Work, action: PublishDocument) -> None:
    """Put a draft or version in the place of the published document, references strengthened, and delete it.

    Raises: DocumentNotFoundError, DocumentRevisionMismatchError, MarkedForUnpublishError, ImmutableAttributeError for
    another `_type` than the published one's.
    """
    draft = work.source(action.draft_id)
    work.guard(action.draft_id, action.if_draft_revision_id)
    work.guard(action.published_id, action.if_published_revision_id)
    if is_unpublish_marker(draft):
        raise MarkedForUnpublishError(action.draft_id)
    work.replace(published_form(draft, action.published_id))
    work.delete(action.draft_id)


def unpublish_document(work: Work, action: UnpublishDocument) -> None:
    """Delete the published document; its content becomes the draft unless there is one, which stays as it is.

    Raises: DocumentNotFoundError where nothing is published.
    """
    published = work.source(action.published_id)
    if not work.exists(action.draft_id):
        work.create(copy_of(published, action.draft_id, keep_created_at=True))
    work.delete(action.published_id)


def delete_document(work: Work, action: DeleteDocument) -> None:
    """Delete the published document with its draft and all its versions, each of which the caller has to name.

    Raises: DocumentNotFoundError where nothing is published, UnlistedVersionsError.
    """
    work.require(action.published_id)
    present = work.transaction.ids_of_group(action.published_id)
    unlisted = [key for key in present if key != action.published_id and key not in action.include_drafts]
    if unlisted:
        shown = [key for key in unlisted if work.judge is None or work.judge.sees(work.get(key))]
        raise UnlistedVersionsError(action.published_id, shown) if shown else InsufficientPermissionsError("update")
    for document_id in present:
        work.delete(document_id)
    if action.purge:
        # Also what was listed and is gone already may have left a history.
        work.purged += [action.published_id, *action.include_drafts]


def discard_version(work: Work, action: DiscardVersion) -> None:
    """Delete one draft or version.

    Raises: DocumentNotFoundError.
    """
    work.require(action.version_id)
    work.delete(action.version_id)
    if action.purge:
        work.purged.append(action.version_id)


def replace_draft(work: Work, action: ReplaceDraft) -> None:
    """Create or replace a draft or version; it or the published document has to exist.

    Raises: DocumentNotFoundError.
    """
    document_id = action.attributes["_id"]
    if not work.exists(document_id):
        work.require(action.published_id)
    work.replace(action.attributes)
