"""The one error of the path language: what is wrong, where in the path, and what would be right."""

from __future__ import annotations

from lakesim.errors import InvalidValueError

__all__ = ["PathError"]

CONTEXT_CHARACTERS = 60
"""How much of a long path is shown on either side of the caret."""


class PathError(InvalidValueError):
    """A path that does not parse, or that is larger than the bounds allow.

    Shape: `path` is the text, `position` counts its characters from 0 and may equal its length (the end),
    `problem` and `remedy` are the two halves of the description; `str()` adds the path with a caret below it.
    """

    def __init__(self, path: str, position: int, problem: str, remedy: str, *, where: str = "") -> None:
        """Keep the parts; `where` names the field that held the path, such as `patch.unset[0]`."""
        prefix = f"{where}: " if where else ""
        shown, _ = _window(path, position)
        super().__init__(f'{prefix}Malformed path "{shown}": {problem} at position {position}; {remedy}')
        self.path = path
        self.position = position
        self.problem = problem
        self.remedy = remedy
        self.where = where

    def at(self, where: str) -> PathError:
        """Return the same error with the field named that held the path."""
        return PathError(self.path, self.position, self.problem, self.remedy, where=where)

    def __str__(self) -> str:
        """Return the description, the path, and a caret under the character that was refused."""
        shown, column = _window(self.path, self.position)
        return f"{self.description}\n  {shown}\n  {' ' * column}^"


def _window(path: str, position: int) -> tuple[str, int]:
    """Return the part of `path` worth showing and the column of `position` in it."""
    start = max(0, position - CONTEXT_CHARACTERS)
    stop = min(len(path), position + CONTEXT_CHARACTERS)
    head = "…" if start else ""
    tail = "…" if stop < len(path) else ""
    # A path is one line here, whatever control characters it holds, or the caret would point elsewhere.
    part = "".join(character if character.isprintable() else "·" for character in path[start:stop])
    return f"{head}{part}{tail}", position - start + len(head)
