"""The log as a reader sees it who may not read everything: without the documents, and the states, hidden from it.

A document that enters the reader's sight was created, one that leaves it was deleted, as far as the reader is told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lakesim.store.documents import Document
from lakesim.store.history import Change, LoggedTransaction
from lakesim.store.raw_view import Readable

__all__ = ["seen_change", "seen_row"]


def seen_row(row: LoggedTransaction, readable: Readable | None) -> LoggedTransaction | None:
    """Return a transaction with those of its changes that the reader sees, None if there are none.

    `readable` judges each state of a document by itself; None reads everything and gets the row itself.
    """
    if readable is None:
        return row
    changes = tuple(seen for change in row.changes if (seen := seen_change(change, readable)) is not None)
    return replace(row, changes=changes) if changes else None


def seen_change(change: Change, readable: Readable) -> Change | None:
    """Return what one transaction did to one document in the reader's eyes, None for nothing."""
    before = _seen(change.before, readable)
    after = _seen(change.after, readable)
    if before is None and after is None:
        return None
    if before is change.before and after is change.after and not _tells_more(change, readable):
        return change
    return Change(change.document_id, before, after, (_step(change.document_id, before, after),))


def _seen(document: Document | None, readable: Readable) -> Document | None:
    return document if document is not None and readable(document) else None


def _tells_more(change: Change, readable: Readable) -> bool:
    """Whether the mutations hold a whole document, since replaced, that the reader may not read."""
    for mutation in change.mutations:
        for kind, value in mutation.items():
            if kind.startswith("create") and value is not change.after and not readable(value):
                return True
    return False


def _step(document_id: str, before: Document | None, after: Document | None) -> dict[str, Any]:
    """Return the one mutation that leads from one visible state to the other."""
    if after is None:
        return {"delete": {"id": document_id}}
    return {"create": after} if before is None else {"createOrReplace": after}
