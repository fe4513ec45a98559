"""Time for the sync: virtual, with a price for each step, so that every run prints the same; or the machine's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol

from bidir.clock import SystemClock
from lakesim.clock import SEEDED_START, Clock

__all__ = ["COSTS_MS", "MachinePace", "Pace", "VirtualPace", "milliseconds"]

COSTS_MS: Final = {
    "saved": 100,
    "event": 50,
    "triggered": 50,
    "query": 50,
    "transform": 50,
    "check": 50,
    "request": 50,
    "stored": 200,
    "completed": 50,
}
"""Milliseconds that lead up to a step on the virtual clock: a product is created in 650, as the data flow expects."""


class Pace(Protocol):
    """How time passes for a run."""

    def now(self) -> datetime:
        """Return the present instant."""
        ...

    def spend(self, step: str) -> None:
        """Let the time pass that a step takes, where time is virtual."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait, before another attempt."""
        ...

    def lane(self) -> Pace:
        """Return the time of work that runs beside others, from now on."""
        ...

    def join(self, lanes: Iterable[Pace]) -> None:
        """Go on when the last of the lanes is done."""
        ...


class VirtualPace:
    """A clock that moves by the price of the steps alone."""

    def __init__(self, start: datetime = SEEDED_START) -> None:
        """Start at an instant."""
        self._clock = Clock(0, start=start)

    def now(self) -> datetime:
        """Return the present instant."""
        return self._clock.now()

    def spend(self, step: str) -> None:
        """Move on by the price of a step; steps without one take no time."""
        self._clock.advance(COSTS_MS.get(step, 0) / 1000)

    def wait(self, seconds: float) -> None:
        """Move on without waiting."""
        self._clock.advance(seconds)

    def lane(self) -> VirtualPace:
        """Return a clock of its own that starts now."""
        return VirtualPace(self.now())

    def join(self, lanes: Iterable[Pace]) -> None:
        """Move on to where the slowest lane stands."""
        self._clock.set(max([self.now(), *(lane.now() for lane in lanes)]))


class MachinePace:
    """The machine's clock: steps take what they take, waiting really waits."""

    def __init__(self) -> None:
        """Follow the machine."""
        self._clock = Clock()
        self._sleeper = SystemClock()

    def now(self) -> datetime:
        """Return the present instant."""
        return self._clock.now()

    def spend(self, step: str) -> None:
        """Do nothing: the step has taken its time."""

    def wait(self, seconds: float) -> None:
        """Sleep."""
        self._sleeper.sleep(seconds)

    def lane(self) -> MachinePace:
        """Return the same time: there is only one."""
        return self

    def join(self, lanes: Iterable[Pace]) -> None:
        """Do nothing: whoever joins has waited."""


def milliseconds(duration: timedelta) -> int:
    """Return a duration in whole milliseconds."""
    return round(duration.total_seconds() * 1000)
