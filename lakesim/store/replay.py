"""Rebuilds a store from its log alone."""

from __future__ import annotations

from collections.abc import Iterable

from lakesim.limits import Limits
from lakesim.store.facts import NO_FACTS, difference, facts_after
from lakesim.store.history import LoggedTransaction
from lakesim.store.integrity import Revised
from lakesim.store.memory import MemoryStore

__all__ = ["replay"]


def replay(rows: Iterable[LoggedTransaction], limits: Limits) -> MemoryStore:
    """Return a store that has committed `rows`, oldest first; it shares the document versions with them.

    Raises: ValueError for a row that does not continue the one before it.
    """
    store = MemoryStore()
    for row in rows:
        revised = []
        for index, change in enumerate(row.changes):
            if store.get(change.document_id) is not change.before:
                raise ValueError(
                    f'transaction "{row.transaction_id}" does not continue the log: it found another version of'
                    f' "{change.document_id}" than the transactions before it left'
                )
            steps = difference(change.before, change.after, limits)
            facts = NO_FACTS
            if change.after is not None:
                facts = facts_after(store.facts_of(change.document_id), steps, change.after, limits)
            revised.append(Revised(change.document_id, change.before, change.after, index, steps, facts))
        store.commit(row, revised)
    return store
