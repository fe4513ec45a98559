"""The search: breadth first from nothing, every operation in every state, so that the first fault is a shortest one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from multiprocessing import get_context

from bidir.clock import SystemClock
from bidir.conformance.fault import Fault
from bidir.conformance.states.coding import Coding
from bidir.conformance.states.operations import Operation, operations
from bidir.conformance.states.renaming import Renaming
from bidir.conformance.states.scope import Scope
from bidir.conformance.states.standing import standing_faults
from bidir.conformance.states.walking import Walker
from bidir.conformance.states.weakened import weakened

__all__ = ["Counterexample", "Options", "SearchResult", "search"]

CHUNK = 64
"""States that a worker takes at a time."""
FAULTS_KEPT = 5
"""Counterexamples of the shortest length that are kept; the others are counted."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a scope is searched.

    `without` names a rule that is switched off; `states_max` bounds the states visited; `jobs` are the processes;
    `orbits`: states that differ only in names are visited once (see `Renaming` for what that leaves out).
    """

    without: str | None = None
    states_max: int | None = None
    jobs: int = 1
    orbits: bool = False


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A shortest history that ends in a fault: the states it goes through, from nothing, and the operations between."""

    states: tuple[str, ...]
    operations: tuple[Operation, ...]
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class SearchResult:
    """What a search came to.

    `states` were visited, `orbits` are these up to renaming; `transitions` were taken, `planned` of them by asking the
    planner (the others read the same as one of those); `depth` is the length of the longest of the shortest histories.
    `violations` counts the faulty states and steps found; after the depth at which the first appears nothing more is
    searched. `complete`: every state was visited and every operation in it tried.
    """

    scope: Scope
    without: str | None = None
    states: int = 0
    orbits: int = 0
    transitions: int = 0
    planned: int = 0
    depth: int = 0
    seconds: float = 0.0
    violations: int = 0
    complete: bool = False
    counterexamples: list[Counterexample] = field(default_factory=list)


@dataclass(slots=True)
class _Expanded:
    """What came of a chunk of states: successors by the state they come from, faults, counts."""

    successors: list[tuple[str, list[str]]] = field(default_factory=list)
    faulty: list[tuple[str, Operation | None, tuple[Fault, ...]]] = field(default_factory=list)
    transitions: int = 0
    planned: int = 0


class _Expander:
    """Expands states; one in each process."""

    def __init__(self, scope: Scope) -> None:
        self.coding = Coding(scope)
        self.walker = Walker(self.coding)
        # Successors that were sent already need not be sent again.
        self._sent: set[str] = set()

    def expand(self, states: Iterable[str]) -> _Expanded:
        out = _Expanded()
        planned = self.walker.planned
        for state in states:
            faults = standing_faults(self.coding, state)
            if faults:
                out.faulty.append((state, None, tuple(faults)))
                continue
            found: list[str] = []
            for operation in operations(self.coding, state):
                out.transitions += 1
                walked = self.walker.walk(state, operation)
                if walked.faults:
                    out.faulty.append((state, operation, walked.faults))
                elif walked.state is not None and walked.state not in self._sent:
                    self._sent.add(walked.state)
                    found.append(walked.state)
            out.successors.append((state, found))
        out.planned = self.walker.planned - planned
        return out


_here: list[_Expander] = []
_weak = ExitStack()


def _start(scope: Scope, without: str | None) -> None:
    """Prepare a worker process."""
    _weak.enter_context(weakened(without))
    _here[:] = [_Expander(scope)]


def _expand(states: Sequence[str]) -> _Expanded:
    return _here[0].expand(states)


def search(
    scope: Scope, options: Options | None = None, *, on_progress: Callable[[SearchResult], None] | None = None
) -> SearchResult:
    """Visit the states of `scope`, nearest first; `on_progress` hears of every chunk."""
    chosen = options or Options()
    clock = SystemClock()
    started = clock.monotonic()
    result = SearchResult(scope, chosen.without)

    def tell() -> None:
        result.seconds = clock.monotonic() - started
        if on_progress is not None:
            on_progress(result)

    if chosen.jobs > 1:
        with ProcessPoolExecutor(
            chosen.jobs, mp_context=get_context("spawn"), initializer=_start, initargs=(replace(scope), chosen.without)
        ) as pool:
            _Search(scope, chosen, result, tell).run(lambda chunks: pool.map(_expand, chunks))
    else:
        with weakened(chosen.without):
            expander = _Expander(scope)
            _Search(scope, chosen, result, tell).run(lambda chunks: map(expander.expand, chunks))
    tell()
    return result


class _Search:
    """One search under way; `came_from` has every state seen and the state before it on a shortest history."""

    def __init__(self, scope: Scope, options: Options, result: SearchResult, tell: Callable[[], None]) -> None:
        self.options = options
        self.result = result
        self.tell = tell
        self.coding = Coding(scope)
        self.renaming = Renaming(self.coding)
        self.came_from: dict[str, str] = {self.coding.empty: ""}
        self.faulty: list[tuple[str, Operation | None, tuple[Fault, ...]]] = []

    def run(self, expand: Callable[[Iterable[list[str]]], Iterable[_Expanded]]) -> None:
        """Go through the depths one after the other, until nothing is new, too much is, or something is wrong."""
        result, most = self.result, self.options.states_max
        level = [self.coding.empty]
        while level and not self.faulty:
            room = len(level) if most is None else max(0, most - result.states)
            taken, left = level[:room], level[room:]
            following: list[str] = []
            for done in expand([taken[start : start + CHUNK] for start in range(0, len(taken), CHUNK)]):
                self._count(one for one, _ in done.successors)
                self._count(state for state, operation, _ in done.faulty if operation is None)
                result.transitions += done.transitions
                result.planned += done.planned
                self.faulty += done.faulty
                following += self._new(done)
                self.tell()
            if left:
                break
            result.depth += bool(following)
            level = following
        else:
            result.complete = not self.faulty
        with weakened(self.options.without):
            self._conclude()

    def _new(self, done: _Expanded) -> Iterator[str]:
        for state, successors in done.successors:
            for successor in successors:
                known = self.renaming.canonical(successor) if self.options.orbits else successor
                if known not in self.came_from:
                    self.came_from[known] = state
                    yield known

    def _count(self, visited: Iterable[str]) -> None:
        """Count states and orbits. Of a whole orbit one state is its own stand-in, and a search over orbits sees it."""
        for state in visited:
            if self.options.orbits:
                self.result.states += len(self.renaming.orbit(state))
                self.result.orbits += 1
            else:
                self.result.states += 1
                self.result.orbits += self.renaming.canonical(state) == state

    def _conclude(self) -> None:
        """Keep the shortest counterexamples, each with its whole history."""
        self.result.violations = len(self.faulty)
        if not self.faulty:
            return
        lengths = {}
        for state in {state for state, _, _ in self.faulty}:
            lengths[state] = len(self._trail(state)) - 1
        ranked = sorted(self.faulty, key=lambda one: lengths[one[0]] + (one[1] is not None))
        shortest = lengths[ranked[0][0]] + (ranked[0][1] is not None)
        for state, operation, faults in ranked[:FAULTS_KEPT]:
            if lengths[state] + (operation is not None) == shortest:
                found = self._history(state, operation, faults)
                if found is not None:
                    self.result.counterexamples.append(found)

    def _trail(self, state: str) -> list[str]:
        trail = [state]
        while self.came_from[trail[-1]]:
            trail.append(self.came_from[trail[-1]])
        return trail[::-1]

    def _history(self, state: str, operation: Operation | None, faults: tuple[Fault, ...]) -> Counterexample | None:
        """Walk the trail once more, to know the operations; in a search over orbits the names settle on the way."""
        walker = Walker(self.coding, remember=False)
        same = self.renaming.canonical if self.options.orbits else str
        states, done = [self.coding.empty], []
        for wanted in self._trail(state)[1:]:
            for tried in operations(self.coding, states[-1]):
                reached = walker.walk(states[-1], tried)
                if reached.state is not None and not reached.faults and same(reached.state) == wanted:
                    states.append(reached.state)
                    done.append(tried)
                    break
            else:
                return None
        last = [operation] if operation is not None and states[-1] == state else []
        if operation is not None and not last:
            last = [tried for tried in operations(self.coding, states[-1]) if walker.walk(states[-1], tried).faults][:1]
            if not last:
                return None
        if last:
            reached = walker.walk(states[-1], last[0])
            return Counterexample((*states, reached.state or states[-1]), (*done, last[0]), reached.faults)
        return Counterexample(tuple(states), tuple(done), faults)
