"""Counts what the state machines did and checked: invariants by view, rows of the table, writes per intent, skips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from bidir.conformance.invariants import DRAFTS, PUBLISHED

__all__ = ["INVARIANTS", "NAMES", "Invariant", "Tally", "added_facts"]

Invariant: TypeAlias = Literal["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12"]

NAMES: Mapping[Invariant, str] = {
    "I1": "I1 symmetry",
    "I2": "I2 cardinality",
    "I3": "I3 no duplicates",
    "I4": "I4 isolation",
    "I5": "I5 dangling",
    "I6": "I6 fixpoint",
    "I7": "I7 frame",
    "I8": "I8 intent",
    "I9": "I9 erase",
    "I10": "I10 bounded work",
    "I11": "I11 path independence",
    "I12": "I12 no loss",
}
"""The invariants of bidirectional semantics, section E5, as faults name them."""

INVARIANTS: tuple[Invariant, ...] = tuple(NAMES)

RELEASES = "releases"
VIEWS = (PUBLISHED, DRAFTS, RELEASES)
"""The views that are counted apart; all releases together."""


class Tally:
    """What one machine did; `facts` is what a report shows of it.

    `counts` are plain numbers by name, `writes` write requests per intent, `documents` documents written per intent,
    `rows` how often each row of E4 was met, `skipped` rules that the engine offers no operation for.
    """

    def __init__(self) -> None:
        """Start at nothing."""
        self.counts: Counter[str] = Counter()
        self.checks: dict[Invariant, Counter[str]] = {invariant: Counter() for invariant in INVARIANTS}
        self.writes: Counter[int] = Counter()
        self.documents: Counter[int] = Counter()
        self.rows: Counter[int] = Counter()
        self.skipped: Counter[str] = Counter()

    def checked(self, invariants: Iterable[Invariant], views: Iterable[str]) -> None:
        """Count that each of `invariants` was checked once in each of `views` (a release by its name)."""
        seen = [view if view in (PUBLISHED, DRAFTS) else RELEASES for view in views]
        for invariant in invariants:
            self.checks[invariant].update(seen)

    def intent(self, writes: int, documents: int) -> None:
        """Count one intent by its write requests and the documents it wrote."""
        self.writes[writes] += 1
        self.documents[documents] += 1

    def facts(self) -> dict[str, Any]:
        """Return the counts in a form for reports and JSON; what never happened is left out, but for invariants."""
        found: dict[str, Any] = dict(self.counts)
        found["checks of invariants"] = sum(counter.total() for counter in self.checks.values())
        found["invariants"] = {
            invariant: {view: self.checks[invariant][view] for view in VIEWS} for invariant in INVARIANTS
        }
        found["writes_per_intent"] = _histogram(self.writes)
        found["documents_per_intent"] = _histogram(self.documents)
        if self.rows:
            found["rows"] = _histogram(self.rows)
        if self.skipped:
            found["skipped"] = dict(sorted(self.skipped.items()))
        return found


def added_facts(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the facts of several machines added up, histograms and tables entry by entry."""
    total: dict[str, Any] = {}
    for facts in parts:
        for name, value in facts.items():
            if isinstance(value, Mapping):
                total[name] = added_facts([total.get(name, {}), value])
            elif isinstance(value, int):
                total[name] = total.get(name, 0) + value
    return total


def _histogram(counter: Mapping[int, int]) -> dict[str, int]:
    return {str(number): counter[number] for number in sorted(counter)}
