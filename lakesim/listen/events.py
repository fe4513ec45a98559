"""The events that listeners receive, as JSON: the wire's data with the event's name as `type`, as clients show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from lakesim.clock import format_micros
from lakesim.errors import LakeError
from lakesim.jsonvalue import copy
from lakesim.listen.transition import Transition
from lakesim.store.choices import LakeChoices
from lakesim.store.history import Change, LoggedTransaction

__all__ = ["Event", "EventOptions", "error_event", "mutation_event", "welcome_event"]

Event: TypeAlias = dict[str, Any]
"""One event: `type` is `welcome`, `mutation` or `error`; the rest is that event's data on the wire. The receiver owns
it: it shares nothing with the lake."""


@dataclass(frozen=True, slots=True)
class EventOptions:
    """What a listener wants in its mutation events (content-lake reference, section 5.1)."""

    include_result: bool = False
    """Add `result`, the document after the change."""
    include_previous_revision: bool = False
    """Add `previous`, the document before the change, null on creation."""
    include_mutations: bool = True
    """Add `mutations`, those of the transaction that concern the document."""
    include_all_versions: bool = True
    """Report drafts and versions too, not only published documents."""
    visibility: Literal["transaction", "query"] = "transaction"
    """Named in each event; here a change can be queried as soon as it is committed."""


def welcome_event(name: str) -> Event:
    """Return the first event of every listener."""
    return {"type": "welcome", "listenerName": name}


def error_event(error: LakeError) -> Event:
    """Return the last event of a listener that ends because of `error`."""
    return {"type": "error", "message": error.description, **error.body()}


def mutation_event(
    row: LoggedTransaction,
    change: Change,
    transition: Transition,
    options: EventOptions,
    *,
    total: int,
    number: int,
    choices: LakeChoices,
) -> Event:
    """Return the event for one document of a transaction (content-lake reference, section 5.3).

    Units: `number` counts this listener's events for the transaction from 0, `total` is how many there are.
    """
    event: Event = {
        "type": "mutation",
        "eventId": f"{row.transaction_id}#{change.document_id}",
        "documentId": change.document_id,
        "transactionId": row.transaction_id,
        "transition": transition,
        "identity": row.author or choices.anonymous_identity,
    }
    if change.before is not None:
        event["previousRev"] = change.before["_rev"]
    if change.after is not None or choices.result_revision_on_delete:
        event["resultRev"] = row.transaction_id
    event["timestamp"] = format_micros(row.timestamp)
    event["visibility"] = options.visibility
    event["transactionTotalEvents"] = total
    event["transactionCurrentEvent"] = number + choices.first_event_number
    if options.include_mutations:
        event["mutations"] = copy(list(change.mutations))
    if options.include_result and (change.after is not None or choices.result_on_delete == "null"):
        event["result"] = copy(change.after)
    if options.include_previous_revision:
        event["previous"] = copy(change.before)
    return event
