"""Steps remembered: what an operation comes to depends on the groups that were read, so it is planned once for each.

Every plan is made from what production would have read: the groups named, those who point at them, and what the planner
then asked for. A second state that says the same of all those groups gets the same plan, without asking the planner.
"""

from __future__ import annotations

from dataclasses import dataclass

from bidir.conformance.fault import Fault
from bidir.conformance.states.changing import changing_faults
from bidir.conformance.states.coding import ABSENT, MARKED, Coding, UnknownCellError
from bidir.conformance.states.operations import Operation
from bidir.conformance.states.small_lake import LakeRefusedError
from bidir.conformance.states.stepping import Step, Stepper
from bidir.errors import BidirError

__all__ = ["REMEMBERED_MAX", "Walked", "Walker"]

REMEMBERED_MAX = 300_000
"""Steps kept, about a kilobyte each; beyond that all are forgotten, which costs time and nothing else."""

Reading = tuple[frozenset[str], frozenset[str]]
"""Groups that are read, and groups whose referrers are."""


@dataclass(frozen=True, slots=True)
class Walked:
    """Where an operation leads: the state after it (None where there is none) and what is wrong with the step."""

    state: str | None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """A step without a fault: the letters of the groups it wrote, and the groups that lost a version."""

    parts: tuple[tuple[str, str], ...]
    lost: frozenset[str]


class Walker:
    """Takes judged steps in one scope."""

    def __init__(self, coding: Coding, *, remember: bool = True) -> None:
        """Work in the scope of `coding`; without `remember` every step is planned anew.

        Nothing is remembered where documents are edited live: whether a pair waits depends on both its ends, also on
        one that a step had no need to read.
        """
        self.coding = coding
        self.planned = 0
        self._stepper = Stepper(coding)
        self._remember = remember and not any(coding.scope.is_live(group) for group in coding.scope.groups)
        self._steps: dict[tuple[object, ...], _Known | Reading] = {}
        self._readings: dict[Operation, Reading] = {}

    def walk(self, state: str, operation: Operation) -> Walked:
        """Do `operation` in `state` and judge it."""
        known = self._recall(state, operation) if self._remember else None
        if known is not None and not self._missed(state, operation, known):
            for group, part in known.parts:
                state = self.coding.with_part(state, group, part)
            return Walked(state)
        self.planned += 1
        try:
            step = self._stepper.step(state, operation)
        except (LakeRefusedError, BidirError) as error:
            return Walked(None, (Fault("E7.4 refused", operation.layer, f"{type(error).__name__}: {error}"),))
        except UnknownCellError as error:
            return Walked(None, (Fault("I3 no duplicates", operation.layer, str(error)),))
        except Exception as error:  # the planner is total: whatever else it raises is a fault of its own
            return Walked(None, (Fault("totality", operation.layer, f"{type(error).__name__}: {error}"),))
        faults = changing_faults(self.coding, state, step, operation)
        if faults:
            return Walked(step.state, tuple(faults))
        if self._remember and step.rounds:
            self._keep(state, operation, step)
        return Walked(step.state)

    def _recall(self, state: str, operation: Operation) -> _Known | None:
        reading = self._readings.get(operation)
        if reading is None:
            reading = self._readings[operation] = self._stepper.reading(operation)
        while True:
            found = self._steps.get(self._key(state, operation, reading))
            if found is None or isinstance(found, _Known):
                return found
            reading = found

    def _key(self, state: str, operation: Operation, reading: Reading) -> tuple[object, ...]:
        """Return all that the plan is made from: the letters of what is read, and who of its targets exists."""
        coding = self.coding
        groups, claims = reading
        parts: list[object] = [operation, claims]
        outside: set[str] = set()
        read = set()
        for group in coding.scope.groups:
            part = coding.part(state, group)
            pointed = coding.pointed_at(group, part)
            if group in groups or not claims.isdisjoint(pointed):
                read.add(group)
                parts += [group, part]
                outside |= pointed
        for group in sorted(outside - read):
            # How strong a pointer at rest is depends on which versions of its target exist.
            part = coding.part(state, group)
            parts += [group, tuple(letter if letter in (ABSENT, MARKED) else "" for letter in part)]
        return tuple(parts)

    def _keep(self, state: str, operation: Operation, step: Step) -> None:
        if len(self._steps) >= REMEMBERED_MAX:
            self._steps.clear()
        asked = [*step.rounds[1:], None]
        coding = self.coding
        parts = [(group, coding.part(step.state, group)) for group in coding.scope.groups]
        changed = tuple((group, part) for group, part in parts if part != coding.part(state, group))
        lost = frozenset(group for group, part in changed if self._has_lost(coding.part(state, group), part))
        for reading, following in zip(step.rounds, asked, strict=True):
            value: _Known | Reading = _Known(changed, lost) if following is None else following
            self._steps[self._key(state, operation, reading)] = value

    @staticmethod
    def _has_lost(before: str, after: str) -> bool:
        return any(old != ABSENT and new == ABSENT for old, new in zip(before, after, strict=True))

    def _missed(self, state: str, operation: Operation, known: _Known) -> bool:
        """Whether a group that was not read points at one that lost a version: then the step is judged for itself."""
        if not known.lost:
            return False
        coding = self.coding
        written = {group for group, _ in known.parts}
        return any(
            group not in written and not known.lost.isdisjoint(coding.pointed_at(group, coding.part(state, group)))
            for group in coding.scope.groups
        )
