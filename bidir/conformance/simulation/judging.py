"""The verdict on one run: safety, history and liveness together."""

from __future__ import annotations

from bidir.conformance.playing import EngineFactory
from bidir.conformance.simulation.anomalies import judge_history
from bidir.conformance.simulation.course import Course
from bidir.conformance.simulation.findings import Finding
from bidir.conformance.simulation.ledger import read_ledger
from bidir.conformance.simulation.liveness import judge_liveness
from bidir.conformance.simulation.running import Run, play
from bidir.conformance.simulation.safety import judge_safety

__all__ = ["Verdict", "judge", "judged"]


class Verdict:
    """A run with everything found in it."""

    def __init__(self, run: Run, findings: list[Finding]) -> None:
        """Keep both."""
        self.run = run
        self.findings = findings

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def rules(self) -> frozenset[str]:
        """The rules that are broken."""
        return frozenset(finding.rule for finding in self.findings)


def judged(run: Run) -> Verdict:
    """Judge a run that has been played."""
    entries = list(read_ledger(run))
    found = [*judge_safety(run, entries), *judge_history(run, entries), *judge_liveness(run, entries)]
    return Verdict(run, list(dict.fromkeys(found)))


def judge(course: Course, factory: EngineFactory) -> Verdict:
    """Play a course with engines from `factory`, and judge it; what the engine raises is a finding."""
    return judged(play(course, factory))
