"""The events of one stream on their way to its listener: lost, doubled, turned round, late, or cut off."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Final, TypeAlias

from lakesim.faults.box import Faults
from lakesim.faults.effect import Effect
from lakesim.faults.errors import LakeUnavailableError
from lakesim.faults.operation import Operation
from lakesim.jsonvalue import copy

__all__ = ["EventFaults", "Line"]

Deliver: TypeAlias = Callable[[dict[str, Any]], object]
"""Hands an event over to the listener."""
Settle: TypeAlias = Callable[[], object]
"""Runs the callbacks of what was handed over outside a transaction."""
End: TypeAlias = Callable[[LakeUnavailableError], object]
"""Ends the listener as a lost connection would."""


class Line:
    """What is held back of one stream."""

    def __init__(self, faults: Faults, deliver: Deliver, settle: Settle) -> None:
        """Start with nothing held back."""
        self._faults: Final = faults
        self._deliver = deliver
        self._settle = settle
        self._turned: list[dict[str, Any]] = []
        """Events that wait for the one after them."""
        self._late: list[dict[str, Any]] = []
        """Events behind a delay."""
        self._delays = 0
        self._generation = 0
        """Counts the times when everything was let go, so that a delay of earlier is told."""
        self._lock = RLock()

    @property
    def holds(self) -> bool:
        """Whether anything is held back."""
        return bool(self._turned or self._late)

    def carry(self, event: dict[str, Any], effect: Effect | None, asked: str, end: End) -> None:
        """Send an event on its way."""
        what = None if effect is None else effect.events
        with self._lock:
            if what == "disconnect":
                self._forget()
                end(LakeUnavailableError(asked))
            elif what == "reorder":
                self._turned.append(event)
            elif what != "drop":
                if effect is not None and effect.delay:
                    self._wait(effect.delay)
                # The receiver owns each event that it is given.
                twice = [copy(event)] if what == "duplicate" else []
                self._pass(event, *twice, *self._turned)
                self._turned = []

    def _pass(self, *events: dict[str, Any]) -> None:
        if self._delays:
            self._late += events
            return
        for event in events:
            self._deliver(event)

    def _wait(self, seconds: float) -> None:
        self._delays += 1
        generation = self._generation

        def over() -> None:
            with self._lock:
                if generation != self._generation:
                    return
                self._delays -= 1
                if self._delays:
                    return
                self._send_late()
                self._faults.hold(self, holds=self.holds)
            self._settle()

        self._faults.clock.call_later(seconds, over)

    def _send_late(self) -> None:
        late, self._late = self._late, []
        self._pass(*late)

    def _forget(self) -> None:
        self._generation += 1
        self._delays = 0
        self._turned, self._late = [], []

    def release(self) -> None:
        """Deliver what is held back, without waiting any longer."""
        with self._lock:
            held = [*self._late, *self._turned]
            self._forget()
            self._pass(*held)
        # Outside the lock: callbacks do what they like.
        self._settle()


class EventFaults:
    """The rules about events, as the listeners of one dataset meet them."""

    def __init__(self, faults: Faults, operation: Callable[[], Operation]) -> None:
        """Take the lake's rules, and what tells how listening to the dataset would be asked for."""
        self._faults: Final = faults
        self._operation = operation
        self._lines: dict[int, tuple[object, Line]] = {}

    @property
    def armed(self) -> bool:
        """Whether events have to go through here."""
        return self._faults.armed

    def carry(self, listener: object, event: dict[str, Any], *, deliver: Deliver, settle: Settle, end: End) -> None:
        """Send an event to a listener, by whatever the rules make of it."""
        operation = self._operation()
        effect = self._faults.judge_event(operation)
        # The listener is kept beside its line, so that nothing else can have its identity meanwhile.
        _, line = self._lines.get(id(listener)) or (listener, Line(self._faults, deliver, settle))
        line.carry(event, effect, operation.name, end)
        if line.holds:
            self._lines[id(listener)] = (listener, line)
        else:
            self._lines.pop(id(listener), None)
        self._faults.hold(line, holds=line.holds)
