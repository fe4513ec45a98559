"""Document ids: grammar, families (published, draft, version, system) and the siblings of one group.

Source: content-lake reference, sections 1.1 to 1.3; row 7 of its section 10 for dots at the ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lakesim.errors import InvalidValueError
from lakesim.limits import Limits

__all__ = [
    "DRAFTS",
    "PUBLISHED",
    "SYSTEM_PREFIX",
    "DocumentId",
    "check_release_name",
    "draft_id",
    "is_draft_id",
    "is_published_id",
    "is_system_id",
    "is_version_id",
    "parse_id",
    "published_id",
    "release_document_id",
    "release_of",
    "same_group",
    "validate_id",
    "version_id",
]

DRAFTS = "drafts"
"""Bundle name of the draft layer, and of the perspective that looks through it."""
PUBLISHED = "published"
"""Bundle name of the published layer."""
DRAFT_PREFIX = "drafts."
VERSION_PREFIX = "versions."
SYSTEM_PREFIX = "_."
RELEASE_PREFIX = "_.releases."

Family = Literal["published", "draft", "version", "system"]

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_RELEASE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class DocumentId:
    """A stored id taken apart.

    Shape: `stored` is the whole id, `group` the published id that all siblings share, `family` which kind it is,
    `bundle` the layer: `published`, `drafts` or a release name.
    """

    stored: str
    family: Family
    group: str
    bundle: str


def is_draft_id(document_id: str) -> bool:
    """Whether the id names a draft."""
    return document_id.startswith(DRAFT_PREFIX)


def is_version_id(document_id: str) -> bool:
    """Whether the id names a version in a release."""
    return document_id.startswith(VERSION_PREFIX)


def is_published_id(document_id: str) -> bool:
    """Whether the id carries no reserved prefix (system ids count as published)."""
    return not document_id.startswith((DRAFT_PREFIX, VERSION_PREFIX))


def is_system_id(document_id: str) -> bool:
    """Whether the id belongs to the server's own documents, such as `_.releases.r1`."""
    return document_id.startswith(SYSTEM_PREFIX)


def published_id(document_id: str) -> str:
    """Return the id that all siblings of the document share."""
    if document_id.startswith(DRAFT_PREFIX):
        return document_id[len(DRAFT_PREFIX) :]
    if document_id.startswith(VERSION_PREFIX):
        return document_id.split(".", 2)[2] if document_id.count(".") >= 2 else document_id
    return document_id


def draft_id(document_id: str) -> str:
    """Return the id of the draft of the document's group."""
    return document_id if is_draft_id(document_id) else DRAFT_PREFIX + published_id(document_id)


def version_id(document_id: str, release: str) -> str:
    """Return the id of the version of the document's group in `release`.

    Raises: InvalidValueError for a reserved or malformed release name.
    """
    check_release_name(release)
    return f"{VERSION_PREFIX}{release}.{published_id(document_id)}"


def release_of(document_id: str) -> str | None:
    """Return the release a version id belongs to, or None for any other id."""
    if not document_id.startswith(VERSION_PREFIX):
        return None
    return document_id.split(".", 2)[1]


def release_document_id(release: str) -> str:
    """Return the id of the release's own document, `_.releases.<name>`."""
    return RELEASE_PREFIX + release


def same_group(left: str, right: str) -> bool:
    """Whether two ids are versions of one document."""
    return published_id(left) == published_id(right)


def parse_id(document_id: str) -> DocumentId:
    """Take a stored id apart; the id is taken to be well-formed (see `validate_id`)."""
    if document_id.startswith(DRAFT_PREFIX):
        return DocumentId(document_id, "draft", document_id[len(DRAFT_PREFIX) :], DRAFTS)
    if document_id.startswith(VERSION_PREFIX):
        _, release, group = document_id.split(".", 2)
        return DocumentId(document_id, "version", group, release)
    if document_id.startswith(SYSTEM_PREFIX):
        return DocumentId(document_id, "system", document_id, PUBLISHED)
    return DocumentId(document_id, "published", document_id, PUBLISHED)


def check_release_name(release: str) -> None:
    """Refuse a release name that is reserved or malformed.

    Raises: InvalidValueError.
    """
    if release in (DRAFTS, PUBLISHED):
        raise InvalidValueError(f'"{release}" is a reserved bundle name and cannot name a release')
    if not _RELEASE_NAME.fullmatch(release):
        raise InvalidValueError(
            f'Malformed release name: "{release}" (letters, digits, "_" and "-", not starting with "-")'
        )


def validate_id(document_id: object, limits: Limits | None = None) -> str:
    """Return `document_id` if it is a legal stored id.

    Raises: InvalidValueError (`Malformed document ID: "…"`) with the id as its value.
    """
    bounds = limits or Limits()
    if isinstance(document_id, str) and _is_legal(document_id, bounds.document_id_length_max):
        return document_id
    shown = document_id if isinstance(document_id, str) else repr(document_id)
    raise InvalidValueError(f'Malformed document ID: "{shown}"', value=shown)


def _is_legal(document_id: str, length_max: int) -> bool:
    if not 1 <= len(document_id) <= length_max or not _ID.fullmatch(document_id):
        return False
    segments = document_id.split(".")
    # An empty segment is a doubled or trailing dot; a leading dot already fails the pattern.
    if any(not segment or segment.startswith("-") for segment in segments):
        return False
    if segments[0] == "drafts":
        return len(segments) >= 2 and "versions" not in segments
    if segments[0] == "versions":
        return len(segments) >= 3 and "versions" not in segments[1:]
    return "versions" not in segments
