"""Positions in a dataset's stream of events, and what a listener missed since one (content-lake reference, 5.4)."""

from __future__ import annotations

from lakesim.errors import BadRequestError
from lakesim.lake import Dataset
from lakesim.listen.events import Event
from lakesim.listen.hub import events_for
from lakesim.listen.listener import Listener

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
    try:
        later = dataset.log_since(transaction_id)
        last = dataset.log_of(transaction_id) if document_id and transaction_id else None
    except BadRequestError:
        return None
    missed: list[Event] = []
    if last is not None:
        events = events_for(listener, last, dataset.choices)
        ids = [event["documentId"] for event in events]
        missed += events[ids.index(document_id) + 1 :] if document_id in ids else events
    for row in later:
        missed += events_for(listener, row, dataset.choices)
        if len(missed) > events_max:
            return None
    return missed, frozenset(row.transaction_id for row in later)
