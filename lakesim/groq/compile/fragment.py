"""A piece of generated Python: an expression, and what the generator knows about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from lakesim.groq.values import Value

__all__ = ["ABSENT", "FALSE", "NOTHING", "TRUE", "Fragment", "Kind", "Scope", "quoted"]

Kind: TypeAlias = Literal["boolean", "string", "number", "list", "object", "null", "any"]
"""What a fragment always gives; `any` for unknown. A `number` is below 2^53 if it is an integer."""


class _Absent:
    """Marks a fragment whose value is not known beforehand."""


ABSENT = _Absent()
_NO_VARIABLES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fragment:
    """A Python expression.

    Shape: `code` is its text; `kind` what it always gives; `simple` whether it is a mere name or literal that may be
    repeated; `uses` the loop and scope variables it reads; `depth` how deeply its text is nested; `heavy` whether it
    is worth remembering instead of evaluating again; `constant` its value if that is known now; `items` what the
    elements always are, if it is an array.
    """

    code: str
    kind: Kind = "any"
    simple: bool = False
    uses: frozenset[str] = _NO_VARIABLES
    depth: int = 0
    heavy: bool = False
    constant: Value = field(default=ABSENT)
    items: Kind = "any"

    @property
    def is_constant(self) -> bool:
        """Whether the value is known now."""
        return self.constant is not ABSENT

    def with_kind(self, kind: Kind) -> Fragment:
        """Return the same code with another kind."""
        return replace(self, kind=kind)


def quoted(text: str) -> str:
    """Return a string literal for use in a template, with its braces doubled."""
    return ascii(text).replace("{", "{{").replace("}", "}}")


NOTHING = Fragment("None", "null", simple=True, constant=None)
"""The null literal."""
TRUE = Fragment("True", "boolean", simple=True, constant=True)
"""The true literal."""
FALSE = Fragment("False", "boolean", simple=True, constant=False)
"""The false literal."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What `@` is at some place of the query, and the scope around it.

    Shape: `this` is the fragment of the value; `parent` the scope that `^` reads, None at the top.
    """

    this: Fragment
    parent: Scope | None = None
