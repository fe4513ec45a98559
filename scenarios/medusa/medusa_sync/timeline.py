"""The timeline of a run: what happened when, counted from its first moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from medusa_sync.pace import Pace, milliseconds

__all__ = ["NAMES_SHOWN_MAX", "Moment", "Timeline", "named", "render"]

NAMES_SHOWN_MAX: Final = 3
"""Ids that one line of a timeline names."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline: milliseconds since its start, the step, and what it did."""

    at_ms: int
    step: str
    text: str


class Timeline:
    """Collects the moments of one run; work that runs in parallel has a branch of its own until it is joined."""

    def __init__(self, pace: Pace) -> None:
        """Start now."""
        self.pace = pace
        self._start = pace.now()
        self.moments: list[Moment] = []

    def note(self, step: str, text: str) -> None:
        """Let the step take its time, then write it down."""
        self.pace.spend(step)
        self.moments.append(Moment(milliseconds(self.pace.now() - self._start), step, text))

    def branch(self) -> Timeline:
        """Return a timeline with the same start for work beside this one."""
        twin = Timeline(self.pace.lane())
        twin._start = self._start
        return twin

    def join(self, branches: Sequence[Timeline]) -> None:
        """Take in the branches' moments, in order of time, and go on after the last."""
        self.pace.join([branch.pace for branch in branches])
        self.moments += sorted((one for branch in branches for one in branch.moments), key=lambda one: one.at_ms)

    def steps(self) -> list[str]:
        """Return the names of the steps in order."""
        return [one.step for one in self.moments]


def named(ids: Sequence[str]) -> str:
    """Return the ids, or how many and the first few."""
    if len(ids) <= NAMES_SHOWN_MAX:
        return ", ".join(ids) or "nothing"
    return f"{len(ids)} ({', '.join(ids[:NAMES_SHOWN_MAX])}, …)"


def render(moments: Sequence[Moment]) -> list[str]:
    """Return a timeline as lines of text: `T+400ms  request    patch prod_01ABC123`."""
    width = max((len(one.step) for one in moments), default=0)
    return [f"T+{one.at_ms}ms".ljust(11) + f"{one.step:<{width}}  {one.text}" for one in moments]
