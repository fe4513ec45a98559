"""A watched lake as the scenarios' judge needs it: every look waits until nobody writes any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bidir.backends.naming import mutated_ids
from bidir.conformance.external.watched import Change, Watched
from bidir.conformance.playing import NotQuietError
from bidir.ports import Backend
from bidir.refs import group_of, layer_of
from lakesim.ids import is_system_id

__all__ = ["FOLLOW_UPS_MAX", "Patience", "QuietLake"]

FOLLOW_UPS_MAX = 8
"""Transactions of somebody else after one edit before that counts as a loop: twice the documents that the dearest
change of a link touches (bidirectional semantics, E3), each written on its own."""

POLLS = 10
"""Looks within the time that must pass without a write."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long nobody must have written (`quiescence`) and how long that is waited for (`bound`), in seconds."""

    quiescence: float = 1.0
    bound: float = 30.0


@dataclass(slots=True)
class Observed:
    """What was seen: seconds from an edit to the last write it led to, follow-ups of each edit, faults in words."""

    convergence: list[float] = field(default_factory=list)
    follow_ups: list[int] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)


class QuietLake:
    """A `JudgedLake` on which somebody else is at work; `observed` adds up what the judge sees of that."""

    def __init__(self, watched: Watched, patience: Patience, observed: Observed) -> None:
        """Judge on `watched`, which must be empty."""
        self._watched = watched
        self._patience = patience
        self.observed = observed
        self.groups: set[str] = set()
        """Every group that the judge has written or pointed out so far."""
        self._transactions = 0
        self._prepared = False
        self._written = True
        self._edit: _Edit | None = None

    def backend(self, *, query_lag: float = 0) -> Backend:
        """Return the connection that the judge's own edits go through."""
        return self._watched.backend()

    def seconds(self) -> float:
        """Return the time."""
        return self._watched.seconds()

    def documents(self) -> dict[str, dict[str, Any]]:
        """Wait until it is quiet and return every stored document.

        Raises: NotQuietError past the bound.
        """
        self.settle()
        return self._watched.documents()

    def mutate(self, mutations: Sequence[Mapping[str, Any]]) -> None:
        """Write as somebody else does, and wait until it is quiet."""
        self.edit(None, {group_of(one) for one in mutated_ids(mutations)})
        committed = self._watched.backend().commit(mutations, transaction_id=None)
        self.done(committed.transaction_id)
        self.settle()
        if not self._prepared and self.observed.follow_ups.pop():
            told = "data that is in step was written to"
            self.observed.faults.append(("I6 fixpoint", "nothing to do where all is in step", told))

    def act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Perform lake actions as somebody else does."""
        self.edit(None, ())
        self._watched.backend().act(actions)
        self.settle()

    def advance(self, seconds: float) -> None:
        """Nothing: time passes while it is waited for quiet."""

    def transactions(self) -> int:
        """Return how many transactions were seen."""
        return self._transactions

    def events(self) -> list[tuple[str, str]]:
        """Return nothing: scenarios that ask for events are not played here. What is prepared ends with this."""
        self._prepared = True
        return []

    # ------------------------------------------------------------------------------------------------ one edit

    def edit(self, layer: str | None, groups: Collection[str]) -> None:
        """Note that the judge is about to write `groups` in `layer`; None: in any, so that nothing can leak."""
        self._written = True
        self.groups |= set(groups)
        self._edit = _Edit(layer, frozenset(groups), self.seconds())

    def done(self, transaction_id: str | None) -> None:
        """Note which transaction was the judge's own."""
        if self._edit is not None and transaction_id is not None:
            self._edit.own = transaction_id

    def settle(self) -> None:
        """Wait until nobody has written for the quiescence; there is nothing to wait for unless the judge has written.

        Raises: NotQuietError past the bound.
        """
        if not self._written:
            return
        started = last = self.seconds()
        seen: list[Change] = []
        while self.seconds() - last < self._patience.quiescence:
            self._watched.wait(self._patience.quiescence / POLLS)
            fresh = [change for change in self._watched.changes() if not is_system_id(change[1])]
            if fresh:
                seen += fresh
                last = self.seconds()
            if self.seconds() - started > self._patience.bound:
                written = len({one for one, _ in seen})
                raise NotQuietError(f"still writing after {self._patience.bound:g} seconds: {written} transactions")
        self._written = False
        self._transactions += len({one for one, _ in seen})
        self._judge(seen, last)

    def _judge(self, seen: Sequence[Change], last: float) -> None:
        """Judge what one edit led to: how long it took, how many transactions, and whether anything leaked."""
        edit, self._edit = self._edit, None
        if edit is None or not edit.own:
            return
        others = [change for change in seen if change[0] != edit.own]
        follow_ups = len({one for one, _ in others})
        self.observed.follow_ups.append(follow_ups)
        self.observed.convergence.append(max(0.0, last - edit.started) if others else 0.0)
        if follow_ups > FOLLOW_UPS_MAX:
            told = f"{follow_ups} transactions followed one edit"
            self.observed.faults.append(("F6 loops", f"at most {FOLLOW_UPS_MAX}", told))
        leaked = sorted({one for _, one in others if edit.must_not_touch(one)})
        if leaked:
            told = f"{', '.join(leaked)} written after an edit in {edit.layer}"
            self.observed.faults.append(("I4 isolation", "published is left alone", told))


@dataclass(slots=True)
class _Edit:
    """The judge's own edit: in which layer, of which groups, when, and by which transaction."""

    layer: str | None
    groups: frozenset[str]
    started: float
    own: str = ""

    def must_not_touch(self, document_id: str) -> bool:
        """Whether a write of this document after an edit in an upper layer shows it to the public."""
        upper = self.layer not in (None, "published")
        return upper and layer_of(document_id) == "published" and group_of(document_id) not in self.groups
