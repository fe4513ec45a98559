"""The course of one intent: what was read for it, what it has cost so far, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bidir.planning import Plan
from bidir.siblings import Snapshot

__all__ = ["Run"]


@dataclass(slots=True)
class Run:
    """The course of one intent: requests counted, and the snapshot as far as it was read.

    `fresh`: nothing may be planned on what a query that is behind shows; `confirmed` are the groups of which what it
    showed was read again by id, `layers` those of which it may not show anything yet. `made` is the plan that was
    carried out, `alone` whether it left the other half out.
    """

    started: float
    reads: int = 0
    writes: int = 0
    retries: int = 0
    fresh: bool = False
    confirmed: set[str] = field(default_factory=set)
    layers: set[str] = field(default_factory=set)
    snapshot: Snapshot = field(default_factory=Snapshot)
    made: Plan | None = None
    alone: bool = False
