"""The steps of a traversal on values that know where they come from (groq reference, sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from lakesim.groq.ast import (
    AttributeStep,
    Conditional,
    Element,
    Elements,
    Entry,
    Everything,
    Expression,
    Filter,
    Member,
    Projection,
    Shorthand,
    Slice,
    Spread,
    Step,
    Traversal,
)
from lakesim.groq.compile.helpers import bounds, whole_number
from lakesim.groq.dataset import Document
from lakesim.groq.source_map.parts import Parts, Scope
from lakesim.groq.source_map.traced import NULL, Traced, array, document, object_of
from lakesim.groq.traversal import combinations_of, has_implicit_elements

__all__ = ["StepTracer"]


class StepTracer:
    """The part of the tracer that knows steps and projections."""

    parts: Parts
    scans: dict[int, Expression]
    get: Callable[[str], Document | None]

    def trace(self, node: Expression, scope: Scope) -> Traced:
        """Return the value of an expression with its origin."""
        raise NotImplementedError

    def chain(self, node: Traversal, scope: Scope) -> Traced:
        """Return the value of a traversal."""
        steps: Sequence[Step] = node.steps
        if isinstance(node.base, Everything):
            leading = _leading_filters(steps)
            return self.steps(self._scan(node, leading, scope), (Elements(), *steps[leading:]), scope)
        if has_implicit_elements(node.base):
            steps = (Elements(), *steps)
        return self.steps(self.trace(node.base, scope), steps, scope)

    def _scan(self, node: Traversal, leading: int, scope: Scope) -> Traced:
        """Return the documents that pass the leading filters, found by an index where one helps."""
        if id(node) not in self.scans:
            self.scans[id(node)] = replace(node, steps=node.steps[:leading]) if leading else node.base
        return self.all_of(self.scans[id(node)], scope)

    def all_of(self, node: Expression, scope: Scope) -> Traced:
        """Return the documents that an expression selects as they are."""
        return array([document(found) for found in self.parts.value(node, scope)])

    def steps(self, base: Traced, steps: Sequence[Step], scope: Scope) -> Traced:
        """Return what a chain of steps makes of a value; how they combine is decided by the shapes of their tails."""
        current = base
        for index, (step, combination) in enumerate(zip(steps, combinations_of(steps), strict=True)):
            if combination == "direct":
                current = self._step(step, current, scope)
            elif combination == "map_step":
                current = _mapped(current, partial(self._step, step, scope=scope))
            else:
                tail = partial(self.steps, steps=steps[index + 1 :], scope=scope)
                mapped = _mapped(self._step(step, current, scope), tail)
                return mapped if combination == "map" else _flat(mapped)
        return current

    def _step(self, step: Step, value: Traced, scope: Scope) -> Traced:
        """Apply one step to a value handed to it directly."""
        if isinstance(step, AttributeStep):
            return value.attribute(step.name)
        if isinstance(step, Projection):
            return self.members(step.members, Scope(value, scope)) if type(value.value) is dict else NULL
        if isinstance(step, Elements):
            return value if type(value.value) is list else NULL
        if isinstance(step, (Filter, Slice, Element)):
            elements = value.elements()
            return NULL if elements is None else self._choose(step, elements, scope)
        return self._dereferenced(value)

    def _choose(self, step: Filter | Slice | Element, elements: list[Traced], scope: Scope) -> Traced:
        if isinstance(step, Filter):
            return array([element for element in elements if self.parts.holds(step.condition, Scope(element, scope))])
        if isinstance(step, Slice):
            lower, upper = self.parts.value(step.lower, scope), self.parts.value(step.upper, scope)
            low, high = bounds(len(elements), int(lower), int(upper), step.inclusive)
            return array(elements[low:high])
        place = whole_number(step.index) if step.index.is_integer() else len(elements)
        return elements[place] if -len(elements) <= place < len(elements) else NULL

    def _dereferenced(self, value: Traced) -> Traced:
        target = value.value.get("_ref") if type(value.value) is dict else None
        found = self.get(target) if type(target) is str else None
        return NULL if found is None else document(found)

    def members(self, members: Sequence[Member], scope: Scope) -> Traced:
        """Return the object that a projection or an object literal makes; later keys overwrite in their place."""
        found: dict[str, Traced] = {}
        for member in members:
            if isinstance(member, (Entry, Shorthand)):
                found[member.key] = self.trace(member.value, scope)
            elif isinstance(member, Spread):
                spread = scope.this if member.value is None else self.trace(member.value, scope)
                found.update(spread.members())
            elif isinstance(member, Conditional) and self.parts.holds(member.condition, scope):
                found.update(self.trace(member.value, scope).members())
        return object_of(found)


def _leading_filters(steps: Sequence[Step]) -> int:
    """Return how many steps from the start are filters and `[]`, which are all about whole documents."""
    return next((count for count, step in enumerate(steps) if not isinstance(step, (Filter, Elements))), len(steps))


def _mapped(value: Traced, use: Callable[[Traced], Traced]) -> Traced:
    elements = value.elements()
    return NULL if elements is None else array([use(element) for element in elements])


def _flat(value: Traced) -> Traced:
    """Return an array with the arrays among its elements spliced in, one level deep."""
    flat: list[Traced] = []
    for element in value.elements() or ():
        inner = element.elements()
        flat += [element] if inner is None else inner
    return array(flat) if type(value.value) is list else NULL
