"""Evaluates a query once more, on values that know where they come from (content-lake reference, section 4.5).

What hands values on is followed here: names, steps, projections, dereferences, `coalesce`, `select` and the like. All
else hides where its value comes from, so that it is left to the compiled program of that part. The values are the same
as in the answer, place by place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lakesim.groq.ast import (
    ArrayLiteral,
    Attribute,
    Call,
    Everything,
    Expression,
    FunctionDeclaration,
    Group,
    ObjectLiteral,
    Pair,
    Parent,
    PipeCall,
    Query,
    SortKey,
    This,
    Traversal,
)
from lakesim.groq.comparison import scalar_tag
from lakesim.groq.compile.fragment import ABSENT, Kind
from lakesim.groq.compile.generator import json_literal
from lakesim.groq.constants import is_constant
from lakesim.groq.dataset import Dataset
from lakesim.groq.environment import Environment
from lakesim.groq.functions.portable_text import portable_text
from lakesim.groq.functions.sorting import order
from lakesim.groq.source_map.parts import Parts, Scope
from lakesim.groq.source_map.steps import StepTracer
from lakesim.groq.source_map.traced import NULL, Traced, array, computed, literal
from lakesim.groq.values import Value
from lakesim.jsonvalue import Json

__all__ = ["Tracer"]


class Tracer(StepTracer):
    """Follows the values of one query through one dataset."""

    def __init__(
        self,
        query: Query,
        kinds: Mapping[str, Kind],
        params: Mapping[str, Json],
        dataset: Dataset,
        environment: Environment,
    ) -> None:
        """Stand ready; every Bracket of `query` has been decided, `kinds` says what each parameter holds."""
        # The parts of the query run one by one and must all see one time.
        self._environment = replace(environment, now=environment.instant())
        self._body = query.body
        self._functions: dict[tuple[str, str], FunctionDeclaration] = {
            (function.namespace, function.name): function for function in query.functions
        }
        self._remembered: dict[int, tuple[list[Traced], Traced]] = {}
        self.scans = {}
        self.get = dataset.get
        self.parts = Parts(self._functions, kinds, params, dataset, self._environment)

    def run(self) -> Traced:
        """Return the answer."""
        return self.trace(self._body, Scope(computed(self._environment.root)))

    def trace(self, node: Expression, scope: Scope) -> Traced:
        """Return the value of an expression with its origin."""
        follow = _FOLLOWED.get(type(node))
        if follow is not None:
            return follow(self, node, scope)
        value = self.parts.value(node, scope)
        return literal(value) if is_constant(node) else computed(value)

    def _this(self, node: This, scope: Scope) -> Traced:
        return scope.this

    def _parent(self, node: Parent, scope: Scope) -> Traced:
        return scope.out(node.levels)

    def _attribute(self, node: Attribute, scope: Scope) -> Traced:
        return scope.this.attribute(node.name)

    def _group(self, node: Group, scope: Scope) -> Traced:
        return self.trace(node.inner, scope)

    def _array(self, node: ArrayLiteral, scope: Scope) -> Traced:
        value = json_literal(node)
        if value is not ABSENT:
            return literal(value)
        elements: list[Traced] = []
        for item in node.items:
            traced = self.trace(item.value, scope)
            elements += traced.elements() or () if item.spread else [traced]
        return array(elements)

    def _object(self, node: ObjectLiteral, scope: Scope) -> Traced:
        value = json_literal(node)
        return self.members(node.members, scope) if value is ABSENT else literal(value)

    def _everything(self, node: Everything, scope: Scope) -> Traced:
        return self.all_of(node, scope)

    def _sub_query(self, node: Traversal | PipeCall, scope: Scope) -> Traced:
        """Follow a chain of steps; one that reads the dataset only anew where a scope that it reads has changed."""
        run = self.chain if isinstance(node, Traversal) else self._pipe
        if not _starts_at_everything(node):
            return run(node, scope)  # type: ignore[arg-type]  # each has its own kind of node
        keys = [scope.out(place) for place in self.parts.reads(node, scope)]
        known = self._remembered.get(id(node))
        if known is None or any(old is not new for old, new in zip(known[0], keys, strict=True)):
            known = self._remembered[id(node)] = (keys, run(node, scope))  # type: ignore[arg-type]
        return known[1]

    def _pipe(self, node: PipeCall, scope: Scope) -> Traced:
        elements = self.trace(node.base, scope).elements()
        if elements is None:
            return NULL
        if node.name == "score":
            return array(self._ranked(node, elements, scope))
        columns = [(self._column(key, scope), key.descending) for key in node.arguments if isinstance(key, SortKey)]
        return array(order(elements, columns))

    def _column(self, key: SortKey, scope: Scope) -> Callable[[list[Value]], list[Value]]:
        return lambda elements: [self.parts.value(key.value, Scope(element, scope)) for element in elements]

    def _ranked(self, node: PipeCall, elements: list[Traced], scope: Scope) -> list[Traced]:
        """Return the elements that `score` keeps, with their scores, the highest first."""
        ranked: list[Traced] = []
        for element in elements:
            value = self.parts.scored(node, element.value, scope)
            if value is not None:
                ranked.append(Traced(value, "unknown", {**element.members(), "_score": computed(value["_score"])}))
        return sorted(ranked, key=lambda one: one.value["_score"] or 0, reverse=True)

    def _call(self, node: Call, scope: Scope) -> Traced:
        key = (node.namespace, node.name)
        if key in self._functions:
            argument = self._argument(node, scope)
            return self.steps(argument, self._functions[key].steps, Scope(NULL))
        follow = _FOLLOWED_CALLS.get(key)
        return computed(self.parts.value(node, scope)) if follow is None else follow(self, node, scope)

    def _argument(self, node: Call, scope: Scope) -> Traced:
        (argument,) = node.arguments
        assert isinstance(argument, Expression)
        return self.trace(argument, scope)

    def _coalesce(self, node: Call, scope: Scope) -> Traced:
        for argument in node.arguments:
            assert isinstance(argument, Expression)
            traced = self.trace(argument, scope)
            if traced.value is not None:
                return traced
        return NULL

    def _select(self, node: Call, scope: Scope) -> Traced:
        for argument in node.arguments:
            if isinstance(argument, Pair):
                if self.parts.holds(argument.condition, scope):
                    return self.trace(argument.value, scope)
            else:
                assert isinstance(argument, Expression)
                return self.trace(argument, scope)
        return NULL

    def _compact(self, node: Call, scope: Scope) -> Traced:
        elements = self._argument(node, scope).elements()
        return NULL if elements is None else array([element for element in elements if element.value is not None])

    def _unique(self, node: Call, scope: Scope) -> Traced:
        elements = self._argument(node, scope).elements()
        if elements is None:
            return NULL
        # What has no tag equals nothing, so each such element counts as one of its own.
        firsts: dict[object, Traced] = {}
        for place, element in enumerate(elements):
            tag = scalar_tag(element.value)
            firsts.setdefault(("alone", place) if tag is None else (tag,), element)
        return array(list(firsts.values()))

    def _portable_text(self, node: Call, scope: Scope) -> Traced:
        traced = self._argument(node, scope)
        return NULL if portable_text(traced.value) is None else traced

    def _releases(self, node: Call, scope: Scope) -> Traced:
        return self.all_of(node, scope)


_FOLLOWED: dict[type[Expression], Callable[[Tracer, Any, Scope], Traced]] = {
    This: Tracer._this,
    Parent: Tracer._parent,
    Attribute: Tracer._attribute,
    Group: Tracer._group,
    ArrayLiteral: Tracer._array,
    ObjectLiteral: Tracer._object,
    Everything: Tracer._everything,
    Traversal: Tracer._sub_query,
    PipeCall: Tracer._sub_query,
    Call: Tracer._call,
}
"""The constructs that hand values on."""

_FOLLOWED_CALLS: dict[tuple[str, str], Callable[[Tracer, Call, Scope], Traced]] = {
    ("global", "coalesce"): Tracer._coalesce,
    ("global", "select"): Tracer._select,
    ("global", "pt"): Tracer._portable_text,
    ("array", "compact"): Tracer._compact,
    ("array", "unique"): Tracer._unique,
    ("releases", "all"): Tracer._releases,
}
"""The functions that hand values on."""


def _starts_at_everything(node: Expression) -> bool:
    while isinstance(node, (Traversal, PipeCall)):
        node = node.base
    return isinstance(node, Everything)
