"""Tells each listener of a dataset about each committed transaction, in commit order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from lakesim.errors import BadRequestError, LakeError
from lakesim.ids import is_published_id
from lakesim.limits import Limits
from lakesim.listen.events import Event, EventOptions, mutation_event, welcome_event
from lakesim.listen.listener import Listener, Matches, OnEvent
from lakesim.listen.transition import Transition, transition_of
from lakesim.store.choices import LakeChoices
from lakesim.store.history import Change, LoggedTransaction
from lakesim.store.raw_view import Readable
from lakesim.store.seen import seen_row

__all__ = ["EventFaults", "Hub", "events_for"]


class EventFaults(Protocol):
    """What may happen on purpose to events on their way; see `lakesim.faults`."""

    @property
    def armed(self) -> bool:
        """Whether anything may happen to the next event."""

    def carry(
        self,
        listener: object,
        event: Event,
        *,
        deliver: Callable[[Event], object],
        settle: Callable[[], object],
        end: Callable[[LakeError], object],
    ) -> None:
        """Call `deliver` with what arrives, now or later (then `settle` after it); `end` if the connection breaks."""


class Hub:
    """The listeners of one dataset.

    `publish` is called by the writer while it holds the store's lock: queues are filled there, so their order is the
    commit order. Callbacks run afterwards, from `dispatch`, outside the lock and one at a time; a callback that writes
    gets its own events after those already under way.
    """

    def __init__(self, limits: Limits, choices: LakeChoices, *, faults: EventFaults | None = None) -> None:
        """Start without listeners; `faults` may interfere with what they are told of changes."""
        self._faults = faults
        self._limits = limits
        self._choices = choices
        self._listeners: dict[str, Listener] = {}
        self._made = 0
        self._pending: deque[tuple[Listener, Event]] = deque()
        self._dispatching = Lock()

    def __len__(self) -> int:
        """Return the number of open listeners."""
        return len(self._listeners)

    def listen(
        self,
        matches: Matches,
        options: EventOptions,
        *,
        queue_max: int | None = None,
        on_event: OnEvent | None = None,
        readable: Readable | None = None,
    ) -> Listener:
        """Register a listener whose first event is `welcome`; call with the store's lock held, then `dispatch`.

        States of documents that are not `readable` are to it as if they did not exist.
        Raises: BadRequestError when there are as many as the limit allows.
        """
        if len(self._listeners) >= self._limits.listeners_max:
            raise BadRequestError(f"Max listener limit exceeded at {self._limits.listeners_max}")
        self._made += 1
        listener = Listener(
            f"listener-{self._made}",
            matches,
            options,
            queue_max=self._limits.listener_queue_max if queue_max is None else queue_max,
            on_event=on_event,
            on_close=self._forget,
            readable=readable,
        )
        self._listeners[listener.name] = listener
        self._send(listener, welcome_event(listener.name))
        return listener

    def _forget(self, listener: Listener) -> None:
        self._listeners.pop(listener.name, None)

    def _send(self, listener: Listener, event: Event) -> None:
        if listener.on_event is None:
            listener.offer(event)
        else:
            self._pending.append((listener, event))

    def publish(self, row: LoggedTransaction) -> None:
        """Prepare the events of a committed transaction for every listener it concerns."""
        for listener in list(self._listeners.values()):
            for event in events_for(listener, row, self._choices):
                if self._faults is not None and self._faults.armed:
                    self._send_by_faults(self._faults, listener, event)
                else:
                    self._send(listener, event)

    def _send_by_faults(self, faults: EventFaults, listener: Listener, event: Event) -> None:
        faults.carry(
            listener,
            event,
            deliver=lambda passed: self._send(listener, passed),
            settle=self.dispatch,
            end=listener.break_off,
        )

    def dispatch(self) -> None:
        """Run the callbacks of prepared events, oldest first; returns at once if that is under way already."""
        while self._pending and self._dispatching.acquire(blocking=False):
            try:
                while self._pending:
                    listener, event = self._pending.popleft()
                    listener.call(event)
            finally:
                self._dispatching.release()

    def close(self) -> None:
        """Close every listener."""
        for listener in list(self._listeners.values()):
            listener.close()


def events_for(listener: Listener, row: LoggedTransaction, choices: LakeChoices) -> list[Event]:
    """Return what a listener is told about a committed transaction: an event for each document that concerns it."""
    told = seen_row(row, listener.readable)
    if told is None:
        return []
    seen = [
        (change, transition) for change in told.changes if (transition := _transition(listener, change)) is not None
    ]
    return [
        mutation_event(row, change, transition, listener.options, total=len(seen), number=number, choices=choices)
        for number, (change, transition) in enumerate(seen)
    ]


def _transition(listener: Listener, change: Change) -> Transition | None:
    if not listener.options.include_all_versions and not is_published_id(change.document_id):
        return None
    before = change.before is not None and listener.matches(change.before)
    after = change.after is not None and listener.matches(change.after)
    return transition_of(before, after)
