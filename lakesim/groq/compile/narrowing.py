"""Finds the index lookups that a filter allows: pure recognition on the tree (groq reference, section 19)."""

from __future__ import annotations

from collections.abc import Sequence

from lakesim.groq.ast import (
    Attribute,
    AttributeStep,
    Call,
    Comparison,
    Elements,
    Expression,
    Filter,
    Group,
    Logical,
    Node,
    Range,
    Traversal,
)
from lakesim.groq.compile.base import GeneratorBase
from lakesim.groq.compile.fragment import Fragment, Scope
from lakesim.groq.printer import print_expression

__all__ = ["Narrower"]

_INDEXED = {"_id": "id", "_type": "type"}


class Narrower:
    """Looks for lookups in the conditions on one candidate.

    A lookup's value may depend on outer scopes, never on the candidate. The answer is code for a nested tuple that
    `lakesim.groq.plan.resolve` understands; every candidate is still tested by the whole filter.
    """

    def __init__(self, generator: GeneratorBase, scope: Scope) -> None:
        """Look at conditions in `scope`, whose `this` is the candidate."""
        self._generator = generator
        self._scope = scope
        self.described: list[str] = []

    def lookup(self, conditions: Sequence[Expression]) -> Fragment | None:
        """Return the lookups of conditions that must all hold, or None if there are none."""
        found = [part for condition in conditions for part in self._all_of(condition)]
        return self._join("all", found)

    def _join(self, word: str, parts: list[Fragment]) -> Fragment | None:
        if len(parts) < 2:
            return parts[0] if parts else None
        places = ", ".join(f"{{{place}}}" for place in range(len(parts)))
        return self._generator.builder.make(f'("{word}", {places})', *parts)

    def _all_of(self, node: Expression) -> list[Fragment]:
        while isinstance(node, Group):
            node = node.inner
        if isinstance(node, Logical) and node.operator == "&&":
            return [part for operand in node.operands for part in self._all_of(operand)]
        if isinstance(node, Logical):
            return self._any_of(node.operands)
        found = self._simple(node)
        return [found] if found is not None else []

    def _any_of(self, operands: Sequence[Expression]) -> list[Fragment]:
        """Return one lookup for alternatives, if every one of them has one."""
        described = len(self.described)
        branches: list[Fragment] = []
        for operand in operands:
            branch = self._join("all", self._all_of(operand))
            if branch is None:
                del self.described[described:]
                return []
            branches.append(branch)
        joined = self._join("any", branches)
        return [joined] if joined is not None else []

    def _simple(self, node: Expression) -> Fragment | None:
        if isinstance(node, Comparison):
            if node.operator == "==":
                return self._equal(node.left, node.right) or self._equal(node.right, node.left)
            return self._in(node) if node.operator == "in" else None
        if isinstance(node, Call) and (node.namespace, node.name) not in self._generator.functions:
            return self._call(node)
        return None

    def _equal(self, subject: Expression, value: Expression) -> Fragment | None:
        index = self._index_of(subject)
        return self._emit(index, [value], "{0}") if index else None

    def _index_of(self, subject: Expression) -> str | None:
        """Return the index that answers questions about this expression on the candidate."""
        while isinstance(subject, Group):
            subject = subject.inner
        if isinstance(subject, Attribute):
            return _INDEXED.get(subject.name, "reference" if subject.name == "_ref" else None)
        if isinstance(subject, Traversal) and isinstance(subject.base, Attribute):
            last = subject.steps[-1]
            inner = all(isinstance(step, (AttributeStep, Elements, Filter)) for step in subject.steps)
            if inner and isinstance(last, AttributeStep) and last.name == "_ref":
                return "reference"
        return None

    def _in(self, node: Comparison) -> Fragment | None:
        right: Node = node.right
        while isinstance(right, Group):
            right = right.inner
        index = self._index_of(node.left)
        if isinstance(right, Call) and (right.namespace, right.name) == ("global", "path") and index == "id":
            argument = right.arguments[0]
            return self._emit("path", [argument], "{0}") if isinstance(argument, Expression) else None
        if index and isinstance(right, Expression) and not isinstance(right, Range):
            return self._emit(index, [right], "members_of({0})")
        # `$id in authors[]._ref`: the array on the right is the candidate's.
        if isinstance(right, Traversal) and self._index_of(right) == "reference":
            return self._emit("reference", [node.left], "{0}")
        return None

    def _call(self, node: Call) -> Fragment | None:
        arguments = [argument for argument in node.arguments if isinstance(argument, Expression)]
        name = f"{node.namespace}::{node.name}"
        if name == "global::references":
            return self._emit("reference", arguments, "ids_of({})")
        if name == "sanity::versionOf":
            return self._emit("group", arguments, "{0}")
        if name == "sanity::partOfRelease":
            return self._emit("release", arguments, "{0}")
        if name == "string::startsWith" and self._index_of(arguments[0]) == "id":
            return self._emit("prefix", arguments[1:], "{0}")
        return None

    def _emit(self, index: str, values: list[Expression], template: str) -> Fragment | None:
        """Return the lookup unless a value depends on the candidate."""
        fragments = [self._generator.expression(value, self._scope) for value in values]
        if any(fragment.uses & self._scope.this.uses for fragment in fragments):
            return None
        places = ", ".join(f"{{{place}}}" for place in range(len(fragments)))
        code = template.replace("{}", places)
        self.described.append(f"{index}: {', '.join(print_expression(value) for value in values)}")
        return self._generator.builder.make(f'("{index}", {code})', *fragments)
