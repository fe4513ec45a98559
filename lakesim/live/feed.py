"""Tells subscribers, transaction by transaction, which tags went stale; remembers the last for those who resume.

Source: content-lake reference, section 5.6. Nothing is computed until somebody has subscribed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from lakesim.errors import BadRequestError
from lakesim.live.places import tag_of
from lakesim.live.touched import touched_by
from lakesim.store.history import LoggedTransaction
from lakesim.store.memory import MemoryStore
from lakesim.store.raw_view import Readable
from lakesim.store.seen import seen_row

__all__ = ["EVENT_TAGS_MAX", "REMEMBERED_MAX", "LiveFeed", "OnLiveEvent", "Subscription"]

EVENT_TAGS_MAX: Final = 10_000
"""Tags of one event; a transaction that touched more places makes everybody start anew."""
REMEMBERED_MAX: Final = 1_000
"""Transactions that can be resumed over."""

OnLiveEvent: TypeAlias = Callable[[dict[str, Any]], object]
"""What is called with each event, on the writer's thread and under the store's lock: it must neither wait nor write.

Shape: `{"type": "welcome" | "message" | "restart", "id": position, "tags": […] (message only)}`.
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One remembered transaction: the position after it, its tags for either kind of subscriber (None: too many)."""

    position: str
    published: tuple[str, ...] | None
    all: tuple[str, ...] | None
    row: LoggedTransaction

    def event(self, tags: tuple[str, ...] | None) -> dict[str, Any] | None:
        if tags is None:
            return {"type": "restart", "id": self.position}
        return {"type": "message", "id": self.position, "tags": list(tags)} if tags else None


@dataclass(frozen=True, slots=True, eq=False)
class Subscription:
    """One subscriber; `close` ends it."""

    on_event: OnLiveEvent
    include_drafts: bool
    readable: Readable | None
    _feed: LiveFeed

    def close(self) -> None:
        """Hear no more; a second time has no effect."""
        self._feed.forget(self)


class LiveFeed:
    """The live events of one dataset."""

    def __init__(self, store: MemoryStore, dataset: str, *, subscribers_max: int) -> None:
        """Start without subscribers."""
        self._store = store
        self._dataset = dataset
        self._subscribers_max = subscribers_max
        self._subscribers: dict[Subscription, None] = {}
        self._start: str | None = None
        self._entries: deque[_Entry] = deque()

    def subscribe(
        self,
        on_event: OnLiveEvent,
        *,
        include_drafts: bool = False,
        after: str | None = None,
        readable: Readable | None = None,
    ) -> Subscription:
        """Start telling of changes; call with the store's lock held.

        Changes of documents that are not `readable`, before and after, are no changes to this subscriber.
        The first event is `welcome`, or `restart` for an `after` that is no position remembered here; what happened
        after it comes next.
        Raises: BadRequestError when there are as many subscribers as the limit allows.
        """
        if len(self._subscribers) >= self._subscribers_max:
            raise BadRequestError(f"Max listener limit exceeded at {self._subscribers_max}")
        now = self._position()
        if self._start is None:
            self._start = now
        missed = None if after is None else self._after(after)
        subscription = Subscription(on_event, include_drafts, readable, self)
        self._subscribers[subscription] = None
        if after is not None and missed is None:
            on_event({"type": "restart", "id": now})
        else:
            on_event({"type": "welcome", "id": now if after is None else after})
        for entry in missed or ():
            self._tell(subscription, entry)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """End a subscription."""
        self._subscribers.pop(subscription, None)

    def note(self, row: LoggedTransaction) -> None:
        """Take in a transaction that was just committed; called by the writer, with the store's lock held."""
        if self._start is None:
            return
        entry = _Entry(self._position(), self._tags(row, drafts=False), self._tags(row, drafts=True), row)
        self._entries.append(entry)
        if len(self._entries) > REMEMBERED_MAX:
            self._start = self._entries.popleft().position
        for subscription in list(self._subscribers):
            self._tell(subscription, entry)

    def _tags(
        self, row: LoggedTransaction, *, drafts: bool, readable: Readable | None = None
    ) -> tuple[str, ...] | None:
        places = touched_by(row, self._store, drafts=drafts, readable=readable)
        if len(places) > EVENT_TAGS_MAX:
            return None
        return tuple(sorted(tag_of(self._dataset, place) for place in places))

    def _tell(self, subscription: Subscription, entry: _Entry) -> None:
        event = entry.event(self._tags_for(subscription, entry))
        if event is not None:
            subscription.on_event(event)

    def _tags_for(self, subscription: Subscription, entry: _Entry) -> tuple[str, ...] | None:
        drafts = subscription.include_drafts
        if subscription.readable is None:
            return entry.all if drafts else entry.published
        seen = seen_row(entry.row, subscription.readable)
        return () if seen is None else self._tags(seen, drafts=drafts, readable=subscription.readable)

    def _position(self) -> str:
        newest = self._store.history.tail(1)
        # Never empty: an empty id would make a client forget its position.
        return f"{newest[0].transaction_id}#" if newest else "#"

    def _after(self, position: str) -> list[_Entry] | None:
        """Return what was remembered after a position, None for one that is not known."""
        if position == self._start:
            return list(self._entries)
        for number, entry in enumerate(self._entries, start=1):
            if entry.position == position:
                return list(self._entries)[number:]
        return None
