"""Makes a failing course smaller for as long as it fails in the same way: fewer acts, faults, workers, documents.

Every decision of a course has a name of its own, so what is left out changes nothing else (see `chaos`); the search is
the same for the same course.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from bidir.conformance.playing import EngineFactory
from bidir.conformance.simulation.course import Course
from bidir.conformance.simulation.judging import Verdict, judge

__all__ = ["RUNS_MAX", "shrink"]

T = TypeVar("T")

RUNS_MAX = 250
"""Runs that a search may take."""


class _Search:
    """One search; `best` is the smallest failing course so far."""

    def __init__(self, verdict: Verdict, factory: EngineFactory, runs_max: int) -> None:
        self.best = verdict
        self._rules = verdict.rules
        self._factory = factory
        self._left = runs_max

    def attempt(self, course: Course) -> bool:
        """Keep `course` if it still breaks one of the rules that the first one broke."""
        if self._left <= 0:
            return False
        self._left -= 1
        verdict = judge(course, self._factory)
        if not verdict.rules & self._rules:
            return False
        self.best = verdict
        return True

    def fewer(self, items: Sequence[T], put: Callable[[Sequence[T]], Course]) -> None:
        """Leave out ever smaller runs of `items` (delta debugging)."""
        kept = list(items)
        size = max(1, len(kept) // 2)
        while kept:
            removed = False
            for start in _starts(len(kept), size):
                rest = kept[:start] + kept[start + size :]
                if self.attempt(put(rest)):
                    kept, removed = rest, True
                    break
            if not removed:
                if size == 1:
                    return
                size = max(1, size // 2)


def _starts(length: int, size: int) -> Iterator[int]:
    """Yield where the pieces begin, the last first: late acts are consequences of nothing."""
    yield from reversed(range(0, length, size))


def shrink(verdict: Verdict, factory: EngineFactory, *, runs_max: int = RUNS_MAX) -> Verdict:
    """Return the smallest course found that breaks one of the same rules, with what was found in it."""
    search = _Search(verdict, factory, runs_max)
    fixed = replace(verdict.run.course, faults=frozenset(verdict.run.faults_happened))
    if not search.attempt(fixed):
        # What is drawn at chance beside the faults does not depend on them; this is for the engine's own randomness.
        return verdict
    for smaller in (
        {"windows": ()},
        {"restarts": ()},
        {"workers": 1},
        {"old_worker": False},
        {"weather": "calm"},
    ):
        course = search.best.run.course
        if any(getattr(course, name) != value for name, value in smaller.items()):
            search.attempt(replace(course, **smaller))
    for _ in range(2):
        search.fewer(search.best.run.course.acts, lambda acts: replace(search.best.run.course, acts=tuple(acts)))
        faults = sorted(search.best.run.course.faults or ())
        search.fewer(faults, lambda some: replace(search.best.run.course, faults=frozenset(some)))
    search.fewer(search.best.run.course.given, lambda given: replace(search.best.run.course, given=tuple(given)))
    return search.best
