"""What must hold of a state, however it was reached: I1, I2, I3, I5 in every single view, I6, and what may wait.

Source: bidirectional semantics, E5, with its exact exception for pairs of a normal and a live document.
"""

from __future__ import annotations

from collections.abc import Iterator

from bidir.conformance.fault import Fault
from bidir.conformance.invariants import Breach, check_invariants
from bidir.conformance.states.coding import ABSENT, MARKED, Coding
from bidir.outcome import Pending
from bidir.planning.mend import mend_all
from bidir.refs import DRAFTS, PUBLISHED
from bidir.siblings import Snapshot

__all__ = ["deferred_pairs", "missing_pairs", "standing_faults"]

Pair = tuple[str, str]
"""The normal document and the live one; or a document and the missing one that it points at."""


def standing_faults(coding: Coding, state: str) -> list[Fault]:
    """Return every breach in `state`."""
    scope = coding.scope
    documents = coding.documents(state)
    deferred = deferred_pairs(coding, state)
    excused = [_pending(coding, pair, DRAFTS, "deferred-live") for pair in sorted(deferred)]
    missing = [_pending(coding, pair, layer, "missing") for layer, pair in sorted(missing_pairs(coding, state))]
    breaches = check_invariants(scope.schema, documents, pending=[*excused, *missing])
    faults = [Fault(one.rule, one.view, one.text) for one in breaches if not _tolerated(coding, state, one)]
    faults += [
        Fault("E5 pending", DRAFTS, f"{e} – {t} agree, so they cannot wait") for e, t in _agreeing(coding, state)
    ]
    if not faults:
        faults += _unrest(coding, state, [one.key for one in (*excused, *missing)])
    return faults


def _tolerated(coding: Coding, state: str, breach: Breach) -> bool:
    """Whether a pointer leads to what the release unpublishes: its publish makes it weak before it counts (row 24)."""
    marked = any(coding.letter(state, group, breach.view) == MARKED for group in breach.documents)
    return breach.rule == "I5 dangling" and breach.view != PUBLISHED and marked


def _pending(coding: Coding, pair: Pair, layer: str, reason: str) -> Pending:
    return Pending(coding.scope.relation.name, *pair, layer, reason, "")  # type: ignore[arg-type]


def _agreeing(coding: Coding, state: str) -> Iterator[Pair]:
    """Yield the pairs that should wait for a publish and are symmetric all the same (E5: exactly those differ)."""
    for normal, live in sorted(deferred_pairs(coding, state)):
        here = live in coding.targets(state, normal, DRAFTS)
        if here == (normal in coding.targets(state, live, DRAFTS)):
            yield normal, live


def _unrest(coding: Coding, state: str, waiting: list[tuple[str, str, str, str]]) -> list[Fault]:
    """A state without a breach plans nothing (I6, R12)."""
    known = frozenset(coding.scope.groups)
    made, _ = mend_all(coding.scope.schema, Snapshot(coding.documents(state), known, known), waiting=frozenset(waiting))
    if not made.mutations:
        return []
    return [
        Fault("I6 fixpoint", PUBLISHED, f"nothing is wrong, and still {', '.join(made.documents)} would be written")
    ]


def deferred_pairs(coding: Coding, state: str) -> frozenset[Pair]:
    """Return the pairs that wait for a publish because one end is edited live (E5, mixed liveEdit pairs)."""
    scope = coding.scope
    found = set()
    for group in scope.groups:
        draft = None if scope.is_live(group) else coding.cell(state, group, DRAFTS)
        if draft is None:
            continue
        published = coding.cell(state, group, PUBLISHED)
        for other in scope.targets_for(group):
            claim = coding.cell(state, other, PUBLISHED)
            if not scope.is_live(other) or claim is None:
                continue
            before = other in published.targets if published is not None else group in claim.targets
            if (other in draft.targets) != before:
                found.add((group, other))
    return frozenset(found)


def missing_pairs(coding: Coding, state: str) -> frozenset[tuple[str, Pair]]:
    """Return (layer, pair) of every pointer at a group without any version: kept, and reported as missing (I9)."""
    if not coding.scope.ghosts:
        return frozenset()
    gone = {group for group in coding.scope.groups if not coding.exists(state, group)}
    return frozenset(
        (layer, (group, target))
        for (group, layer), letter in zip(coding.places, state, strict=True)
        if letter != ABSENT and (cell := coding.cells[group].get(letter)) is not None
        for target in cell.targets
        if target in gone
    )
