"""Every action of the service as data: names, fields and API versions, apart from what the actions do.

The parser, the coverage page and the HTTP description are all made from these tables. Source: content-lake reference,
sections 3.1 to 3.6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

__all__ = [
    "ACTIONS",
    "DOCUMENT_ACTIONS_SINCE",
    "RELEASE_ACTIONS_SINCE",
    "VARIANT_ACTIONS",
    "ActionField",
    "ActionSpec",
    "FieldKind",
]

FieldKind: TypeAlias = Literal[
    "publishedId",
    "versionId",
    "versionIds",
    "documentId",
    "releaseId",
    "document",
    "patch",
    "releasePatch",
    "release",
    "metadata",
    "revision",
    "time",
    "flag",
    "choice",
]
"""What a field holds: ids by family (a `versionId` is a draft's or a version's), whole documents, patches, a revision
(string), an RFC 3339 time, a boolean, or one of the words in `ActionField.values`."""

DOCUMENT_ACTIONS_SINCE: Final = "2024-05-23"
"""API version that brought the document actions."""
RELEASE_ACTIONS_SINCE: Final = "2025-02-19"
"""API version that brought the version and release actions."""

_WORD_START: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class ActionField:
    """One field of an action; `aliases` are other names under which it is accepted, `values` the words of a choice."""

    name: str
    kind: FieldKind
    required: bool = False
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    attribute: str = ""
    """Name in the typed action; empty: `name` in snake case."""

    @property
    def key(self) -> str:
        """The field's name in the typed action."""
        return self.attribute or _WORD_START.sub("_", self.name).lower()


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action: its `actionType`, the first API version that has it, its fields and its effect in one sentence."""

    name: str
    since: str
    summary: str
    fields: tuple[ActionField, ...]
    deprecated: bool = False


_PUBLISHED_ID: Final = ActionField("publishedId", "publishedId", required=True)
_DRAFT_ID: Final = ActionField("draftId", "versionId", required=True, aliases=("versionId",))
_VERSION_ID: Final = ActionField("versionId", "versionId", required=True, aliases=("draftId",))
_PURGE: Final = ActionField("purge", "flag")
_ATTRIBUTES: Final = ActionField("attributes", "document", required=True)
_IF_EXISTS: Final = ActionField("ifExists", "choice", values=("fail", "ignore"))
_RELEASE_ID: Final = ActionField("releaseId", "releaseId", required=True)


def _document(name: str, summary: str, *fields: ActionField, deprecated: bool = False) -> ActionSpec:
    return ActionSpec(f"sanity.action.document.{name}", DOCUMENT_ACTIONS_SINCE, summary, fields, deprecated)


def _version(name: str, summary: str, *fields: ActionField) -> ActionSpec:
    return ActionSpec(f"sanity.action.document.version.{name}", RELEASE_ACTIONS_SINCE, summary, fields)


def _release(name: str, summary: str, *fields: ActionField) -> ActionSpec:
    return ActionSpec(f"sanity.action.release.{name}", RELEASE_ACTIONS_SINCE, summary, (_RELEASE_ID, *fields))


_SPECS: Final = (
    _document("create", "Creates a draft, a version or a live document.", _PUBLISHED_ID, _ATTRIBUTES, _IF_EXISTS),
    _document(
        "edit",
        "Patches a draft or version; a missing draft is first copied from the published document.",
        _PUBLISHED_ID,
        _DRAFT_ID,
        ActionField("patch", "patch", required=True),
    ),
    _document(
        "publish",
        "Puts a draft or version in the place of the published document.",
        _PUBLISHED_ID,
        _DRAFT_ID,
        ActionField("ifDraftRevisionId", "revision"),
        ActionField("ifPublishedRevisionId", "revision"),
    ),
    _document("unpublish", "Deletes the published document and leaves a draft of it.", _PUBLISHED_ID, _DRAFT_ID),
    _document(
        "delete",
        "Deletes the published document with its draft and all its versions.",
        _PUBLISHED_ID,
        ActionField("includeDrafts", "versionIds", aliases=("includeVersions",)),
        _PURGE,
    ),
    _document(
        "discard",
        "Deletes a draft or version.",
        ActionField("draftId", "versionId", required=True, aliases=("versionId",), attribute="version_id"),
        _PURGE,
        deprecated=True,
    ),
    _document(
        "replaceDraft",
        "Creates or replaces a draft or version of a document that exists in some form.",
        _PUBLISHED_ID,
        _ATTRIBUTES,
        deprecated=True,
    ),
    _version(
        "create",
        "Creates a version, or a draft, from a whole document or as a copy of another of the same group.",
        _PUBLISHED_ID,
        ActionField("document", "document", aliases=("attributes",)),
        ActionField("baseId", "documentId"),
        ActionField("versionId", "versionId", aliases=("draftId",)),
        ActionField("ifBaseRevisionId", "revision"),
    ),
    _version("discard", "Deletes a version or draft.", _VERSION_ID, _PURGE),
    _version(
        "replace",
        "Replaces an existing version or draft entirely.",
        ActionField("document", "document", required=True),
    ),
    _version(
        "unpublish",
        "Marks a version so that publishing its release unpublishes the document.",
        _PUBLISHED_ID,
        _VERSION_ID,
    ),
    _release("create", "Creates an active release.", ActionField("metadata", "metadata")),
    _release("edit", "Patches a release's metadata.", ActionField("patch", "releasePatch", required=True)),
    _release("publish", "Publishes all versions of an active release at once."),
    _release(
        "schedule",
        "Locks a release and publishes it at a time.",
        ActionField("publishAt", "time", required=True),
    ),
    _release("unschedule", "Makes a scheduled release active again."),
    _release("archive", "Puts an active release away together with its versions."),
    _release("unarchive", "Brings an archived release and its versions back."),
    _release("delete", "Deletes an archived or published release."),
    _release(
        "import",
        "Recreates a release document from an export.",
        ActionField("attributes", "release", required=True, aliases=("document",)),
        ActionField("ifExists", "choice", values=("fail", "ignore", "replace")),
    ),
)

ACTIONS: Final[Mapping[str, ActionSpec]] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every action the lake carries out, by `actionType`."""

VARIANT_ACTIONS: Final = frozenset(
    {
        *(f"sanity.action.document.variant.{name}" for name in ("create", "edit", "delete", "publish", "unpublish")),
        *(f"sanity.action.variant.definition.{name}" for name in ("create", "edit", "delete")),
    }
)
"""The service's beta actions on variants (section 3.6), which the lake refuses by name."""
