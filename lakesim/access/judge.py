"""Judges the writes of a restricted caller, mutation by mutation, without telling of documents it may not read.

The rules, where the references say nothing more exact (content-lake reference, sections 2.8, 3.7 and 6.8):

- Creating is judged on the new document, updating on the document before *and* after, deleting (which takes `update`)
  on the document before. Each mutation is judged by itself, in order, on the documents as the transaction has them.
- A caller without any grant of the permission is refused before anything is looked up, an empty request included.
- What a caller may not read is refused in the same words as what does not exist: 403, unless the caller's grants show
  from the id alone that it would have been admitted, so that "not found" tells it nothing it could not know.
- `create` of an id that is taken by a document which the caller may not read is refused with 403, not as taken.
- Errors name neither the revision nor the id of a document that the caller may not read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lakesim.access.rights import Rights
from lakesim.errors import (
    DocumentHasExistingReferencesError,
    DocumentRevisionMismatchError,
    InsufficientPermissionsError,
    ItemError,
)

__all__ = ["Judge"]

Document = dict[str, Any]


class Judge:
    """Refuses what a caller's rights do not cover; one per transaction."""

    __slots__ = ("_rights",)

    def __init__(self, rights: Rights) -> None:
        """Judge by these rights."""
        self._rights = rights

    def require(self, permission: str) -> None:
        """Refuse a caller without any grant of the permission.

        Raises: InsufficientPermissionsError.
        """
        if not self._rights.holds(permission):
            raise InsufficientPermissionsError(permission)

    def require_writer(self, permission: str) -> None:
        """Refuse a caller that may neither create nor update anything; `permission` is what it is told to lack.

        Raises: InsufficientPermissionsError.
        """
        if not self._rights.writes:
            raise InsufficientPermissionsError(permission)

    def admit(self, permission: str, document: Document) -> None:
        """Refuse the permission on this state of a document.

        Raises: InsufficientPermissionsError.
        """
        if not self._rights.may(permission, document):
            raise InsufficientPermissionsError(permission)

    def admit_replacing(self, present: Document) -> None:
        """Refuse to replace a document whose id the caller would create if it were free.

        Raises: InsufficientPermissionsError naming what the caller is told to lack.
        """
        if not self._rights.may("update", present):
            raise InsufficientPermissionsError("update" if self.sees(present) else "create")

    def sees(self, document: Document | None) -> bool:
        """Whether the caller may read the document; None, no document, hides nothing."""
        return document is None or self._rights.may("read", document)

    def absent(self, document_id: str, permission: str, error: ItemError) -> ItemError:
        """Return `error`, which says that a document is missing, or what the caller is told if it may not know that.

        It may know if, were there a document, its grants would let it read or update that, by the id alone.
        """
        rights = self._rights
        if rights.covers_id("read", document_id) or rights.covers_id("update", document_id):
            return error
        return InsufficientPermissionsError(permission)

    def taken(self, present: Document, error: ItemError) -> ItemError:
        """Return `error`, which says that an id is taken, or what the caller is told if it may not read `present`."""
        return error if self.sees(present) else InsufficientPermissionsError("create")

    def mismatch(self, present: Document | None, error: DocumentRevisionMismatchError) -> DocumentRevisionMismatchError:
        """Return `error` without the present revision, where the caller may not read that."""
        if self.sees(present):
            return error
        return DocumentRevisionMismatchError(error.document_id, None, error.expected)

    def discreet(
        self, failures: Sequence[tuple[int, ItemError]], get: Callable[[str], Document | None]
    ) -> list[tuple[int, ItemError]]:
        """Return the failures of the end state without the ids of referrers that the caller may not read."""
        return [(index, self._without_hidden(error, get)) for index, error in failures]

    def _without_hidden(self, error: ItemError, get: Callable[[str], Document | None]) -> ItemError:
        if not isinstance(error, DocumentHasExistingReferencesError):
            return error
        shown = [document_id for document_id in error.referencing_ids if self.sees(get(document_id))]
        if len(shown) == len(error.referencing_ids):
            return error
        return DocumentHasExistingReferencesError(error.document_id, shown)
