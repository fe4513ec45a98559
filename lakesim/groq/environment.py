"""What a query may know besides its documents: the time, the caller, the dataset's name, a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lakesim.clock import Clock
from lakesim.groq.values import Value
from lakesim.jsonvalue import Json

__all__ = ["ANONYMOUS", "Environment"]

ANONYMOUS = "<anonymous>"
"""`identity()` of a caller without a name."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The surroundings of one evaluation.

    Shape: `now` an aware datetime, None for the machine's time; `identity` the caller; `project_id` and `dataset` names
    or None; `root` the value of `@` outside every filter and projection; `before` and `after` the documents of delta
    mode.
    """

    now: datetime | None = None
    identity: str = ANONYMOUS
    project_id: str | None = None
    dataset: str | None = None
    root: Value = None
    before: Json = None
    after: Json = None

    def instant(self) -> datetime:
        """Return `now`, or the machine's time if none was given."""
        return self.now if self.now is not None else Clock().now()
