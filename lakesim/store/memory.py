"""The documents of one dataset in memory, with their indexes and history, behind one lock."""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock

from lakesim.store.documents import Document
from lakesim.store.facts import NO_FACTS, Facts
from lakesim.store.history import History, LoggedTransaction
from lakesim.store.indexes import Indexes
from lakesim.store.integrity import Revised

__all__ = ["MemoryStore"]


class MemoryStore:
    """One dataset's content.

    Shape: `documents` maps stored ids to stored documents, `facts` to what is known about them. `lock` is held by the
    writer for a whole transaction and by readers while they look, so nobody sees half of one; it is re-entrant.
    """

    __slots__ = ("documents", "facts", "history", "indexes", "lock")

    def __init__(self) -> None:
        """Start empty."""
        self.documents: dict[str, Document] = {}
        self.facts: dict[str, Facts] = {}
        self.indexes = Indexes()
        self.history = History()
        self.lock = RLock()

    def get(self, document_id: str) -> Document | None:
        """Return the stored document itself, not a copy."""
        return self.documents.get(document_id)

    def facts_of(self, document_id: str) -> Facts:
        """Return what is known about a document; `NO_FACTS` if it does not exist."""
        return self.facts.get(document_id, NO_FACTS)

    def commit(self, row: LoggedTransaction, revised: Iterable[Revised]) -> None:
        """Apply a finished transaction: documents, indexes, history. The caller holds the lock and has checked all."""
        for item in revised:
            if item.after is None:
                del self.documents[item.document_id]
                del self.facts[item.document_id]
            else:
                self.documents[item.document_id] = item.after
                self.facts[item.document_id] = item.facts
            self.indexes.update(item.document_id, item.before, item.after, item.facts, item.difference)
        self.history.append(row)
