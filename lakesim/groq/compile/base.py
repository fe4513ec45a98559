"""The state and the operations that all parts of the generator share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakesim.groq.ast import Expression, Filter, FunctionDeclaration, Member, Node, Traversal
from lakesim.groq.compile.builder import Builder
from lakesim.groq.compile.fragment import Fragment, Kind, Scope
from lakesim.groq.compile.source import SourceInfo
from lakesim.groq.compile.stream import Stream
from lakesim.groq.values import Value

__all__ = ["GeneratorBase"]


class GeneratorBase:
    """What each part of the generator may call, wherever it is defined."""

    builder: Builder
    functions: Mapping[tuple[str, str], FunctionDeclaration]
    parameter_kinds: Mapping[str, Kind]
    regular: bool
    sources: list[SourceInfo]
    exports: bool

    def expression(self, node: Expression, scope: Scope) -> Fragment:
        """Return the value of an expression."""
        raise NotImplementedError

    def condition(self, node: Expression, scope: Scope) -> Fragment:
        """Return what is truthy exactly if the expression is true."""
        raise NotImplementedError

    def literal(self, value: Value) -> Fragment:
        """Return a JSON value that is known now."""
        raise NotImplementedError

    def attribute(self, value: Fragment, name: str) -> Fragment:
        """Return `value.name`."""
        raise NotImplementedError

    def members(self, members: Sequence[Member], scope: Scope) -> Fragment:
        """Return an object literal."""
        raise NotImplementedError

    def traversal(self, node: Traversal, scope: Scope) -> Fragment:
        """Return the value of a traversal."""
        raise NotImplementedError

    def run_steps(self, base: Fragment, steps: Sequence[Node], scope: Scope) -> Fragment:
        """Return what the steps make of a value."""
        raise NotImplementedError

    def scan(self, filters: Sequence[Filter], scope: Scope) -> Stream:
        """Return the documents that pass the filters."""
        raise NotImplementedError

    def finish(self, value: Fragment | Stream) -> Fragment:
        """Return a stream as an array, anything else as it is."""
        raise NotImplementedError
