"""What must hold once nothing goes wrong any more: everything is in step, nothing waits without need, nobody writes."""

from __future__ import annotations

from collections.abc import Iterator

from bidir.conformance.invariants import Breach, check_invariants, resolve_view, split_id, targets
from bidir.conformance.simulation.findings import Finding
from bidir.conformance.simulation.ledger import Entry
from bidir.conformance.simulation.running import CALM_SECONDS, QUIET_SECONDS, Run
from bidir.outcome import Pending

__all__ = ["judge_liveness"]

MAY_WAIT = ("missing", "not-visible", "no-inverse-field", "deferred-live", "locked-release", "variant", "conflict")
"""Reasons for which a half may wait on a healthy lake; `conflict` only where a policy or a bound is in the way."""


def judge_liveness(run: Run, entries: list[Entry]) -> Iterator[Finding]:
    """Yield what is not in order at the end."""
    if "follow" in run.abilities:
        yield from _at_rest(run, entries)
    yield from _in_step(run, entries)
    yield from _waiting(run)


def _at_rest(run: Run, entries: list[Entry]) -> Iterator[Finding]:
    late = [entry for entry in entries if entry.number >= run.before_quiet]
    if late:
        text = (
            f"{len(late)} transactions in the {QUIET_SECONDS:.0f} s after {CALM_SECONDS:.0f} s without faults, "
            f"the first by {late[0].author} on {', '.join(late[0].changed)}"
        )
        yield Finding("loop", text)


def _in_step(run: Run, entries: list[Entry]) -> Iterator[Finding]:
    breaches = check_invariants(run.schema, run.documents, pending=_excusing(run))
    for breach in breaches:
        if set(breach.documents) & run.records.quarantined or _forgotten(run, breach, entries):
            continue
        yield Finding(breach.rule, f"{breach.text} ({breach.view})")


def _excusing(run: Run) -> list[Pending]:
    if "follow" in run.abilities:
        return [item for item in run.pending if item.reason in MAY_WAIT]
    return list(run.pending)


def _forgotten(run: Run, breach: Breach, entries: list[Entry]) -> bool:
    """Whether what breaks a rule is a pointer at an id that had no version already when the pointer was written.

    It waits, but a process that died was perhaps the only one to know of it; nothing tells of an id that never comes.
    """
    if breach.rule != "I5 dangling" or not run.deaths or len(breach.documents) != 2:
        return False
    group, target = breach.documents
    gone = written = -1
    for entry in entries:
        there = [any(split_id(name)[1] == target for name in documents) for documents in (entry.before, entry.after)]
        if there == [True, False]:
            gone = entry.number
        points = [_points(run, group, target, documents) for documents in (entry.before, entry.after)]
        if points == [False, True]:
            written = entry.number
    return written > gone >= 0


def _points(run: Run, group: str, target: str, documents: object) -> bool:
    assert isinstance(documents, dict)
    return any(
        target in targets(document, field)
        for name, document in documents.items()
        if split_id(name)[1] == group
        for field in run.schema.fields_of(str(document.get("_type")))
    )


def _waiting(run: Run) -> Iterator[Finding]:
    """Halves that wait for a reason that is gone."""
    if "follow" not in run.abilities and "heal" not in run.abilities:
        return
    told = set()
    for item in run.pending:
        # Whatever it waited for at first: where there is no target to be seen, it is that now.
        shown = item.target in resolve_view(run.documents, item.layer)
        if shown and item.reason not in MAY_WAIT and item.key not in told:
            told.add(item.key)
            text = f"{item.source} → {item.target} in {item.layer} still waits: {item.reason}"
            yield Finding("pending", text)
