"""How many updates are right at once, and how many once nothing waits: a seeded run with an everyday share of trouble.

An update is right at once if the engine's call leaves the user's own field as wanted and no view with a contradiction
that was not there before. It is right at rest if, when what stood in the way is gone and the engine has healed what
waits, nothing it concerned contradicts anything. Judged from the stored documents alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from bidir.clock import SystemClock
from bidir.conformance.answers import asked, called, completed
from bidir.conformance.checking import described
from bidir.conformance.criteria.catalogue import GROUPS, RELEASE, given_documents, reference, schema, type_of
from bidir.conformance.criteria.updates import Update, UpdateDrawer, pointed_at
from bidir.conformance.invariants import Breach, check_invariants, resolve_view
from bidir.conformance.playing import EngineFactory
from bidir.conformance.proxy import ObservedBackend, Traffic
from bidir.conformance.scenario import Fault
from bidir.outcome import Outcome
from bidir.ports import Backend
from bidir.refs import PUBLISHED, stored_id

__all__ = ["DISTURBANCES", "DISTURBED_EVERY", "EDITS", "Ground", "Judged", "SuccessRun", "measure_success"]

EDITS: Final = 200
"""Updates of a run, if nobody says otherwise."""
DISTURBED_EVERY: Final = 20
"""Every so many updates something comes between: far more than everyday life has, so that each kind is seen."""
INVERSES: Final = {"author": "currentBook", "currentBook": "author", "series": "books", "books": "series"}
HELD: Final = "conflict"
"""The reason of a half that a person decides about: a third document holds the place (E8.15)."""
HEALED_AFTER: Final = 3
"""So many updates later what stood in the way is gone, and the engine may heal."""

RIVAL, LOST, REFUSED, BUSY, ABSENT = (
    "somebody else is faster",
    "the answer is lost",
    "the target may not be written",
    "the lake is too busy",
    "the target does not exist yet",
)
DISTURBANCES: Final = (RIVAL, LOST, REFUSED, BUSY, ABSENT)
"""What comes between, in turn."""


class Ground(Protocol):
    """A lake with nothing in it, as far as this run needs one (`bidir.conformance.lakes.JudgedLake` is one)."""

    def backend(self) -> Backend:
        """Return a connection for the engine."""
        ...

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return every stored document by stored id."""
        ...

    def mutate(self, mutations: Sequence[Mapping[str, Any]]) -> None:
        """Write past the engine."""
        ...

    def act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Perform lake actions past the engine."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """One update and how it went.

    `trouble` is what came between, empty for nothing; `saved` whether the user's own field was written, `at_once` and
    `at_rest` as above, `told` whether a half that waits was told with both documents named. `reads`, `writes` and
    `documents` are counted at the lake. `error` is what the engine raised, in words. `decided`: a third document held
    the place when the half could have been written, so that a person had the last word.
    """

    number: int
    update: Update
    trouble: str
    saved: bool
    at_once: bool
    told: bool
    reads: int
    writes: int
    documents: int
    error: str = ""
    at_rest: bool = False
    decided: bool = False


@dataclass(frozen=True, slots=True)
class SuccessRun:
    """The updates of a run in order, and the contradictions that were left at the end, in words."""

    updates: tuple[Judged, ...]
    left: tuple[str, ...]

    def share(self, holds: Callable[[Judged], bool]) -> float:
        """Return the share of the updates for which something holds, 0 to 1."""
        return sum(map(holds, self.updates)) / len(self.updates)

    @property
    def at_once(self) -> float:
        """The share that was right when the call returned."""
        return self.share(lambda one: one.at_once)

    @property
    def at_rest(self) -> float:
        """The share that was right when nothing waited any more."""
        return self.share(lambda one: one.at_rest)

    @property
    def undisturbed(self) -> tuple[Judged, ...]:
        """The updates between which nothing came."""
        return tuple(one for one in self.updates if not one.trouble)

    @property
    def waited(self) -> tuple[Judged, ...]:
        """The updates that were not right at once."""
        return tuple(one for one in self.updates if not one.at_once)

    @property
    def writes(self) -> Counter[int]:
        """How many undisturbed updates took so many write requests."""
        return Counter(one.writes for one in self.undisturbed)

    def by_trouble(self) -> dict[str, tuple[int, int, int]]:
        """Return, by what came between ("" for nothing): updates, right at once, right at rest."""
        found = {}
        for trouble in ("", *DISTURBANCES):
            some = [one for one in self.updates if one.trouble == trouble]
            found[trouble] = (len(some), sum(one.at_once for one in some), sum(one.at_rest for one in some))
        return found


def measure_success(engine_factory: EngineFactory, ground: Ground, *, edits: int = EDITS, seed: int = 0) -> SuccessRun:
    """Play `edits` updates of books, authors and series with an engine on a lake with nothing in it."""
    run = _Run(engine_factory, ground, seed)
    for number in range(1, edits + 1):
        run.play(number)
    return run.ended()


class _Run:
    """One run; `_waiting` are the updates whose other half may be missing, with the number at which it may heal."""

    def __init__(self, engine_factory: EngineFactory, ground: Ground, seed: int) -> None:
        self.ground = ground
        self.schema = schema()
        ground.mutate([{"create": one} for one in given_documents()])
        ground.act([{"actionType": "sanity.action.release.create", "releaseId": RELEASE}])
        self.backend = ObservedBackend(ground.backend())
        self.engine = engine_factory(self.schema, self.backend)
        self.drawer = UpdateDrawer(SystemClock(seed=seed).jitter)
        self.documents: dict[str, dict[str, Any]] = ground.documents()
        self.done: list[Judged] = []
        self._waiting: dict[int, tuple[int, frozenset[str]]] = {}
        self._spoilt: set[int] = set()
        self._decided: set[int] = set()
        self._ghosts = 0

    def play(self, number: int) -> None:
        """Play one update, and heal what may be healed by now."""
        self._heal([one for one, (due, _) in self._waiting.items() if due <= number])
        trouble = ""
        if number % DISTURBED_EVERY == 0:
            trouble = DISTURBANCES[number // DISTURBED_EVERY % len(DISTURBANCES)]
        busy = frozenset().union(*(groups for _, groups in self._waiting.values()))
        update = self._drawn(trouble, busy)
        before = set(map(_place_of, self._breaches(self.documents)))
        self._arrange(trouble, update, number)
        answer, error = self._submitted(update)
        self._disarrange()
        concerned = self._neighbours(update)
        self.documents = self.ground.documents()
        saved = update.stands(self.documents)
        at_once = saved and not error and {_place_of(one) for one in self._breaches(self.documents)} <= before
        seen = self.backend.traffic
        told = at_once or any(_names(item, update) for item in answer.pending)
        counts = (seen.reads, seen.writes, seen.documents_written)
        self.done.append(Judged(number, update, trouble, saved, at_once, told, *counts, error))
        if not at_once:
            self._waiting[number] = (number + HEALED_AFTER, concerned | self._neighbours(update))

    def ended(self) -> SuccessRun:
        """Heal everything and return the verdicts: wrong at rest is whatever a contradiction at the end names."""
        self._heal(list(self._waiting))
        breaches = self._breaches(self.documents)
        wrong = {name for breach in breaches for name in breach.documents}
        judged = (
            replace(
                one,
                decided=one.number in self._decided,
                at_rest=one.saved
                and not one.error
                and one.number not in self._spoilt
                and not {one.update.source, one.update.target} & wrong,
            )
            for one in self.done
        )
        return SuccessRun(tuple(judged), tuple(map(str, breaches)))

    def _drawn(self, trouble: str, busy: frozenset[str]) -> Update:
        if not trouble:
            return self.drawer.draw(self.documents, busy=busy)
        target = None
        if trouble == ABSENT:
            self._ghosts += 1
            target = f"author-to-come-{self._ghosts}"
        return self.drawer.author_of_a_book(self.documents, busy=busy, target=target)

    def _arrange(self, trouble: str, update: Update, number: int) -> None:
        self.backend.traffic = Traffic()
        if trouble == RIVAL:
            self.backend.before_commit = lambda: self._overtake(update, number)
        elif trouble == LOST:
            self.backend.arm(Fault(lose_response=1))
        elif trouble == BUSY:
            self.backend.arm(Fault(rate_limited=1))
        elif trouble == REFUSED:
            self.backend.denied.add(update.target)

    def _disarrange(self) -> None:
        self.backend.before_commit = None
        self.backend.arm(None)
        self.backend.denied.clear()

    def _overtake(self, update: Update, number: int) -> None:
        """Let a colleague save a word in the very document that is about to get the other half."""
        name = stored_id(update.target, update.layer)
        copy = {"_type": type_of(update.target), **self.documents.get(update.target, {}), "_id": name}
        body = {key: value for key, value in copy.items() if key not in ("_rev", "_createdAt", "_updatedAt")}
        patch = {"patch": {"id": name, "set": {"title": f"typed meanwhile, {number}"}}}
        self.ground.mutate([{"createIfNotExists": body}, patch])

    def _submitted(self, update: Update) -> tuple[Outcome, str]:
        try:
            answer = called(self.engine, "submit", update.mutations, perspective=update.layer)
        except Exception as error:
            return Outcome(), described(error)
        return completed(answer, reads=0, writes=0, documents=0), ""

    def _heal(self, numbers: Sequence[int]) -> None:
        """Let what stood in the way be gone and the engine heal; what then does not stand is right no more."""
        if not numbers:
            return
        for number in numbers:
            target = self.done[number - 1].update.target
            if target not in GROUPS[type_of(target)]:
                self.ground.mutate([{"createIfNotExists": {"_id": target, "_type": type_of(target), "title": target}}])
        if callable(getattr(self.engine, "heal", None)):
            called(self.engine, "heal")
        for number in numbers:
            del self._waiting[number]
            self._decide(number)
        self.documents = self.ground.documents()

    def _decide(self, number: int) -> None:
        """Let a person have the last word on a pair that still waits because a third document holds the place.

        An engine takes no place behind anybody's back; it must list the pair with that reason, and the person says it
        once more, from the other side. Whatever else waits, the engine itself has to write.
        """
        self.documents = self.ground.documents()
        update = self.done[number - 1].update
        if self._answered(update):
            return
        held = [item for item in asked(self.engine, "pending") or () if item.reason == HELD and _names(item, update)]
        if held and not update.removes:
            mutation = {"patch": {"id": update.target, "set": {INVERSES[update.field]: reference(update.source)}}}
            called(self.engine, "submit", [mutation], perspective=update.layer)
            self.documents = self.ground.documents()
            self._decided.add(number)
        if not self._answered(update):
            self._spoilt.add(number)

    def _answered(self, update: Update) -> bool:
        """Whether the pair of an update stands whole, or is gone whole."""
        back = update.source in pointed_at(self.documents, update.layer, update.target, INVERSES[update.field])
        return update.stands(self.documents) and back != update.removes

    def _neighbours(self, update: Update) -> frozenset[str]:
        """Return source, target, and whatever the two are linked with in any view."""
        found = {update.source, update.target}
        for view in (PUBLISHED, "drafts", RELEASE):
            shown = resolve_view(self.documents, view)
            for group in (update.source, update.target):
                for field in INVERSES:
                    if field in shown.get(group, {}):
                        found.update(pointed_at(self.documents, view, group, field))
        return frozenset(found)

    def _breaches(self, documents: Mapping[str, Mapping[str, Any]]) -> list[Breach]:
        return check_invariants(self.schema, documents, pending=())


def _names(item: Any, update: Update) -> bool:
    """Whether a waiting half is that of the update, and its text says so to a person."""
    text = str(getattr(item, "text", ""))
    ends = {str(item.source), str(item.target)}
    return ends == {update.source, update.target} and update.source in text and update.target in text


def _place_of(breach: Breach) -> tuple[str, str, str, frozenset[str]]:
    """Return what makes two contradictions the same, whatever their words."""
    return (breach.rule, breach.view, breach.relation, frozenset(breach.documents))
