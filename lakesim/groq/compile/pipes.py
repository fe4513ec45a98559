"""The pipe functions: sorting and scoring (groq reference, section 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from lakesim.groq.ast import (
    Call,
    Comparison,
    Element,
    Expression,
    Group,
    Logical,
    Node,
    Number,
    PipeCall,
    Slice,
    SortKey,
    Step,
)
from lakesim.groq.compile.chains import ChainGenerator
from lakesim.groq.compile.fragment import Fragment, Scope

__all__ = ["PipeGenerator"]


class PipeGenerator(ChainGenerator):
    """The part of the generator that knows `order` and `score`."""

    def pipe(self, node: PipeCall, scope: Scope) -> Fragment:
        """Return the whole value of a piped call."""
        return self.builder.remember(self.piped(node, scope, None))

    def piped(self, node: PipeCall, scope: Scope, following: Step | None) -> Fragment:
        """Return the value of a piped call, cut where `following` needs no more of it."""
        base = self.expression(node.base, scope)
        if node.name == "score":
            return self._per_element(base, lambda held: self._score(node, held, scope))
        return self._per_element(base, lambda held: self._order(node, held, scope, self._wanted(following, scope)))

    def _per_element(self, base: Fragment, use: Callable[[Fragment], Fragment]) -> Fragment:
        guard = "{} is not None" if base.kind == "list" else "type({}) is list"
        result = self.builder.bind(base, use, guard, "None")
        return replace(result, kind="list" if base.kind == "list" else "any")

    def _wanted(self, following: Step | None, scope: Scope) -> str:
        """Return code for the number of elements that the next step needs, None for all of them."""
        if isinstance(following, Element) and following.index >= 0:
            return str(int(following.index) + 1)
        if isinstance(following, Slice):
            lower, upper = self.expression(following.lower, scope), self.expression(following.upper, scope)
            if isinstance(following.lower, Number) and isinstance(following.upper, Number):
                count = int(following.upper.value) + following.inclusive
                return str(max(count, 0)) if following.lower.value >= 0 and following.upper.value >= 0 else "None"
            return f"wanted({lower.code}, {upper.code}, {following.inclusive})"
        return "None"

    def _column(self, items: Fragment, make: Callable[[Fragment], Fragment]) -> Fragment:
        """Return a list of one value per element."""
        variable = self.builder.variable("e", items.items)
        with self.builder.binding(variable.code, loop=True):
            value = make(variable)
        return Fragment(
            f"[{value.code} for {variable.code} in {items.code}]",
            "list",
            uses=(value.uses - variable.uses) | items.uses,
            depth=value.depth + 1,
            heavy=True,
        )

    def _order(self, node: PipeCall, items: Fragment, scope: Scope, wanted: str) -> Fragment:
        columns: list[Fragment] = []
        texts: list[str] = []
        for place, key in enumerate(node.arguments, start=1):
            assert isinstance(key, SortKey)
            # Each key is a function of all items, so that the later ones need not be worked out for every item.
            given = self.builder.variable("s", "list")
            keys = self._column(replace(given, items=items.items), partial(self._key, key, scope))
            code = f"(lambda {given.code}: {keys.code})"
            columns.append(replace(keys, code=code, kind="any", uses=keys.uses - given.uses))
            texts.append(f"({{{place}}}, {key.descending}),")
        result = self.builder.make(
            f"order({{0}}, ({' '.join(texts)}), {wanted})", items, *columns, kind="list", heavy=True
        )
        return replace(result, items=items.items)

    def _key(self, key: SortKey, scope: Scope, element: Fragment) -> Fragment:
        return self.expression(key.value, Scope(element, scope))

    def _score(self, node: PipeCall, items: Fragment, scope: Scope) -> Fragment:
        def total(element: Fragment) -> Fragment:
            inner = Scope(element, scope)
            return self._sum([self._score_of(argument, inner) for argument in node.arguments])

        scores = self._column(items, total)
        result = self.builder.make("rank_by_score({0}, {1})", items, scores, kind="list", heavy=True)
        return replace(result, items="object")

    def _sum(self, parts: list[Fragment]) -> Fragment:
        places = " + ".join(f"{{{place}}}" for place in range(len(parts)))
        return self.builder.make(f"({places})", *parts, kind="number")

    def _score_of(self, node: Node, scope: Scope) -> Fragment:
        """Return the score of one argument, a number from 0 up."""
        while isinstance(node, Group):
            node = node.inner
        make = self.builder.make
        if isinstance(node, Logical):
            parts = [self._score_of(operand, scope) for operand in node.operands]
            if node.operator == "||":
                return self._sum(parts)
            places = ", ".join(f"{{{place}}}" for place in range(len(parts)))
            return make(f"score_all({places})", *parts, kind="number")
        if isinstance(node, Call) and (node.namespace, node.name) == ("global", "boost"):
            amount = node.arguments[1]
            assert isinstance(amount, Expression)
            part = self._score_of(node.arguments[0], scope)
            return make("score_boost({0}, {1})", part, self.expression(amount, scope), kind="number")
        if isinstance(node, Comparison) and node.operator == "match":
            text, pattern = self.expression(node.left, scope), self.expression(node.right, scope)
            matcher = self.builder.remember(replace(make("make_matcher({0})", pattern), heavy=True))
            return make("{1}.score({0})", text, matcher, kind="number")
        assert isinstance(node, Expression)
        return make("(1 if {0} else 0)", self.condition(node, scope), kind="number")
