"""One thing that does not hold: which rule, in which view, in words."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A breach of `rule` ("I1 symmetry"), seen in `view` (a layer's name)."""

    rule: str
    view: str
    text: str

    def __str__(self) -> str:
        """Return the line for a report."""
        return f"{self.rule} in {self.view}: {self.text}"
