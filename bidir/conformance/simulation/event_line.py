"""The way of events to one listener: they take their time, overtake one another, come twice, or get lost."""

from __future__ import annotations

from collections import deque
from typing import Any

from bidir.conformance.simulation.chaos import Chaos
from bidir.conformance.simulation.records import revisions_in
from bidir.conformance.simulation.stage import Actor
from bidir.ports import EventStream

__all__ = ["EventLine"]

Event = dict[str, Any]

NOTICED_SECONDS_MAX = 4.0
"""After a loss the connection turns out to be broken within this time, and the listener is told to start afresh."""


class EventLine:
    """A listener's stream on the stage; `inner` is the lake's own.

    A lost event means a broken connection: sooner or later a `reconnect` event says so, as the service's clients do.
    """

    def __init__(self, inner: EventStream, actor: Actor, chaos: Chaos, occasion: str, seen: dict[str, Any]) -> None:
        """Carry the events of `inner` to `actor`; what they show is noted in `seen`."""
        self._inner = inner
        self._actor = actor
        self._chaos = chaos
        self._occasion = occasion
        self._seen = seen
        self._ready: deque[Event] = deque()
        self._count = 0
        self._lost = False
        self._closed = False
        self._ticket: int | None = None

    # ------------------------------------------------------------------------------------ on the lake's side

    def pump(self) -> None:
        """Take what the lake has to tell and send it off."""
        if self._closed:
            return
        for event in self._inner.drain():
            self._count += 1
            occasion = f"{self._occasion}/event {self._count}"
            if event.get("type", "mutation") != "mutation":
                self._deliver_later(event, occasion)
                continue
            faults = self._chaos.event_faults(occasion)
            if "event lost" in faults:
                self._lost = True
                self._actor.stage.after(
                    self._chaos.fraction(f"{occasion} noticed") * NOTICED_SECONDS_MAX, self.reconnect
                )
                continue
            self._deliver_later(event, occasion)
            if "event twice" in faults:
                self._deliver_later(event, f"{occasion} again")

    def reconnect(self) -> None:
        """Tell the listener that the connection was broken, if it was."""
        if self._lost and not self._closed:
            self._lost = False
            self._deliver({"type": "reconnect"})

    def _deliver_later(self, event: Event, occasion: str) -> None:
        self._actor.stage.after(self._chaos.event_delay(occasion), lambda: self._deliver(event))

    def _deliver(self, event: Event) -> None:
        if self._closed:
            return
        self._ready.append(dict(event))
        if self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            self._actor.wake(ticket)

    # ------------------------------------------------------------------------------------ on the listener's side

    def drain(self) -> list[Event]:
        """Return every event that has come."""
        events = list(self._ready)
        self._ready.clear()
        for event in events:
            self._note(event)
        return events

    def get(self, timeout: float | None = None) -> Event | None:
        """Wait up to `timeout` virtual seconds for the next event."""
        if not self._ready and not self._closed:
            self._ticket = self._actor.ticket()
            if timeout is not None:
                self._actor.wait(timeout)
            else:
                self._actor.suspend()
            self._ticket = None
        if not self._ready:
            return None
        event = self._ready.popleft()
        self._note(event)
        return event

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        self._inner.close()

    def _note(self, event: Event) -> None:
        document_id = event.get("documentId")
        if not isinstance(document_id, str):
            return
        result = event.get("result")
        if result is None and event.get("transition") == "disappear":
            self._seen[document_id] = None
        for name, revision in revisions_in(result):
            self._seen[name] = revision
