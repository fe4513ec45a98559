"""How often a step tries again while the lake is away, and how long it waits in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from medusa_sync.errors import StepFailedError
from medusa_sync.timeline import Timeline

__all__ = ["Patience", "RetryPolicy"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential waiting: `attempts` in all, `first_wait` seconds doubled each time, never more than `longest_wait`.

    Advice of the lake (`Retry-After`) is followed where it is longer, up to `longest_wait`. There is no random part:
    one process sends one batch at a time per lane, and the lanes are few.
    """

    attempts: int = 5
    first_wait: float = 0.2
    longest_wait: float = 30.0
    conflicts: int = 20
    """How often a document may be found changed by others before the step gives up; nobody waits for that."""

    def waits(self) -> Iterator[float]:
        """Yield the seconds before the second attempt, the third, and so on."""
        wait = self.first_wait
        for _ in range(self.attempts - 1):
            yield min(wait, self.longest_wait)
            wait *= 2

    def advised(self, wait: float, advice: float) -> float:
        """Return the seconds to wait, given the lake's advice."""
        return min(max(wait, advice), self.longest_wait)


class Patience:
    """How much of a policy one piece of work has used up; it tells the timeline of every retry."""

    def __init__(self, policy: RetryPolicy, timeline: Timeline) -> None:
        """Start with all attempts left."""
        self._policy, self._timeline = policy, timeline
        self._waits = policy.waits()
        self._conflicts = 0

    def wait(self, error: Exception) -> None:
        """Wait before the next attempt, after the lake was away.

        Raises: StepFailedError if there is none left, or the lake lets nobody in.
        """
        if getattr(error, "is_closed", False):
            raise StepFailedError(f"the lake lets nobody in: {error}") from error
        wait = next(self._waits, None)
        if wait is None:
            raise StepFailedError(f"the lake stays away after {self._policy.attempts} attempts: {error}") from error
        wait = self._policy.advised(wait, getattr(error, "retry_after", 0.0))
        self._timeline.note("retry", f"in {wait:g} s, the lake is away: {error}")
        self._timeline.pace.wait(wait)

    def again(self, error: Exception) -> None:
        """Go on at once, after somebody else was faster.

        Raises: StepFailedError if that has happened too often.
        """
        self._conflicts += 1
        if self._conflicts > self._policy.conflicts:
            raise StepFailedError(f"changed by others again and again: {error}") from error
        self._timeline.note("retry", f"at once, somebody was faster: {error}")
