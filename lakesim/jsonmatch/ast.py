"""The parts of a parsed path: steps from a value to the places inside it.

Source: content-lake reference, section 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "Attribute",
    "Comparison",
    "Descend",
    "Existence",
    "Index",
    "Operator",
    "Path",
    "Slice",
    "Step",
    "Steps",
    "Union",
    "Wildcard",
]

Operator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name` or `['name']`: one attribute of an object."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`[3]`: one array item; negative positions count from the end."""

    position: int


@dataclass(frozen=True, slots=True)
class Slice:
    """`[1:3]`: array items from `start` up to, not including, `stop`; None is an open end."""

    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`[*]` or `.*`: every item of an array, every attribute of an object."""


@dataclass(frozen=True, slots=True)
class Descend:
    """`..`: the value itself and everything inside it; always followed by another step."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`[left == literal]`: array items (or the object itself) for which the comparison holds.

    Shape: `left` is a path relative to the item, empty for `@`; `literal` a string, number, boolean or None.
    """

    left: Steps
    operator: Operator
    literal: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Existence:
    """`[left?]`: array items (or the object itself) in which `left` finds something, null included."""

    left: Steps


@dataclass(frozen=True, slots=True)
class Union:
    """`[a, b[0], 2:4]`: whatever any member finds, each place once."""

    members: tuple[Steps, ...]


Step: TypeAlias = Attribute | Index | Slice | Wildcard | Descend | Comparison | Existence | Union
Steps: TypeAlias = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path.

    Shape: `steps` lead from the document inward, empty for `@` (the document itself); `text` is what was parsed and
    takes no part in equality.
    """

    steps: Steps
    text: str = field(compare=False, default="")

    def __str__(self) -> str:
        """Return the text that was parsed."""
        return self.text
