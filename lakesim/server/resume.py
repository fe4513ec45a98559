"""Positions in a dataset's stream of events, and what a listener missed since one (content-lake reference, 5.4)."""

from __future__ import annotations

from collections.abc import Sequence

from lakesim.lake import Dataset
from lakesim.listen.events import Event
from lakesim.listen.hub import events_for
from lakesim.listen.listener import Listener
from lakesim.store.history import LoggedTransaction

__all__ = ["Missed", "missed_since", "position_now"]

Missed = tuple[list[Event], frozenset[str]]
"""Events, and the ids of the transactions that they were taken from."""


def position_now(dataset: Dataset) -> str:
    """Return the position after the newest transaction, in the form of an event's id: `<transaction>#`."""
    newest = dataset.log_tail(1)
    return f"{newest[0].transaction_id}#" if newest else "#"


def missed_since(dataset: Dataset, listener: Listener, position: str, *, events_max: int) -> Missed | None:
    """Return what the listener would have been told after the event whose id is `position`.

    The events start within the transaction of that event if it had more of them. None if it cannot be told: the
    transaction is unknown here, or more than `events_max` events lie between.
    """
    transaction_id, _, document_id = position.partition("#")
    log = dataset.log()
    start = _place_after(log, transaction_id)
    if start is None:
        return None
    missed: list[Event] = []
    if document_id and start > 0:
        events = events_for(listener, log[start - 1], dataset.choices)
        ids = [event["documentId"] for event in events]
        missed += events[ids.index(document_id) + 1 :] if document_id in ids else events
    for row in log[start:]:
        missed += events_for(listener, row, dataset.choices)
        if len(missed) > events_max:
            return None
    return missed, frozenset(row.transaction_id for row in log[start:])


def _place_after(log: Sequence[LoggedTransaction], transaction_id: str) -> int | None:
    """Return the place after a transaction, 0 for an empty id; None if it is not in the log."""
    if not transaction_id:
        return 0
    # From the end: whoever resumes was there lately.
    for place in range(len(log), 0, -1):
        if log[place - 1].transaction_id == transaction_id:
            return place
    return None
