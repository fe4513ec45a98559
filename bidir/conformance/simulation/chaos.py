"""What goes wrong, where and when: decided by the seed and the name of the occasion, never by what happened before.

An occasion is a text such as `editor 1/3/2` (second request of its third act). Because each is decided on its own, a
course with an act or a fault left out is the same course elsewhere, which is what makes failures shrink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

__all__ = ["CALM", "DIALS", "Chaos", "Dials", "Fault"]

Fault = str
"""`<occasion>: <what>`, for example `worker 1/0/4: answer lost`."""


@dataclass(frozen=True, slots=True)
class Dials:
    """How likely each fault is (0 to 1, per message), and the bounds of delays and clocks in seconds."""

    crash: float = 0.0
    request_lost: float = 0.0
    answer_lost: float = 0.0
    twice: float = 0.0
    rate_limited: float = 0.0
    rival: float = 0.0
    event_lost: float = 0.0
    event_twice: float = 0.0
    latency_max: float = 0.04
    event_delay_max: float = 0.05
    slow: float = 0.0
    skew_max: float = 0.0
    lag_max: float = 0.0


CALM = Dials()
"""No faults, only the delays of a good day."""

DIALS: dict[str, Dials] = {
    "calm": CALM,
    "late": Dials(latency_max=0.3, event_delay_max=2.0, slow=0.1, skew_max=30.0),
    "lossy": Dials(request_lost=0.04, answer_lost=0.08, twice=0.08, event_lost=0.1, event_twice=0.2),
    "busy": Dials(rival=0.4, rate_limited=0.08, event_twice=0.1),
    "deadly": Dials(crash=0.05, event_delay_max=0.5, answer_lost=0.03),
    "behind": Dials(lag_max=1.0, event_delay_max=1.0, rival=0.1),
    "all": Dials(
        crash=0.02,
        request_lost=0.02,
        answer_lost=0.03,
        twice=0.03,
        rate_limited=0.03,
        rival=0.1,
        event_lost=0.05,
        event_twice=0.1,
        latency_max=0.1,
        event_delay_max=0.5,
        slow=0.03,
        skew_max=10.0,
        lag_max=0.5,
    ),
}
"""The weathers of the simulation; each seed has one."""

SLOW_SECONDS = 6.0
"""What a message that is stuck somewhere takes at most."""


_OF_WRITES = {"crash after", "answer lost", "twice", "rival"}


class Chaos:
    """Decides for one run; `happened` lists the faults in order.

    With `only`, just those faults happen; `on` False ends them all.
    """

    def __init__(self, seed: str, dials: Dials, *, only: frozenset[Fault] | None = None) -> None:
        """Decide by `seed`."""
        self.seed = seed
        self.dials = dials
        self.only = only
        self.on = True
        self.happened: list[Fault] = []
        self._ordered: dict[str, set[str]] = {}
        for fault in sorted(only or ()):
            occasion, _, name = fault.partition(": ")
            self._ordered.setdefault(occasion, set()).add(name)

    def request_faults(self, occasion: str, *, write: bool) -> frozenset[str]:
        """Return what happens to one request: at most one fault that the engine sees, and perhaps a rival's write."""
        dials = self.dials
        chances: list[tuple[str, float]] = [
            ("crash before", dials.crash / 2),
            ("request lost", dials.request_lost),
            ("rate limited", dials.rate_limited),
        ]
        if write:
            chances += [("crash after", dials.crash), ("answer lost", dials.answer_lost), ("twice", dials.twice)]
        if self.only is not None:
            return self._named(occasion, write=write)
        found = {self._one(occasion, chances)}
        if write and self._random(f"{occasion} rival").random() < dials.rival:
            found.add("rival")
        return self._note(occasion, found)

    def event_faults(self, occasion: str) -> frozenset[str]:
        """Return what happens to one event on its way: lost, or twice."""
        chances = [("event lost", self.dials.event_lost), ("event twice", self.dials.event_twice)]
        if self.only is not None:
            return self._named(occasion, write=False)
        return self._note(occasion, {self._one(occasion, chances)})

    def latency(self, occasion: str) -> float:
        """Return how long a message takes, in seconds."""
        return self._delay(occasion, self.dials.latency_max)

    def event_delay(self, occasion: str) -> float:
        """Return how long an event takes, in seconds."""
        return self._delay(occasion, self.dials.event_delay_max)

    def fraction(self, occasion: str) -> float:
        """Return a number in [0, 1) for anything else that is left to chance."""
        return self._random(occasion).random()

    def random(self, occasion: str) -> Random:
        """Return a generator for one occasion."""
        return self._random(occasion)

    def _delay(self, occasion: str, longest: float) -> float:
        chance = self._random(f"{occasion} delay")
        if not self.on:
            return chance.random() * CALM.latency_max
        slow = self.dials.slow and chance.random() < self.dials.slow
        return chance.random() * (SLOW_SECONDS if slow else longest)

    def _one(self, occasion: str, chances: Sequence[tuple[str, float]]) -> str:
        roll = self._random(occasion).random()
        for name, chance in chances:
            roll -= chance
            if roll < 0:
                return name
        return ""

    def _named(self, occasion: str, *, write: bool) -> frozenset[str]:
        """Return the faults that were ordered for this occasion; some can only happen to a write."""
        found = self._ordered.get(occasion, set())
        return self._note(occasion, found if write else found - _OF_WRITES)

    def _note(self, occasion: str, found: set[str]) -> frozenset[str]:
        if not self.on:
            return frozenset()
        happening = sorted(found - {""})
        self.happened += [f"{occasion}: {name}" for name in happening]
        return frozenset(happening)

    def _random(self, occasion: str) -> Random:
        return Random(f"{self.seed}/{occasion}")
