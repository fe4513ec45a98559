"""One transaction: mutations applied in order to an overlay over the store, judged at its end, then committed whole.

Until `commit` nothing outside the transaction object changes, so a refusal needs no undoing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from lakesim.access import Judge, Rights
from lakesim.clock import Clock, format_seconds
from lakesim.errors import (
    DocumentAlreadyExistsError,
    DocumentNotFoundError,
    DocumentRevisionMismatchError,
    ImmutableAttributeError,
    InsufficientPermissionsError,
    InvalidValueError,
    ItemError,
    MutationError,
)
from lakesim.ids import draft_id, is_system_id, release_document_id, release_of, validate_id
from lakesim.ids import published_id as published_id_of
from lakesim.limits import Limits
from lakesim.patch import (
    Create,
    CreateIfNotExists,
    CreateOrReplace,
    Delete,
    Mutation,
    Patch,
    PatchMutation,
    add_array_keys,
    apply_patch,
    check_document,
)
from lakesim.store.array_keys import key_patch
from lakesim.store.bounds import check_bounds
from lakesim.store.choices import LakeChoices
from lakesim.store.documents import Document, canonical_after, new_document, stamped
from lakesim.store.facts import NO_FACTS, difference, facts_after
from lakesim.store.history import Change, LoggedTransaction
from lakesim.store.integrity import Revised, broken_references
from lakesim.store.memory import MemoryStore
from lakesim.store.system_field import system_field

__all__ = ["Operation", "Result", "Transaction"]

Operation: TypeAlias = Literal["create", "update", "delete", "none"]
Result: TypeAlias = tuple[Operation, str]
"""What one mutation did, and to which stored id."""


@dataclass(slots=True)
class _Touched:
    """A document that the transaction has written, as it stands now."""

    document_id: str
    base: Document | None
    present: Document | None
    index: int
    is_new: bool = False
    """Created by this transaction (again, if it was there before), so that its revision is the transaction's own."""
    is_canonical: bool = True
    mutations: list[dict[str, Any]] = field(default_factory=list)


class Transaction:
    """A transaction under way; the caller holds the store's lock from its making to its end.

    Shape: `results` has one (operation, id) per document a mutation dealt with, in request order. `system` marks the
    lake's own writes, which may touch system documents and locked releases. `rights` bound what its author may write;
    None bounds nothing. `judge` is what asks them.
    """

    def __init__(
        self,
        store: MemoryStore,
        *,
        transaction_id: str,
        now: datetime,
        clock: Clock,
        limits: Limits,
        choices: LakeChoices,
        author: str | None = None,
        auto_generate_array_keys: bool = False,
        system: bool = False,
        rights: Rights | None = None,
    ) -> None:
        """Start with nothing written; `now` stamps every document this transaction writes."""
        self.judge = None if rights is None else Judge(rights)
        self.transaction_id = transaction_id
        self.now = now
        self.results: list[Result] = []
        self._store = store
        self._clock = clock
        self._limits = limits
        self._choices = choices
        self._author = author
        self._auto_keys = auto_generate_array_keys
        self._system = system
        self._seconds = format_seconds(now)
        self._touched: dict[str, _Touched] = {}
        self._revised: dict[str, Revised] | None = None

    # -- reading through the overlay

    def get(self, document_id: str) -> Document | None:
        """Return the document as this transaction has it now; the value itself, not a copy."""
        touched = self._touched.get(document_id)
        return self._store.documents.get(document_id) if touched is None else touched.present

    def exists(self, document_id: str) -> bool:
        """Whether the document exists as this transaction has it now."""
        return self.get(document_id) is not None

    def revision_of(self, document_id: str) -> str | None:
        """Return the revision that guards are compared with, None for a document that does not exist.

        Row 33: the revision from before the transaction counts, however often this transaction wrote already.
        """
        touched = self._touched.get(document_id)
        present = self._store.documents.get(document_id) if touched is None else touched.present
        if present is None:
            return None
        if touched is None or touched.base is None or touched.is_new:
            return str(present["_rev"])
        return str(touched.base["_rev"])

    def ids_of_group(self, published_id: str) -> list[str]:
        """Return the ids of the published document, its draft and its versions, as far as they exist now."""
        candidates = {published_id, draft_id(published_id), *self._store.indexes.versions.ids(published_id)}
        candidates.update(key for key in self._touched if published_id_of(key) == published_id)
        return sorted(key for key in candidates if self.exists(key))

    def ids_with_prefix(self, prefix: str) -> list[str]:
        """Return the ids that start with `prefix`, as far as they exist now, ascending."""
        candidates = set(self._store.indexes.with_prefix(prefix))
        candidates.update(key for key in self._touched if key.startswith(prefix))
        return sorted(key for key in candidates if self.exists(key))

    def generate_id(self) -> str:
        """Return a fresh id from the lake's clock, or what it would be in a dry run."""
        return self._clock.generate_id()

    def generate_key(self) -> str:
        """Return a fresh array key from the lake's clock, or what it would be in a dry run."""
        return self._clock.generate_key()

    # -- applying

    def apply(self, index: int, mutation: Mutation, targets: Sequence[str] = ()) -> None:
        """Apply one mutation of the request; `targets` are the ids its query selected before the transaction.

        Raises: MutationError with `index` and the item's own error.
        """
        try:
            _APPLY[type(mutation)](self, index, mutation, targets)
            if self._choices.reference_check == "mutation":
                self._revise()
                self._check_references()
        except ItemError as error:
            raise MutationError([(index, error)]) from None

    def _create(self, index: int, mutation: Create, targets: Sequence[str]) -> None:
        self._require("create")
        document_id = self._new_id(mutation.document)
        present = self.get(document_id)
        if present is not None:
            taken = DocumentAlreadyExistsError(document_id)
            raise taken if self.judge is None else self.judge.taken(present, taken)
        self._insert(index, document_id, mutation.document, "create")

    def _create_if_not_exists(self, index: int, mutation: CreateIfNotExists, targets: Sequence[str]) -> None:
        self._require("create")
        document_id = self._new_id(mutation.document)
        present = self.get(document_id)
        if present is not None:
            if self.judge is not None and not self.judge.sees(present):
                # Who could not have created it is not to learn that it is there.
                self.judge.admit("create", {**mutation.document, "_id": document_id})
            self.results.append(("none", document_id))
        else:
            self._insert(index, document_id, mutation.document, "createIfNotExists")

    def _create_or_replace(self, index: int, mutation: CreateOrReplace, targets: Sequence[str]) -> None:
        if self.judge is not None:
            self.judge.require_writer("create")
        submitted = mutation.document
        document_id = self._new_id(submitted)
        present = self.get(document_id)
        if present is None:
            self._insert(index, document_id, submitted, "createOrReplace")
            return
        if self.judge is not None:
            self.judge.admit_replacing(present)
        touched = self._touch(document_id, index, "update")
        self._check_type(present, submitted)
        self._check_type(touched.base, submitted)
        kept = present["_createdAt"] if self._choices.replace_keeps_created_at else None
        document = self._build(submitted, document_id, created_at=kept, updated_at=self._seconds, present=present)
        self._admit("update", document)
        self._write(touched, document, {"createOrReplace": document}, canonical=True)
        self.results.append(("update", document_id))

    def _insert(self, index: int, document_id: str, submitted: Document, kind: str) -> None:
        self._require("create")
        touched = self._touch(document_id, index, "create")
        self._check_type(touched.base, submitted)
        document = self._build(submitted, document_id)
        self._admit("create", document)
        touched.is_new = True
        self._write(touched, document, {kind: document}, canonical=True)
        self.results.append(("create", document_id))

    def _delete(self, index: int, mutation: Delete, targets: Sequence[str]) -> None:
        self._require("update")
        by_id = mutation.selection.ids
        for document_id in targets if by_id is None else by_id:
            if self.exists(document_id):
                touched = self._touch(document_id, index, "delete")
                self._write(touched, None, {"delete": {"id": document_id}}, canonical=True)
                self.results.append(("delete", document_id))
            elif by_id is not None:
                self._admit_absence(document_id)
                if self._choices.delete_of_missing_has_result:
                    self.results.append(("delete", document_id))

    def _patch(self, index: int, mutation: PatchMutation, targets: Sequence[str]) -> None:
        self._require("update")
        by_id = mutation.selection.ids
        for document_id in targets if by_id is None else by_id:
            present = self.get(document_id)
            if present is not None:
                self._patch_one(index, document_id, present, mutation.patch)
            elif by_id is not None:
                self._admit_absence(document_id)
                raise DocumentNotFoundError(document_id)

    def _patch_one(self, index: int, document_id: str, present: Document, patch: Patch) -> None:
        touched = self._touch(document_id, index, "update")
        self._check_revision(touched, patch.if_revision_id)
        patched = apply_patch(present, patch, self._choices.patch)
        effective: list[dict[str, Any]] = [{"patch": {"id": document_id, **patch.wire}}]
        if self._auto_keys:
            keyed = add_array_keys(patched, self._clock.generate_key, before=present)
            if keyed is not patched:
                effective.append({"patch": {"id": document_id, "set": key_patch(patched, keyed)}})
                patched = keyed
        if self._choices.system_fields and patched.get("_system") is not present.get("_system"):
            # What is not the caller's to set is put right again, so that events lead to what is stored.
            patched = self._with_system(patched, document_id, present)
            effective.append({"patch": {"id": document_id, "set": {"_system": patched["_system"]}}})
        if patched is present and not self._choices.no_effect_patch_touches:
            if not touched.mutations:
                del self._touched[document_id]
            self.results.append(("none", document_id))
            return
        check_document(patched, self._limits, choices=self._choices.patch, before=present, sizes=False)
        created_at = patched.get("_createdAt")
        if type(created_at) is not str or not self._choices.patch_may_set_created_at:
            created_at = present["_createdAt"]
        document = stamped(patched, revision=self.transaction_id, created_at=created_at, updated_at=self._seconds)
        self._admit("update", document)
        self._write(touched, document, *effective, canonical=False)
        self.results.append(("update", document_id))

    # -- parts of the above

    def _new_id(self, submitted: Document) -> str:
        document_id = submitted.get("_id")
        if document_id is None:
            return self._clock.generate_id()
        if document_id.endswith("."):
            return validate_id(document_id + self._clock.generate_id(), self._limits)
        return str(document_id)

    def _require(self, permission: str) -> None:
        if self.judge is not None:
            self.judge.require(permission)

    def _admit(self, permission: str, document: Document) -> None:
        if self.judge is not None:
            self.judge.admit(permission, document)

    def _admit_absence(self, document_id: str) -> None:
        """Refuse a caller that may not know whether the document is missing."""
        if self.judge is not None:
            error = self.judge.absent(document_id, "update", DocumentNotFoundError(document_id))
            if not isinstance(error, DocumentNotFoundError):
                raise error

    def _touch(self, document_id: str, index: int, permission: str) -> _Touched:
        touched = self._touched.get(document_id)
        if self.judge is not None:
            before = self.get(document_id)
            if before is not None:
                self.judge.admit("update", before)
        if not self._system:
            self.check_writable(document_id, permission)
        if touched is None:
            present = self._store.documents.get(document_id)
            touched = self._touched[document_id] = _Touched(document_id, present, present, index)
        touched.index = index
        return touched

    def check_writable(self, document_id: str, permission: str) -> None:
        """Refuse a write that is not the lake's own: of a system document, or in a release that is not active.

        Raises: InsufficientPermissionsError naming `permission`, InvalidValueError.
        """
        if is_system_id(document_id):
            if not self._choices.system_documents_writable:
                raise InsufficientPermissionsError(permission)
            return
        release = release_of(document_id)
        if release is None:
            return
        document = self.get(release_document_id(release))
        state = "active" if document is None else document.get("state", "active")
        if state != "active":
            raise InvalidValueError(f'Documents in release "{release}" (state: {state}) can not be mutated')

    def _check_type(self, present: Document | None, submitted: Document) -> None:
        if present is None or present["_type"] == submitted["_type"]:
            return
        if not self._choices.type_change_by_replace or self._store.indexes.strong.count(present["_id"]):
            raise ImmutableAttributeError("_type")

    def _check_revision(self, touched: _Touched, expected: str | None) -> None:
        if expected is None:
            return
        self.guard(touched.document_id, expected)

    def guard(self, document_id: str, expected: str) -> None:
        """Refuse to go on if the document has another revision than `expected`.

        Raises: DocumentRevisionMismatchError, also where the document does not exist (row 42).
        """
        current = self.revision_of(document_id)
        if current != expected:
            error = DocumentRevisionMismatchError(document_id, current, expected)
            raise error if self.judge is None else self.judge.mismatch(self.get(document_id), error)

    def _build(
        self,
        submitted: Document,
        document_id: str,
        *,
        created_at: str | None = None,
        updated_at: str | None = None,
        present: Document | None = None,
    ) -> Document:
        if self._auto_keys:
            submitted = add_array_keys(submitted, self._clock.generate_key)
        if self._choices.system_fields:
            submitted = self._with_system(submitted, document_id, present)
        return new_document(
            submitted,
            document_id,
            revision=self.transaction_id,
            created_at=created_at or _text_or(submitted.get("_createdAt"), self._seconds),
            updated_at=updated_at or _text_or(submitted.get("_updatedAt"), self._seconds),
        )

    def _with_system(self, document: Document, document_id: str, present: Document | None) -> Document:
        """Return the document with its `_system` (row 11); only the lake's own writes may name a new `base`."""
        if is_system_id(document_id):
            return document
        submitted = document.get("_system")
        bases = [submitted, None if present is None else present.get("_system")][0 if self._system else 1 :]
        base = next((found["base"] for found in bases if isinstance(found, dict) and "base" in found), None)
        release = release_of(document_id)
        has_release = release is not None and self.exists(release_document_id(release))
        return {**document, "_system": system_field(document_id, submitted, has_release=has_release, base=base)}

    def _write(self, touched: _Touched, document: Document | None, *mutations: dict[str, Any], canonical: bool) -> None:
        touched.present = document
        touched.is_canonical = canonical
        touched.mutations.extend(mutations)
        self._revised = None

    # -- the end

    def check(self, *, every_failure: bool = False) -> None:
        """Judge the end state: limits first, then references; the first broken one is reported, or every one.

        Raises: MutationError for a document or reference at fault, AttributeLimitError and DocumentLimitExceededError
        for the dataset as a whole.
        """
        check_bounds(self._store, self._revise().values(), self._limits)
        if self._choices.reference_check != "off":
            self._check_references(every_failure=every_failure)

    def _revise(self) -> dict[str, Revised]:
        """Bring every touched document into its stored form and find out what changed in it."""
        if self._revised is None:
            revised = {}
            for touched in self._touched.values():
                if touched.base is not None or touched.present is not None:
                    try:
                        revised[touched.document_id] = self._revise_one(touched)
                    except ItemError as error:
                        raise MutationError([(touched.index, error)]) from None
            self._revised = revised
        return self._revised

    def _revise_one(self, touched: _Touched) -> Revised:
        document = touched.present
        if document is not None and not touched.is_canonical:
            document = touched.present = canonical_after(document, touched.base)
            touched.is_canonical = True
        change = difference(touched.base, document, self._limits)
        facts = NO_FACTS
        if document is not None:
            facts = facts_after(self._store.facts_of(touched.document_id), change, document, self._limits)
        return Revised(touched.document_id, touched.base, document, touched.index, change, facts)

    def _check_references(self, *, every_failure: bool = False) -> None:
        failures = broken_references(self._store.indexes, self._revise(), self.exists, self._choices)
        if failures:
            if self.judge is not None:
                failures = self.judge.discreet(failures, self.get)
            # The service stops at the first one.
            raise MutationError(failures if every_failure else failures[:1])

    def commit(self) -> LoggedTransaction:
        """Apply the checked transaction to the store and return its row of the log.

        Call `check` first; between the two nothing may be applied.
        """
        revised = self._revise()
        row = LoggedTransaction(
            self.transaction_id,
            self.now,
            self._author,
            tuple(
                Change(item.document_id, item.before, item.after, tuple(self._touched[item.document_id].mutations))
                for item in revised.values()
            ),
        )
        self._store.commit(row, revised.values())
        return row

    def final(self, document_id: str) -> Document | None:
        """Return the document as the checked transaction leaves it; the value itself, not a copy."""
        item = self._revise().get(document_id)
        return self._store.documents.get(document_id) if item is None else item.after


_Apply: TypeAlias = Callable[[Transaction, int, Any, Sequence[str]], None]
_APPLY: dict[type[Mutation], _Apply] = {
    Create: Transaction._create,
    CreateIfNotExists: Transaction._create_if_not_exists,
    CreateOrReplace: Transaction._create_or_replace,
    Delete: Transaction._delete,
    PatchMutation: Transaction._patch,
}


def _text_or(value: Any, default: str) -> str:
    return value if type(value) is str else default
