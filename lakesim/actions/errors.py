"""Refusals that only actions give, in the service's phrases where those are known (rows 34 and 35)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lakesim.errors import DocumentAlreadyExistsError, DocumentNotFoundError, InvalidValueError
from lakesim.ids import is_draft_id, is_published_id, release_document_id
from lakesim.suggest import did_you_mean

__all__ = ["DocumentTakenError", "MarkedForUnpublishError", "ReleaseNotFoundError", "UnlistedVersionsError"]


class DocumentTakenError(DocumentAlreadyExistsError):
    """A document that an action would create is there already."""

    def __init__(self, document_id: str) -> None:
        """Name the id that is taken."""
        super().__init__(document_id)
        layer = "published" if is_published_id(document_id) else "draft" if is_draft_id(document_id) else "version"
        self.description = f'there is already a {layer} document with that ID: "{document_id}"'
        self.args = (self.description,)


class ReleaseNotFoundError(DocumentNotFoundError):
    """An action on a release that does not exist."""

    def __init__(self, release: str, known: Iterable[str]) -> None:
        """Name the release, and the ones there are that it may have meant."""
        super().__init__(release_document_id(release))
        self.description = f'Release "{release}" was not found.{did_you_mean(release, known)}'
        self.args = (self.description,)


class UnlistedVersionsError(InvalidValueError):
    """A delete that would take versions with it which the caller did not name."""

    def __init__(self, published_id: str, unlisted: Sequence[str]) -> None:
        """Name the document and what has to be listed too."""
        names = ", ".join(f'"{document_id}"' for document_id in unlisted)
        super().__init__(
            f'Document "{published_id}" cannot be deleted: includeDrafts must list every draft and version, and lacks'
            f" {names}"
        )
        self.unlisted = list(unlisted)


class MarkedForUnpublishError(InvalidValueError):
    """The publishing of a single version that its release is to unpublish."""

    def __init__(self, version_id: str) -> None:
        """Name the version."""
        super().__init__(
            f'Version "{version_id}" is marked for unpublishing and has no content to publish; publish its release, or'
            ' edit it with {"unset": ["_system.delete"]} first'
        )
