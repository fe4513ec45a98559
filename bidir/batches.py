"""Writing a plan for a whole dataset: batches of whole groups, each one transaction, with locks and nobody overwritten.

Source: bidirectional semantics, F4 (locks), F5 (conflicts, refusals, unknown outcome), F8.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bidir.errors import (
    BackendError,
    DocumentMissing,
    PermissionRefused,
    RateLimited,
    ReferenceRefused,
    Refused,
    RevisionConflict,
    UnknownOutcome,
)
from bidir.origin import transaction_id
from bidir.pending import PendingStore
from bidir.planning.plan import Plan
from bidir.ports import Backend, Committed
from bidir.refs import DRAFTS, PUBLISHED, group_of, stored_id
from bidir.siblings import Snapshot

__all__ = ["BATCH_DOCUMENTS_MAX", "Progress", "Writer", "target_of"]

Progress = Callable[[int, int], None]
"""(documents written so far, documents to write)."""

BATCH_DOCUMENTS_MAX = 100
"""Documents in one transaction; the versions of one group stay together, however many there are."""
WAITS_MAX = 5
"""Times in a row that a lake may answer "too many requests" to the same batch."""

Wire = dict[str, Any]
Document = Mapping[str, Any]


class Writer:
    """Commits plans batch by batch and counts: documents `written`, transactions in `batches`, `refused` by group."""

    completes = False
    """Whether new versions are completed from what they are copied from, because the plan knows only a part of it."""

    def __init__(self, backend: Backend, store: PendingStore, progress: Progress | None) -> None:
        """Write through `backend`; `store` remembers the versions that are made."""
        self.written = 0
        self.batches = 0
        self.refused: dict[str, str] = {}
        self._backend = backend
        self._store = store
        self._progress = progress
        self._waits = 0

    def write(self, made: Plan, snapshot: Snapshot) -> tuple[str, ...]:
        """Commit a plan made on `snapshot`; return the documents that have to be planned anew, as others changed them.

        What the lake refuses this caller for good holds up nothing else and goes into `refused`.
        Raises: BackendError where the lake is out of reach; what was written until then stays, and stays right.
        """
        by_group: dict[str, list[tuple[int, Wire]]] = {}
        for number, mutation in enumerate(made.mutations):
            by_group.setdefault(group_of(target_of(mutation)), []).append((number, mutation))
        relation = made.relations[0] if made.relations else "repair"
        total = self.written + len(made.documents)
        queue = deque(_batches(by_group))
        left: list[str] = []
        while queue:
            batch = queue.popleft()
            sources = self._sources(batch, by_group, snapshot)
            stale = {
                group
                for group, (name, found) in sources.items()
                if _revision(found) != snapshot.documents[name]["_rev"]
            }
            left += sorted(stale)
            batch = [group for group in batch if group not in stale]
            if not batch:
                continue
            rows = sorted((row for group in batch for row in by_group[group]), key=lambda row: row[0])
            mutations = [self.completed(mutation, sources) for _, mutation in rows]
            try:
                committed = self._backend.commit(
                    mutations, transaction_id=transaction_id(relation, self._backend.clock.nonce())
                )
            except BackendError as error:
                queue.extendleft(reversed(self._after(error, batch, left)))
                continue
            self._note(committed, mutations, total)
        return tuple(dict.fromkeys(left))

    def _note(self, committed: Committed, mutations: Sequence[Wire], total: int) -> None:
        self._waits = 0
        self.batches += 1
        self.written += len(committed.documents)
        self._store.remember_versions(one["create"]["_id"] for one in mutations if "create" in one)
        if self._progress is not None:
            self._progress(self.written, max(total, self.written))

    def completed(self, mutation: Wire, sources: Mapping[str, tuple[str, Document | None]]) -> Wire:
        """Return a mutation as it is sent; `sources` has, by group, what new versions are copied from, as it is now."""
        del sources
        return mutation

    def _sources(
        self, batch: Sequence[str], by_group: dict[str, list[tuple[int, Wire]]], snapshot: Snapshot
    ) -> dict[str, tuple[str, Document | None]]:
        """Return, by group, the id and content of what new versions in this batch are copied from.

        A patch carries the revision it was planned on, a copy cannot: what it is copied from is looked at once more.
        """
        copied: dict[str, str] = {}
        for group in batch:
            mutations = [mutation for _, mutation in by_group[group]]
            if any("create" in one for one in mutations):
                locked = {target_of(one) for one in mutations if "ifRevisionID" in one.get("patch", {})}
                ids = [stored_id(group, layer) for layer in (PUBLISHED, DRAFTS)]
                source = next((one for one in ids if one in snapshot.documents), None)
                if source is not None and (self.completes or source not in locked):
                    copied[group] = source
        now = self._backend.documents(sorted(copied.values())) if copied else {}
        return {group: (name, now[name]) for group, name in copied.items()}

    def _after(self, error: BackendError, batch: list[str], left: list[str]) -> list[list[str]]:
        """Return the batches to try instead of one that was refused; groups that are given up go to `left`."""
        if isinstance(error, RateLimited) and self._waits < WAITS_MAX:
            self._waits += 1
            self._backend.clock.sleep(error.retry_after)
            return [batch]
        if isinstance(error, UnknownOutcome):
            # The next reading shows what became of it.
            left += batch
            return []
        if not isinstance(error, (RevisionConflict, DocumentMissing, PermissionRefused, ReferenceRefused, Refused)):
            raise error
        named = group_of(error.document_id or "")
        if len(batch) > 1:
            if named in batch:
                return [[group for group in batch if group != named], [named]]
            return [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
        if isinstance(error, (PermissionRefused, Refused)):
            self.refused[batch[0]] = error.description
        else:
            left += batch
        return []


def _batches(by_group: dict[str, list[tuple[int, Wire]]]) -> Iterator[list[str]]:
    batch: list[str] = []
    documents = 0
    for group, rows in by_group.items():
        size = len({target_of(mutation) for _, mutation in rows})
        if batch and documents + size > BATCH_DOCUMENTS_MAX:
            yield batch
            batch, documents = [], 0
        batch.append(group)
        documents += size
    if batch:
        yield batch


def target_of(mutation: Wire) -> str:
    """Return the stored id of the document that a mutation is about."""
    (body,) = mutation.values()
    return str(body.get("_id") or body.get("id"))


def _revision(document: Document | None) -> Any:
    return None if document is None else document.get("_rev")
