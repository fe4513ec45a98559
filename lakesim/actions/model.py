"""Typed actions: what a request asks for, after everything malformed has been refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lakesim.patch import Patch

__all__ = [
    "Action",
    "CopyVersion",
    "CreateDocument",
    "CreateRelease",
    "CreateVersion",
    "DeleteDocument",
    "DiscardVersion",
    "EditDocument",
    "EditRelease",
    "IfExists",
    "ImportRelease",
    "MoveName",
    "MoveRelease",
    "PublishDocument",
    "ReplaceDraft",
    "ReplaceVersion",
    "UnpublishDocument",
    "UnpublishVersion",
]

IfExists: TypeAlias = Literal["fail", "ignore", "replace"]
"""What to do about an id that is taken: refuse, keep what is there, or replace it."""
MoveName: TypeAlias = Literal["publish", "schedule", "unschedule", "archive", "unarchive", "delete"]
"""The actions that take a release from one state to another."""


@dataclass(frozen=True, slots=True)
class CreateDocument:
    """Create the document in `attributes`, whose `_id` is a draft, version or published id of the group."""

    published_id: str
    attributes: dict[str, Any]
    if_exists: IfExists = "fail"


@dataclass(frozen=True, slots=True)
class EditDocument:
    """Patch a draft or version; a missing draft is made from the published document."""

    published_id: str
    draft_id: str
    patch: Patch


@dataclass(frozen=True, slots=True)
class PublishDocument:
    """Put a draft or version in the place of the published document; the revisions are guards, None for none."""

    published_id: str
    draft_id: str
    if_draft_revision_id: str | None = None
    if_published_revision_id: str | None = None


@dataclass(frozen=True, slots=True)
class UnpublishDocument:
    """Delete the published document, leaving a draft."""

    published_id: str
    draft_id: str


@dataclass(frozen=True, slots=True)
class DeleteDocument:
    """Delete the whole group; `include_drafts` must name every draft and version that exists."""

    published_id: str
    include_drafts: tuple[str, ...] = ()
    purge: bool = False


@dataclass(frozen=True, slots=True)
class DiscardVersion:
    """Delete one draft or version."""

    version_id: str
    purge: bool = False


@dataclass(frozen=True, slots=True)
class ReplaceDraft:
    """Create or replace the draft or version in `attributes`."""

    published_id: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CreateVersion:
    """Create a version or draft from a whole document."""

    published_id: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CopyVersion:
    """Create a version or draft as a copy of another document of the group."""

    published_id: str
    base_id: str
    version_id: str
    if_base_revision_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReplaceVersion:
    """Replace an existing version or draft."""

    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UnpublishVersion:
    """Mark a version so that its release unpublishes the document; made from the published one if missing."""

    published_id: str
    version_id: str


@dataclass(frozen=True, slots=True)
class CreateRelease:
    """Create an active release; `metadata` may be empty."""

    release_id: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EditRelease:
    """Patch a release's metadata."""

    release_id: str
    patch: Patch


@dataclass(frozen=True, slots=True)
class MoveRelease:
    """Take a release to another state; `publish_at` (RFC 3339) belongs to `schedule` alone."""

    release_id: str
    move: MoveName
    publish_at: str | None = None


@dataclass(frozen=True, slots=True)
class ImportRelease:
    """Recreate a release document; `attributes` is its body without `_id` and `_rev`."""

    release_id: str
    attributes: dict[str, Any]
    if_exists: IfExists = "fail"


Action: TypeAlias = (
    CreateDocument
    | EditDocument
    | PublishDocument
    | UnpublishDocument
    | DeleteDocument
    | DiscardVersion
    | ReplaceDraft
    | CreateVersion
    | CopyVersion
    | ReplaceVersion
    | UnpublishVersion
    | CreateRelease
    | EditRelease
    | MoveRelease
    | ImportRelease
)
