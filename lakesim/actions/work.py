"""The writing side of an actions request: one transaction, seen by the actions one after the other."""

from __future__ import annotations

from typing import Any, Final

from lakesim.access import Judge
from lakesim.actions.errors import DocumentTakenError, ReleaseNotFoundError
from lakesim.actions.release_document import is_open
from lakesim.errors import (
    DocumentNotFoundError,
    InsufficientPermissionsError,
    ItemError,
    ReleaseLimitExceededError,
)
from lakesim.ids import release_document_id
from lakesim.limits import Limits
from lakesim.patch import Create, CreateOrReplace, Delete, Mutation, Patch, PatchMutation, Selection, parse_patch
from lakesim.store.choices import LakeChoices
from lakesim.store.documents import Document
from lakesim.store.history import History
from lakesim.store.transaction import Transaction

__all__ = ["Work"]

_RELEASES: Final = release_document_id("")


class Work:
    """The transaction of one request under way.

    Shape: `index` is the position of the action at work; `purged` collects the ids whose history is to be erased once
    all is committed; `history` is the log before it, where an action needs that. Documents are written under the same
    bans as by mutations, release documents freely. What the author may not read is no source of copies, and errors do
    not tell of it (`lakesim.access.judge`).
    """

    def __init__(
        self,
        transaction: Transaction,
        *,
        choices: LakeChoices,
        limits: Limits,
        author: str | None = None,
        history: History | None = None,
    ) -> None:
        """Work on a transaction that was made with `system` set."""
        self.transaction = transaction
        self.history = history
        self.choices = choices
        self.author = author
        self.index = 0
        self.purged: list[str] = []
        self._limits = limits

    def get(self, document_id: str) -> Document | None:
        """Return the document as the actions so far leave it; the value itself, not a copy."""
        return self.transaction.get(document_id)

    def exists(self, document_id: str) -> bool:
        """Whether the document exists after the actions so far."""
        return self.transaction.exists(document_id)

    @property
    def judge(self) -> Judge | None:
        """What asks the author's rights; None where nothing is withheld."""
        return self.transaction.judge

    def require(self, document_id: str) -> Document:
        """Return a document that has to exist.

        Raises: DocumentNotFoundError.
        """
        document = self.get(document_id)
        if document is None:
            raise self.missing(document_id, "update")
        return document

    def source(self, document_id: str, *, named: str | None = None) -> Document:
        """Return a document that has to exist and whose content goes into another; `named` is what errors name.

        Raises: DocumentNotFoundError, InsufficientPermissionsError for one that the author may not read.
        """
        document = self.get(document_id)
        if document is None:
            # Whether the source is there is what the author may or may not know.
            raise self.missing(document_id, "read", DocumentNotFoundError(named or document_id))
        if self.judge is not None and not self.judge.sees(document):
            raise InsufficientPermissionsError("read")
        return document

    def missing(self, document_id: str, permission: str, error: ItemError | None = None) -> ItemError:
        """Return the error about a missing document, or what an author is told who may not know that."""
        error = error or DocumentNotFoundError(document_id)
        return error if self.judge is None else self.judge.absent(document_id, permission, error)

    def require_free(self, document_id: str, *, error: ItemError | None = None) -> None:
        """Refuse to create a document where there is one.

        Raises: DocumentTakenError, or `error`; InsufficientPermissionsError for one that the author may not read.
        """
        present = self.get(document_id)
        if present is not None:
            taken = error or DocumentTakenError(document_id)
            raise taken if self.judge is None else self.judge.taken(present, taken)

    def guard(self, document_id: str, expected: str | None) -> None:
        """Refuse to go on if the document has another revision than `expected`; None guards nothing.

        Raises: DocumentRevisionMismatchError, also where the document does not exist (row 42).
        """
        if expected is not None:
            self.transaction.guard(document_id, expected)

    def create(self, document: dict[str, Any]) -> None:
        """Create a document whose id is free."""
        self._write(document["_id"], "create", Create(document))

    def replace(self, document: dict[str, Any]) -> None:
        """Create a document, or put it in the place of the one with its id."""
        self._write(document["_id"], "update", CreateOrReplace(document))

    def delete(self, document_id: str) -> None:
        """Delete a document if it exists."""
        if self.exists(document_id):
            self._write(document_id, "update", Delete(Selection(ids=(document_id,))))

    def patch(self, document_id: str, patch: Patch) -> None:
        """Patch a document that exists."""
        self._write(document_id, "update", PatchMutation(Selection(ids=(document_id,)), patch))

    def _write(self, document_id: str, permission: str, mutation: Mutation) -> None:
        # Deleting takes `update`: the service has no grant of its own for it (section 3.7).
        self.transaction.check_writable(document_id, permission)
        self.transaction.apply(self.index, mutation)

    # -- releases

    def release(self, name: str) -> Document:
        """Return the document of a release.

        Raises: ReleaseNotFoundError.
        """
        release = self.get(release_document_id(name))
        if release is None:
            known = self.transaction.ids_with_prefix(_RELEASES)
            shown = [
                key.removeprefix(_RELEASES) for key in known if self.judge is None or self.judge.sees(self.get(key))
            ]
            raise self.missing(release_document_id(name), "update", ReleaseNotFoundError(name, shown))
        if self.judge is not None and not self.judge.sees(release):
            # Its state, which the caller of this looks at next, is for those who may at least change it.
            self.judge.admit("update", release)
        return release

    def require_room(self) -> None:
        """Refuse one more active release than the plan allows.

        Raises: ReleaseLimitExceededError.
        """
        active = sum(is_open(self.require(key)) for key in self.transaction.ids_with_prefix(_RELEASES))
        if active >= self._limits.active_releases_max:
            raise ReleaseLimitExceededError(self._limits.active_releases_max)

    def write_release(self, mutation: Mutation) -> None:
        """Write a release document, which only release actions may do."""
        self.transaction.apply(self.index, mutation)

    def delete_from_release(self, version_id: str) -> None:
        """Delete a version, though its release is locked: the lake's own doing."""
        self.transaction.apply(self.index, Delete(Selection(ids=(version_id,))))

    def change_release(self, name: str, *, set: dict[str, Any], unset: list[str]) -> None:
        """Set and unset attributes of a release document."""
        selection = Selection(ids=(release_document_id(name),))
        wire = {"set": set} | ({"unset": unset} if unset else {})
        patch = parse_patch(wire, limits=self._limits, choices=self.choices.patch)
        self.transaction.apply(self.index, PatchMutation(selection, patch))
