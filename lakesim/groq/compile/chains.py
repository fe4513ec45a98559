"""Traversals: each step applied to a value or to the elements of a stream (groq reference, sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

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
    Node,
    Number,
    PipeCall,
    Projection,
    Shorthand,
    Slice,
    Spread,
    Step,
    Traversal,
)
from lakesim.groq.compile.conditions import ConditionGenerator
from lakesim.groq.compile.fragment import NOTHING, Fragment, Scope, quoted
from lakesim.groq.compile.helpers import whole_number
from lakesim.groq.compile.narrowing import Narrower
from lakesim.groq.compile.source import SourceInfo
from lakesim.groq.compile.stream import Stream, collect, consume
from lakesim.groq.printer import print_expression
from lakesim.groq.traversal import combinations_of, has_implicit_elements

__all__ = ["ChainGenerator"]

_SCALARS = ("boolean", "string", "number", "null", "list")


class ChainGenerator(ConditionGenerator):
    """The part of the generator that knows steps, projections and the dataset."""

    def traversal(self, node: Traversal, scope: Scope) -> Fragment:
        """Return the value of a traversal."""
        steps: Sequence[Step] = node.steps
        base: Fragment | Stream
        if isinstance(node.base, Everything):
            steps = (Elements(), *steps)
            leading = _leading_filters(steps)
            base = self.scan([step for step in steps[:leading] if isinstance(step, Filter)], scope)
            if leading < len(steps):
                steps = (Elements(), *steps[leading:])
            else:
                return self.finish(base)
        elif isinstance(node.base, PipeCall):
            base = self.piped(node.base, scope, steps[0])
            steps = (Elements(), *steps)
        else:
            base = self.expression(node.base, scope)
            if has_implicit_elements(node.base):
                steps = (Elements(), *steps)
        return self.finish(self._run(base, steps, scope))

    def piped(self, node: PipeCall, scope: Scope, following: Step | None) -> Fragment:
        """Return the value of a piped call of which only what `following` selects is needed."""
        raise NotImplementedError

    def run_steps(self, base: Fragment, steps: Sequence[Node], scope: Scope) -> Fragment:
        """Return what the steps make of a value."""
        return self.finish(self._run(base, cast(Sequence[Step], steps), scope))

    def finish(self, value: Fragment | Stream) -> Fragment:
        """Return a stream as an array, anything else as it is."""
        return collect(self.builder, value) if isinstance(value, Stream) else value

    def scan(self, filters: Sequence[Filter], scope: Scope) -> Stream:
        """Return the documents that pass the filters, narrowed by an index where one helps."""
        variable = self.builder.variable("d", "object" if self.regular else "any")
        number = len(self.sources)
        self.sources.append(SourceInfo("", ()))
        inner = Scope(variable, scope)
        narrower = Narrower(self, inner)
        with self.builder.binding(variable.code, loop=True):
            conditions = tuple(self.condition(step.condition, inner) for step in filters)
            lookup = narrower.lookup([step.condition for step in filters])
        if lookup is None:
            source = Fragment(f"rt.scan({number})", heavy=True)
        else:
            source = self.builder.make(f"rt.narrow({number}, {{0}})", lookup, heavy=True)
        shown: Expression = Traversal(Everything(), tuple(filters)) if filters else Everything()
        self.sources[number] = SourceInfo(print_expression(shown), tuple(narrower.described))
        return Stream(source, variable, variable, conditions, known=True, lazy=True)

    def _run(self, base: Fragment | Stream, steps: Sequence[Step], scope: Scope) -> Fragment | Stream:
        """Run a chain of steps; how they combine is decided by the shapes of their tails."""
        current = base
        for index, (step, combination) in enumerate(zip(steps, combinations_of(steps), strict=True)):
            if combination == "direct":
                current = self._apply(step, current, scope)
            elif combination == "map_step":
                current = self._map(current, partial(self._apply_whole, step, scope))
            else:
                stream = self._apply(step, current, scope)
                mapped = self._map(stream, partial(self._run_whole, steps[index + 1 :], scope))
                return mapped if combination == "map" else self._flat(mapped)
        return current

    def _flat(self, stream: Stream) -> Fragment:
        return consume(self.builder, stream, lambda elements: f"flatten([{elements}])")

    def _stream(self, value: Fragment | Stream) -> Stream:
        """Return the elements of a value."""
        if isinstance(value, Stream):
            return value
        variable = self.builder.variable("e", value.items)
        return Stream(value, variable, variable, known=value.kind == "list")

    def _map(self, value: Fragment | Stream, use: Callable[[Fragment], Fragment]) -> Stream:
        """Return the stream with `use` applied to each element."""
        stream = self._stream(value)
        if not stream.is_plain and stream.element.depth > 8:
            stream = self._stream(self.finish(stream))
        with self.builder.binding(stream.variable.code, loop=True):
            return stream.yielding(use(stream.element))

    def _apply_whole(self, step: Step, scope: Scope, value: Fragment) -> Fragment:
        return self.finish(self._apply(step, value, scope))

    def _run_whole(self, steps: Sequence[Step], scope: Scope, value: Fragment) -> Fragment:
        return self.finish(self._run(value, steps, scope))

    def _apply(self, step: Step, value: Fragment | Stream, scope: Scope) -> Fragment | Stream:
        """Apply one step to a value handed to it directly."""
        if isinstance(step, Elements):
            return self._stream(value)
        if isinstance(step, Filter):
            return self._filter(step, value, scope)
        if isinstance(step, Slice):
            return self._slice(step, value, scope)
        if isinstance(step, Element):
            return self._element(step, value)
        whole = self.finish(value)
        if isinstance(step, AttributeStep):
            return self.attribute(whole, step.name)
        if isinstance(step, Projection):
            return self._project(step, whole, scope)
        return self._dereference(whole)

    def _filter(self, step: Filter, value: Fragment | Stream, scope: Scope) -> Stream:
        stream = self._stream(value)
        if not stream.is_plain:
            stream = self._stream(self.finish(stream))
        with self.builder.binding(stream.variable.code, loop=True):
            condition = self.condition(step.condition, Scope(stream.variable, scope))
        return stream.where(condition)

    def _slice(self, step: Slice, value: Fragment | Stream, scope: Scope) -> Fragment:
        if isinstance(step.lower, Number) and isinstance(step.upper, Number):
            lower, upper = whole_number(step.lower.value), whole_number(step.upper.value) + step.inclusive
            if isinstance(value, Stream) and lower >= 0 and step.upper.value >= 0:
                stop = max(lower, upper)
                return self._collected(value, lambda elements: f"list(islice({elements}, {lower}, {stop}))")
        low, high = self.expression(step.lower, scope), self.expression(step.upper, scope)
        if isinstance(value, Stream):
            bounds = f"{low.code}, {high.code}, {step.inclusive}"
            return self._collected(value, lambda elements: f"take({elements}, {bounds})")
        result = self.builder.make(
            f"slice_list({{0}}, {{1}}, {{2}}, {step.inclusive})",
            value,
            low,
            high,
            kind="list" if value.kind == "list" else "any",
        )
        return replace(result, items=value.items)

    def _collected(self, stream: Stream, use: Callable[[str], str]) -> Fragment:
        """Consume a stream by a function that takes one iterable."""
        bare = stream.is_plain and not stream.conditions
        result = consume(self.builder, stream, lambda elements: use(elements if bare else f"({elements})"))
        return replace(result, items=stream.element.kind)

    def _element(self, step: Element, value: Fragment | Stream) -> Fragment:
        index = step.index
        if not index.is_integer():
            return NOTHING
        place = whole_number(index)
        if isinstance(value, Stream) and place >= 0 and (value.lazy or value.conditions or not value.is_plain):
            if value.is_plain and not value.conditions:
                return consume(
                    self.builder, value, lambda elements: f"next(islice({elements}, {place}, None), None)", "any"
                )
            if place == 0:
                return consume(self.builder, value, lambda elements: f"next(({elements}), None)", "any")
            return consume(
                self.builder, value, lambda elements: f"next(islice(({elements}), {place}, None), None)", "any"
            )
        return self.builder.make(f"element({{0}}, {place})", self.finish(value))

    def attribute(self, value: Fragment, name: str) -> Fragment:
        """Return `value.name`: an attribute of an object, null for anything else."""
        if value.kind == "object":
            return self.builder.make(f"{{0}}.get({quoted(name)})", value, light=True)
        if value.kind in _SCALARS:
            return NOTHING
        return self.builder.bind(
            value,
            lambda held: Fragment(f"{held.code}.get({name!a})", uses=held.uses),
            "type({}) is dict",
            "None",
        )

    def _dereference(self, value: Fragment) -> Fragment:
        if value.kind in _SCALARS:
            return NOTHING
        target = self.builder.name("r")

        def use(held: Fragment) -> Fragment:
            code = f'(get({target}) if type({target} := {held.code}.get("_ref")) is str else None)'
            return Fragment(code, uses=held.uses, depth=2, heavy=True)

        return self.builder.bind(value, use, "type({}) is dict", "None")

    def _project(self, step: Projection, value: Fragment, scope: Scope) -> Fragment:
        if value.kind in _SCALARS:
            return NOTHING

        def use(held: Fragment) -> Fragment:
            return self.members(step.members, Scope(held.with_kind("object"), scope))

        if value.kind == "object" and value.simple:
            return use(value)
        return self.builder.bind(value, use, "type({}) is dict", "None")

    def members(self, members: Sequence[Member], scope: Scope) -> Fragment:
        """Return an object literal; later keys overwrite earlier ones in their place, as in a Python display."""
        texts: list[str] = []
        parts: list[Fragment] = []
        for member in members:
            self._member(member, scope, texts, parts)
        return self.builder.make(f"{{{{{', '.join(texts)}}}}}", *parts, kind="object")

    def _member(self, member: Member, scope: Scope, texts: list[str], parts: list[Fragment]) -> None:
        place = len(parts)
        if isinstance(member, (Entry, Shorthand)):
            texts.append(f"{quoted(member.key)}: {{{place}}}")
            parts.append(self.expression(member.value, scope))
        elif isinstance(member, Spread):
            value = scope.this if member.value is None else self.expression(member.value, scope)
            texts.append(f"**{{{place}}}" if value.kind == "object" else f"**as_object({{{place}}})")
            parts.append(value)
        elif isinstance(member, Conditional):
            value = self.expression(member.value, scope)
            shown = f"{{{place}}}" if value.kind == "object" else f"as_object({{{place}}})"
            texts.append(f"**({shown} if {{{place + 1}}} else EMPTY)")
            parts += [value, self.condition(member.condition, scope)]


def _leading_filters(steps: Sequence[Step]) -> int:
    """Return how many steps from the start are filters and `[]`, all of which one scan can do."""
    count = 0
    while count < len(steps) and isinstance(steps[count], (Filter, Elements)):
        count += 1
    # The chain behind them must meet whole elements in the same way as it met the filters.
    return count
