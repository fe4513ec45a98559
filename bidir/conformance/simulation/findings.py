"""One thing the judge has against an engine: the rule, and in words what happened."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule: `rule` as the semantics name it ("I1 symmetry", "lost update"), `text` what and where."""

    rule: str
    text: str

    def __str__(self) -> str:
        """Return the line for a report."""
        return f"{self.rule}: {self.text}"
