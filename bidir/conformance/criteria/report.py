"""The requirement's four success criteria beside what was measured, each with whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

from bidir.conformance.criteria.plain import Comparison, compare_plain
from bidir.conformance.criteria.speed import Added, measure_added
from bidir.conformance.criteria.success import EDITS, Ground, SuccessRun, measure_success
from bidir.conformance.latency import BUDGET_MS
from bidir.conformance.playing import EngineFactory

__all__ = ["AT_ONCE_MIN", "CriteriaReport", "Criterion", "measure_criteria", "percent"]

AT_ONCE_MIN: Final = 0.95
"""The share of updates that must be right (requirement, success criteria); at rest it is all of them."""

ROUNDING: Final = 1e-9
"""What binary fractions may lack of the tenth they stand for."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion: what was `asked`, what was `measured`, and the `faults` (none: it holds)."""

    asked: str
    measured: str
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is missing."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class CriteriaReport:
    """Everything that was measured."""

    run: SuccessRun
    added: tuple[Added, ...]
    plain: Comparison

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """The four criteria, in the requirement's order."""
        return (_success(self.run), _latency(self.added), _no_regression(self.plain), _messages(self.run))


def measure_criteria(
    engine_factory: EngineFactory, ground: Ground, *, edits: int = EDITS, seed: int = 0
) -> CriteriaReport:
    """Measure an engine: updates on `ground`, which holds nothing yet; time and plain references on lakes in memory."""
    run = measure_success(engine_factory, ground, edits=edits, seed=seed)
    return CriteriaReport(run, tuple(measure_added(engine_factory)), compare_plain(engine_factory))


def percent(share: float) -> str:
    """Return `97.0 %`, rounded down: what is not all never reads as all."""
    return f"{floor(share * 1000 + ROUNDING) / 10:.1f} %"


def _success(run: SuccessRun) -> Criterion:
    faults = []
    if run.at_once < AT_ONCE_MIN:
        faults.append(f"only {percent(run.at_once)} of the updates are right at once")
    late = [one for one in run.undisturbed if not one.at_once]
    faults += [
        _described(one.number, one.update.layer, one.error or "wrong although nothing came between") for one in late
    ]
    faults += [
        _described(one.number, one.update.layer, one.error or f"still wrong at rest ({one.trouble or 'undisturbed'})")
        for one in run.updates
        if not one.at_rest
    ]
    faults += [f"at rest: {text}" for text in run.left]
    extra = sum(count for writes, count in run.writes.items() if writes != 1)
    if extra:
        faults.append(f"{extra} undisturbed updates took more or less than one write request")
    decided = sum(one.decided for one in run.updates)
    measured = (
        f"{len(run.updates)} updates, {len(run.updates) - len(run.undisturbed)} of them disturbed: "
        f"{percent(run.at_once)} right at once, {percent(run.at_rest)} at rest ({decided} by a person's word); "
        "one write request each that was not disturbed"
    )
    return Criterion("bidirectional updates work correctly 95 % of the time or more", measured, tuple(faults))


def _latency(added: Sequence[Added]) -> Criterion:
    faults = []
    for row in added:
        if not row.done:
            faults.append(f"round trip {row.rtt_ms} ms: not every update was carried out")
        if max(row.alone, row.in_a_form or 0) > BUDGET_MS:
            faults.append(f"round trip {row.rtt_ms} ms: adds {max(row.alone, row.in_a_form or 0)} ms")
    near, far = added[0], added[-1]
    form = "" if near.in_a_form is None else f"{max(row.in_a_form or 0 for row in added):g} ms in an open form, "
    measured = (
        f"{form}{near.alone:g} to {far.alone:g} ms without one, at round trips of {near.rtt_ms} to {far.rtt_ms} ms "
        f"({near.overtaken:g} to {far.overtaken:g} ms where somebody else is faster)"
    )
    return Criterion(f"less than {BUDGET_MS} ms added to a reference change", measured, tuple(faults))


def _no_regression(plain: Comparison) -> Criterion:
    ways = [f"{plain.without.writes} writes and {plain.without.documents} documents as without an engine"]
    ways.append(f"{plain.engine.reads} reads by the engine alone")
    if plain.form is not None:
        ways.append(f"{plain.form.reads} in an open form")
    measured = f"{plain.edits} edits of plain references: the same documents, {', '.join(ways)}"
    return Criterion("no regression in existing reference functionality", measured, tuple(plain.faults))


def _messages(run: SuccessRun) -> Criterion:
    late = run.waited
    faults = [
        _described(one.number, one.update.layer, "the half that waits is not told with both documents by name")
        for one in late
        if not one.told
    ]
    faults += [
        _described(one.number, one.update.layer, one.error or "the user's own field was not saved")
        for one in run.updates
        if not one.saved
    ]
    saved, told = sum(one.saved for one in run.updates), sum(one.told for one in late)
    measured = (
        f"{saved} of {len(run.updates)} edits saved; {len(late)} had to wait, {told} of them told with both names"
    )
    return Criterion("clear error messages and graceful degradation", measured, tuple(faults))


def _described(number: int, layer: str, what: str) -> str:
    return f"update {number} in {layer}: {what}"
