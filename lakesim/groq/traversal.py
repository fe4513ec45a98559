"""How the steps of a traversal combine, decided from the syntax alone (groq reference, section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from lakesim.groq.ast import (
    ArrayLiteral,
    Attribute,
    AttributeStep,
    Dereference,
    Element,
    Elements,
    Everything,
    Expression,
    Filter,
    Group,
    PipeCall,
    Projection,
    Slice,
    Step,
    Traversal,
)

__all__ = ["Combination", "Shape", "combine", "derive_key", "has_implicit_elements", "shape_of", "step_kind"]

StepKind: TypeAlias = Literal["plain", "array", "element", "projection"]

Shape: TypeAlias = Literal["none", "many-many", "many-one", "one-many", "one-one"]
"""What a chain of steps takes and gives; `none` for the empty chain."""

Combination: TypeAlias = Literal["direct", "map", "flat_map", "map_step"]
"""How a step meets the chain after it: hand the result over; run the rest on each element (and splice); or run the
step itself on each element and hand the list over."""

_ARRAY: dict[Shape, tuple[Combination, Shape]] = {
    "none": ("direct", "many-many"),
    "many-many": ("direct", "many-many"),
    "many-one": ("direct", "many-one"),
    "one-many": ("flat_map", "many-many"),
    "one-one": ("map", "many-many"),
}
_ELEMENT: dict[Shape, tuple[Combination, Shape]] = {
    "none": ("direct", "many-one"),
    "many-many": ("direct", "many-many"),
    "many-one": ("direct", "many-one"),
    "one-many": ("direct", "many-many"),
    "one-one": ("direct", "many-one"),
}
_PLAIN: dict[Shape, tuple[Combination, Shape]] = {
    "none": ("direct", "one-one"),
    "many-many": ("direct", "one-many"),
    "many-one": ("direct", "one-one"),
    "one-many": ("direct", "one-many"),
    "one-one": ("direct", "one-one"),
}
_PROJECTION: dict[Shape, tuple[Combination, Shape]] = {
    "none": ("direct", "one-one"),
    "many-many": ("map_step", "many-many"),
    "many-one": ("map_step", "many-one"),
    "one-many": ("direct", "one-many"),
    "one-one": ("direct", "one-one"),
}
_TABLE: dict[StepKind, dict[Shape, tuple[Combination, Shape]]] = {
    "plain": _PLAIN,
    "array": _ARRAY,
    "element": _ELEMENT,
    "projection": _PROJECTION,
}
_KINDS: dict[type[Step], StepKind] = {
    AttributeStep: "plain",
    Dereference: "plain",
    Elements: "array",
    Filter: "array",
    Slice: "array",
    Element: "element",
    Projection: "projection",
}


def step_kind(step: Step) -> StepKind:
    """Return which of the four kinds a step is; a Bracket must have been decided before."""
    return _KINDS[type(step)]


def combine(step: Step, tail: Shape) -> tuple[Combination, Shape]:
    """Return how `step` meets a chain of shape `tail`, and the shape of both together."""
    return _TABLE[_KINDS[type(step)]][tail]


def shape_of(steps: Sequence[Step]) -> Shape:
    """Return the shape of a chain of steps."""
    shape: Shape = "none"
    for step in reversed(steps):
        shape = combine(step, shape)[1]
    return shape


def combinations_of(steps: Sequence[Step]) -> list[Combination]:
    """Return how each step of a chain meets what comes after it."""
    shape: Shape = "none"
    found: list[Combination] = []
    for step in reversed(steps):
        combination, shape = combine(step, shape)
        found.append(combination)
    found.reverse()
    return found


def has_implicit_elements(base: Expression) -> bool:
    """Whether a chain on this base starts with an unwritten `[]`: on `*`, an array literal or a piped call."""
    return isinstance(base, (Everything, ArrayLiteral, PipeCall))


def derive_key(value: Expression) -> str | None:
    """Return the key that a member without one gets, or None if it needs one (groq reference, section 7).

    A Bracket that is still undecided counts as a filter; it is judged again when the parameters are known.
    """
    while True:
        if isinstance(value, Attribute):
            return value.name
        if isinstance(value, Group):
            value = value.inner
        elif isinstance(value, PipeCall) or (isinstance(value, Traversal) and _is_transparent(value)):
            value = value.base
        else:
            return None


def _is_transparent(traversal: Traversal) -> bool:
    """Whether no attribute is read from the value itself; one read from its elements does not count."""
    steps: Sequence[Step] = traversal.steps
    if has_implicit_elements(traversal.base):
        steps = (Elements(), *steps)
    if not any(isinstance(step, AttributeStep) for step in steps):
        return True
    decided = [step if type(step) in _KINDS else Elements() for step in steps]
    for index, step in enumerate(decided):
        if isinstance(step, AttributeStep):
            return False
        if step_kind(step) == "array" and combine(step, shape_of(decided[index + 1 :]))[0] != "direct":
            return True
    return True
