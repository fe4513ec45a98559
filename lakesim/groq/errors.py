"""Every refusal of a query: what is wrong, where, and what was probably meant."""

from __future__ import annotations

from typing import Any

from lakesim.errors import LakeError
from lakesim.groq.source import line_and_column, show_place

__all__ = ["GroqError", "GroqNotSupportedError", "GroqSyntaxError"]


class GroqError(LakeError):
    """A query that was refused before any data was looked at (evaluation itself never fails).

    Shape: `description` is the service's one-line text; `query` the text; `start` and `end` code point offsets inside
    it (end exclusive, equal for a spot); `hint` what was probably meant, or an empty string. `body()` is the service's
    answer, whose `end` counts the end of input as one more token and may therefore be one past the text
    (content-lake reference, sections 4.7 and 7.6).
    """

    type = "queryParseError"

    def __init__(
        self, description: str, query: str = "", start: int = 0, end: int | None = None, hint: str = ""
    ) -> None:
        """Place `description` in `query`; without `end` it is a spot."""
        super().__init__(description)
        self.query = query
        self.wire_start = start
        self.wire_end = start if end is None else end
        self.start = min(max(start, 0), len(query))
        self.end = min(max(self.wire_end, self.start), len(query))
        self.hint = hint

    def __str__(self) -> str:
        """Show the description, the line, a caret and the hint."""
        said = f"{self.description}.{self.hint}" if self.hint else self.description
        if not self.query:
            return said
        line, column = line_and_column(self.query, self.start)
        place = show_place(self.query, self.start, self.end)
        return f"{said}\nat line {line}, column {column}:\n{place}"

    def error(self) -> dict[str, Any]:
        """Return the error object: `description`, `type`, `query`, `start`, `end`."""
        return {**super().error(), "query": self.query, "start": self.wire_start, "end": self.wire_end}


class GroqSyntaxError(GroqError):
    """Text that is not a valid query: outside the grammar, an unknown function, a missing parameter."""


class GroqNotSupportedError(GroqError):
    """A valid query that needs something this engine does not have; the text names the nearest supported form."""
