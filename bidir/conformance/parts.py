"""What one part of the conformance suite answers: how much was checked, and every failure with its replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from bidir.conformance.pictures import Picture

__all__ = ["Failure", "PartResult", "Profile"]

Profile: TypeAlias = Literal["quick", "default", "deep"]
"""How thorough a run is: seconds, minutes, hours."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One case that does not hold: its name, the whole story as text, and the command that plays it again.

    `scenario` is the file that tells it, empty where there is none; `picture` the documents before and after, where
    they are known; `breaches` the (invariant, layer) pairs that do not hold, beside those that the text names.
    """

    name: str
    text: str
    replay: str = ""
    scenario: str = ""
    picture: Picture | None = None
    breaches: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PartResult:
    """The outcome of one part.

    `name` is short and unique (`scenarios museum`, `machine n:1`), `title` says in one line what was asked; `checked`
    counts cases in `unit` ("scenarios", "histories", "figures"), `facts` are numbers worth printing and publishing.
    `cases` are the names of all cases checked, where they have names (they become test cases in the JUnit file).
    """

    name: str
    title: str
    checked: int
    unit: str
    failures: tuple[Failure, ...] = ()
    seconds: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)
    cases: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every case held, and there was at least one."""
        return not self.failures and self.checked > 0
