"""A listener's stream on its way to a worker, where events get lost, doubled or turned round on purpose."""

from __future__ import annotations

from collections import deque
from typing import Any

from bidir.conformance.scenario import EventFault
from bidir.ports import EventStream

__all__ = ["ObservedStream"]

Event = dict[str, Any]


class ObservedStream:
    """Passes events on; `arm` says what happens to the next ones, `unused` whether that has happened yet."""

    def __init__(self, inner: EventStream) -> None:
        """Wrap `inner`."""
        self.inner = inner
        self._ready: deque[Event] = deque()
        self._drop = self._duplicate = self._reorder = 0

    def arm(self, fault: EventFault) -> None:
        """Let `fault` happen to the events that come next, in addition to what is left of earlier ones."""
        self._drop += fault.drop
        self._duplicate += fault.duplicate
        self._reorder += fault.reorder

    @property
    def unused(self) -> int:
        """How many events were to meet a fault and have not come."""
        return self._drop + self._duplicate + self._reorder

    def drain(self) -> list[Event]:
        """Return every event that waits, without blocking."""
        self._ready.extend(self._mangled(self.inner.drain()))
        out = list(self._ready)
        self._ready.clear()
        return out

    def get(self, timeout: float | None = None) -> Event | None:
        """Wait up to `timeout` seconds for the next event."""
        if not self._ready:
            arrived = self.inner.get(timeout)
            self._ready.extend(self._mangled([] if arrived is None else [arrived, *self.inner.drain()]))
        return self._ready.popleft() if self._ready else None

    def close(self) -> None:
        """Stop listening."""
        self.inner.close()

    def _mangled(self, events: list[Event]) -> list[Event]:
        out: list[Event] = []
        turned: list[Event] = []
        for event in events:
            if event.get("type", "mutation") != "mutation":
                out.append(event)
            elif self._drop:
                self._drop -= 1
            elif self._duplicate:
                self._duplicate -= 1
                out += [event, dict(event)]
            elif self._reorder:
                self._reorder -= 1
                turned.append(event)
            else:
                out += [*reversed(turned), event]
                turned = []
        return out + turned[::-1]
