"""Conditions: code that is truthy exactly if a GROQ expression is true, and the three-valued operators.

Most filters compare an attribute with something known, so these cases get code of their own.
"""

from __future__ import annotations

from dataclasses import replace

from lakesim.groq.ast import Comparison, Expression, Group, Logical, Range, Unary
from lakesim.groq.comparison import Membership
from lakesim.groq.compile.base import GeneratorBase
from lakesim.groq.compile.fragment import ABSENT, FALSE, NOTHING, TRUE, Fragment, Scope
from lakesim.groq.text_match import make_matcher
from lakesim.groq.values import Path

__all__ = ["ConditionGenerator"]

_ORDERINGS = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class ConditionGenerator(GeneratorBase):
    """The part of the generator that knows truth, comparison, membership and `match`."""

    def condition(self, node: Expression, scope: Scope) -> Fragment:
        """Return what is truthy exactly if the expression is true."""
        while isinstance(node, Group):
            node = node.inner
        if isinstance(node, Unary) and node.operator == "!":
            return self._denial(node.operand, scope)
        if isinstance(node, Logical):
            return self._joined([self.condition(operand, scope) for operand in node.operands], node.operator)
        if isinstance(node, Comparison) and node.operator in _ORDERINGS:
            return self._ordering(node, scope)[0]
        return self._is(self.expression(node, scope), value=True)

    def _denial(self, node: Expression, scope: Scope) -> Fragment:
        """Return what is truthy exactly if the expression is false."""
        while isinstance(node, Group):
            node = node.inner
        if isinstance(node, Unary) and node.operator == "!":
            return self.condition(node.operand, scope)
        if isinstance(node, Logical):
            operator = "||" if node.operator == "&&" else "&&"
            return self._joined([self._denial(operand, scope) for operand in node.operands], operator)
        if isinstance(node, Comparison) and node.operator in _ORDERINGS:
            return self._ordering(node, scope)[1]
        return self._is(self.expression(node, scope), value=False)

    def _is(self, fragment: Fragment, *, value: bool) -> Fragment:
        if fragment.kind == "boolean":
            return fragment if value else self.builder.make("(not {0})", fragment, kind="boolean")
        return self.identical(fragment, str(value))

    def identical(self, fragment: Fragment, singleton: str, *, negated: bool = False) -> Fragment:
        """Return whether a value is None, True or False, or is not; settled now where its kind tells."""
        kind = "null" if singleton == "None" else "boolean"
        if fragment.kind not in ("any", kind):
            return TRUE if negated else FALSE
        word = "is not" if negated else "is"
        return self.builder.make(f"({{0}} {word} {singleton})", fragment, kind="boolean", light=fragment.simple)

    def _joined(self, parts: list[Fragment], operator: str) -> Fragment:
        word = " and " if operator == "&&" else " or "
        template = word.join(f"{{{place}}}" for place in range(len(parts)))
        return self.builder.make(f"({template})", *parts, kind="boolean")

    def inverted(self, node: Expression, scope: Scope) -> Fragment:
        """Return the value of `!node`."""
        operand = self.expression(node, scope)
        if operand.kind == "boolean":
            return self.builder.make("(not {0})", operand, kind="boolean")
        return self.builder.make("invert({0})", operand)

    def logical(self, node: Logical, scope: Scope) -> Fragment:
        """Return the value of a run of `&&` or `||`, three-valued."""
        parts = [self.expression(operand, scope) for operand in node.operands]
        if all(part.kind == "boolean" for part in parts):
            return self._joined(parts, node.operator)
        helper, decisive = ("both", "False") if node.operator == "&&" else ("either", "True")
        result = parts[0]
        for part in parts[1:]:
            if result.simple:
                result = self.builder.make(f"{helper}({{0}}, {{1}})", result, part)
                continue
            # The decisive value ends the run early; nothing can go wrong in what is skipped.
            result = self._until(result, part, helper, decisive)
        return result

    def _until(self, left: Fragment, right: Fragment, helper: str, decisive: str) -> Fragment:
        return self.builder.bind(
            left,
            lambda held: self.builder.make(f"{helper}({{0}}, {{1}})", held, right),
            f"{{}} is not {decisive}",
            decisive,
        )

    def comparison(self, node: Comparison, scope: Scope) -> Fragment:
        """Return the value of a comparison, `in` or `match`."""
        if node.operator in _ORDERINGS:
            left, right = self.expression(node.left, scope), self.expression(node.right, scope)
            return self.builder.make(f"{_ORDERINGS[node.operator]}({{0}}, {{1}})", left, right)
        if node.operator == "in":
            return self._in(node, scope)
        left, right = self.expression(node.left, scope), self.expression(node.right, scope)
        if node.operator == "match":
            return self._match(left, right)
        same = self._equality(left, right)
        return same if node.operator == "==" else self.builder.make("(not {0})", same, kind="boolean")

    def _equality(self, left: Fragment, right: Fragment) -> Fragment:
        """Return a boolean: whether two values are equal."""
        if left.is_constant or (left.kind in ("string", "number") and not right.is_constant):
            left, right = right, left
        make = self.builder.make
        if right.kind == "null":
            return self.identical(left, "None")
        if right.kind == "boolean":
            if right.is_constant:
                return self.identical(left, right.code)
        elif right.kind == "string" or self._is_plain_number(left, right):
            return make("({0} == {1})", left, right, kind="boolean")
        elif right.kind == "number":
            # In Python True equals 1 and False equals 0.
            held = self._held(left)
            return make(f"({{0}} == {{1}} and type({held[1].code}) is not bool)", held[0], right, kind="boolean")
        elif right.kind in ("list", "object"):
            return FALSE
        return make("equal({0}, {1})", left, right, kind="boolean")

    @staticmethod
    def _is_plain_number(left: Fragment, right: Fragment) -> bool:
        """Whether `right` is a number that Python's `==` does not take for a boolean `left`."""
        return right.kind == "number" and (left.kind == "number" or right.constant not in (ABSENT, 0, 1))

    def _held(self, fragment: Fragment) -> tuple[Fragment, Fragment]:
        """Return two fragments of one value: the first to be evaluated, and the one to repeat it with."""
        if fragment.simple:
            return fragment, fragment
        name = self.builder.name("t")
        first = replace(fragment, code=f"({name} := {fragment.code})", depth=fragment.depth + 1)
        return first, Fragment(name, fragment.kind, simple=True)

    def _ordering(self, node: Comparison, scope: Scope) -> tuple[Fragment, Fragment]:
        """Return when an ordering is true, and when it is false; neither holds if the two do not compare."""
        left, right = self.expression(node.left, scope), self.expression(node.right, scope)
        operator: str = node.operator
        if left.kind in ("string", "number") and right.kind not in ("string", "number"):
            left, right, operator = right, left, _MIRRORED[operator]
        make = self.builder.make
        if right.kind in ("string", "number") and left.kind == "any":
            first, again = self._held(left)
            if right.kind == "string":
                test = f"type({{0}}) is str and {again.code} {operator} {{1}}"
                denial = f"type({{0}}) is str and not {again.code} {operator} {{1}}"
            else:
                number = f"(type({{0}}) is int or type({again.code}) is float)"
                test = f"{number} and {again.code} {operator} {{1}}"
                denial = f"{number} and not {again.code} {operator} {{1}}"
            return (
                make(f"({test})", first, right, kind="boolean"),
                make(f"({denial})", first, right, kind="boolean"),
            )
        value = make(f"{_ORDERINGS[operator]}({{0}}, {{1}})", left, right)
        return make("({0} is True)", value, kind="boolean"), make("({0} is False)", value, kind="boolean")

    def _in(self, node: Comparison, scope: Scope) -> Fragment:
        left = self.expression(node.left, scope)
        if isinstance(node.right, Range):
            lower, upper = self.expression(node.right.lower, scope), self.expression(node.right.upper, scope)
            return self.builder.make(f"in_range({{0}}, {{1}}, {{2}}, {node.right.inclusive})", left, lower, upper)
        right = self.expression(node.right, scope)
        if right.is_constant:
            return self._in_constant(left, right)
        return self._in_value(left, right)

    def _in_constant(self, left: Fragment, right: Fragment) -> Fragment:
        make, value = self.builder.make, right.constant
        if type(value) is list:
            if all(type(item) is str for item in value):
                known = self.builder.constant(frozenset(value))
                first, again = self._held(left)
                return make(f"(type({{0}}) is str and {again.code} in {{1}})", first, known, kind="boolean")
            return make("{1}.has({0})", left, self.builder.constant(Membership(value)), kind="boolean")
        if type(value) is Path:
            if left.kind == "any":
                return make("in_path({0}, {1})", left, right)
            return make("{1}.matches({0})", left, right, kind="boolean") if left.kind == "string" else NOTHING
        return NOTHING

    def _in_value(self, left: Fragment, right: Fragment) -> Fragment:
        """Return membership in a value that comes at run time; one that stays the same is prepared once."""
        prepared = replace(self.builder.make("membership({0})", right), heavy=True)
        remembered = self.builder.remember(prepared)
        if remembered is not prepared:
            return self.builder.make("contains_prepared({0}, {1})", left, remembered)
        return self.builder.make("contains({0}, {1})", left, right)

    def _match(self, left: Fragment, right: Fragment) -> Fragment:
        make = self.builder.make
        if right.is_constant:
            return make("{1}.matches({0})", left, self.builder.constant(make_matcher(right.constant)), kind="boolean")
        matcher = self.builder.remember(replace(make("make_matcher({0})", right), heavy=True))
        return make("{1}.matches({0})", left, matcher, kind="boolean")
