"""Tells a demonstration as it happens: chapters, steps, documents before and after, and claims that are checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bidir.demos.difference import changes, field_lines
from lakesim.jsonvalue import dumps

__all__ = ["Narrator"]

Json = Any


class Narrator:
    """Writes text as it goes, or with `as_json` one JSON object for each chapter when it ends.

    A claim that does not hold is told like any other and counted in `broken`; the demonstration goes on.
    """

    def __init__(self, write: Callable[[str], object], *, as_json: bool = False) -> None:
        """Write lines with `write`."""
        self._write = write
        self._as_json = as_json
        self._chapter: dict[str, Json] | None = None
        self.broken = 0
        self.claims = 0

    def chapter(self, key: str, title: str, about: str) -> None:
        """Begin a chapter; the one before it has ended."""
        self.end()
        self._chapter = {"chapter": key, "title": title, "about": about, "told": [], "holds": True}
        self._say(f"\n== {key}  {title} ==\n{about}")

    def end(self) -> None:
        """End the last chapter."""
        if self._chapter is not None and self._as_json:
            self._write(dumps(self._chapter))
        self._chapter = None

    def step(self, text: str) -> None:
        """Say what somebody does now."""
        self._tell({"step": text})
        self._say(f"\n> {text}")

    def lines(self, title: str, lines: Sequence[str]) -> None:
        """Show a block of text under a title, such as a timeline."""
        self._tell({title: list(lines)})
        self._say(f"  {title}")
        for line in lines:
            self._say(f"    {line}")

    def data(self, title: str, value: Json) -> None:
        """Show an answer, one line a field."""
        self._tell({title: value})
        self._say(f"  {title}")
        for line in field_lines(value) if isinstance(value, Mapping) else [dumps(value)]:
            self._say(f"    {line}")

    def side(self, name: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> None:
        """Show the documents of one side, by id, before and after what was done."""
        self._tell({"side": name, "before": dict(before), "after": dict(after)})
        self._say(f"  {name}")
        for line in changes(before, after) if before or after else ["nothing, before and after"]:
            self._say(f"    {line}")

    def claim(self, text: str, holds: bool) -> None:
        """State something that must be so now."""
        self.claims += 1
        if not holds:
            self.broken += 1
            if self._chapter is not None:
                self._chapter["holds"] = False
        self._tell({"claim": text, "holds": holds})
        self._say(f"  {'ok ' if holds else 'NOT'} {text}")

    def _tell(self, what: Mapping[str, Json]) -> None:
        if self._chapter is not None:
            self._chapter["told"].append(dict(what))

    def _say(self, line: str) -> None:
        if not self._as_json:
            self._write(line)
