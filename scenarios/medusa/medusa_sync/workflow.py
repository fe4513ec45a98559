"""Workflows: steps in order, each with a way back; when one fails, what the earlier ones did is taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from medusa_sync.errors import StepFailedError
from medusa_sync.retrying import RetryPolicy
from medusa_sync.timeline import Timeline

__all__ = ["COMPENSATED", "COMPENSATING", "DONE", "FAILED", "Run", "Step", "run_workflow"]

DONE: Final = "done"
FAILED: Final = "failed"
"""The step that failed had nothing before it; what it wrote itself is right and stays."""
COMPENSATED: Final = "compensated"
COMPENSATING: Final = "compensating"
"""Taking back failed, too; it has to be tried again."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `run` takes the run, works on its output and returns what `compensate` will need to take it back.

    A step that raises StepFailedError is tried again `attempts` times in all. What it raises at last ends the run.
    """

    name: str
    run: Callable[[Run], Any]
    compensate: Callable[[Run, Any], object] | None = None
    attempts: int = 1


@dataclass(slots=True)
class Run:
    """One run of a workflow.

    `undo` is what is still to be taken back, by step, where `status` is `compensating`; `error` what went wrong.
    """

    id: str
    workflow: str
    input: dict[str, Any]
    timeline: Timeline
    output: dict[str, Any] = field(default_factory=dict)
    status: str = DONE
    error: str | None = None
    undo: dict[str, Any] = field(default_factory=dict)


def run_workflow(run: Run, steps: Sequence[Step], *, policy: RetryPolicy) -> Run:
    """Take the steps in order; on a failure compensate those that are done, the last first. Never raises for one."""
    done: list[tuple[Step, Any]] = []
    for step in steps:
        try:
            done.append((step, _attempt(step, run, policy)))
        except StepFailedError as error:
            run.error = f"{step.name}: {error}"
            run.timeline.note("failed", run.error)
            _compensate(run, done)
            return run
    run.timeline.note("completed", f"workflow {run.workflow}")
    return run


def _attempt(step: Step, run: Run, policy: RetryPolicy) -> Any:
    waits = policy.waits()
    for attempt in range(1, step.attempts + 1):
        try:
            return step.run(run)
        except StepFailedError as error:
            wait = next(waits, None)
            if attempt == step.attempts or wait is None:
                raise
            run.timeline.note("retry", f"step {step.name} in {wait:g} s: {error}")
            run.timeline.pace.wait(wait)
    raise StepFailedError(f"step {step.name} has no attempts to make; give it at least one")


def _compensate(run: Run, done: Sequence[tuple[Step, Any]]) -> None:
    returnable = [(step, data) for step, data in reversed(done) if step.compensate is not None]
    run.status = COMPENSATED if returnable else FAILED
    for step, data in returnable:
        assert step.compensate is not None
        try:
            step.compensate(run, data)
        except StepFailedError as error:
            run.status = COMPENSATING
            run.undo[step.name] = data
            run.timeline.note("failed", f"to compensate {step.name}: {error}")
