"""Tree → program: the entry to the generator and the dispatch over the constructs of the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lakesim.groq.arithmetic import INTEGER_MAX, normalize_number
from lakesim.groq.ast import (
    Arithmetic,
    ArrayLiteral,
    Attribute,
    Boolean,
    Call,
    Comparison,
    Entry,
    Everything,
    Expression,
    FunctionDeclaration,
    Group,
    Logical,
    Null,
    Number,
    ObjectLiteral,
    Parameter,
    Parent,
    PipeCall,
    Power,
    Query,
    String,
    This,
    Traversal,
    Unary,
)
from lakesim.groq.compile.builder import Builder
from lakesim.groq.compile.calls import CallGenerator
from lakesim.groq.compile.fragment import ABSENT, NOTHING, Fragment, Kind, Scope
from lakesim.groq.compile.source import SourceInfo
from lakesim.groq.values import Value

__all__ = ["Generator", "Program", "generate"]

_OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "remainder"}


class Program:
    """A compiled query.

    Shape: `run` takes a `Runtime` and returns the value; `sources` describe the places where it reads the dataset;
    `exports` says whether the value may hold datetimes, paths or geometries; `shares` whether one part of it may appear
    in many places; `text` is the generated Python.
    """

    __slots__ = ("exports", "run", "shares", "sources", "text")

    def __init__(
        self, run: Callable[[Any], Value], sources: list[SourceInfo], *, exports: bool, shares: bool, text: str
    ) -> None:
        """Keep the parts."""
        self.shares = shares
        self.run = run
        self.sources = sources
        self.exports = exports
        self.text = text


class Generator(CallGenerator):
    """Generates the code of one query; the base classes hold conditions, traversals, calls and pipes."""

    def __init__(
        self,
        functions: Mapping[tuple[str, str], FunctionDeclaration],
        parameter_kinds: Mapping[str, Kind],
        *,
        regular: bool,
    ) -> None:
        """Start on an empty program.

        `functions` are the query's own, `parameter_kinds` says what each parameter holds, `regular` whether every
        document is an object with string `_id` and `_type`.
        """
        self.builder = Builder()
        self.functions = functions
        self.parameter_kinds = parameter_kinds
        self.regular = regular
        self.sources: list[SourceInfo] = []
        self.exports = False
        self.parameters_used: set[str] = set()
        self._known: dict[tuple[int, int], tuple[Fragment, Scope]] = {}
        self.function_names: dict[tuple[str, str], str] = {}

    def expression(self, node: Expression, scope: Scope) -> Fragment:
        """Return the fragment of any expression, remembered where that saves work."""
        key = (id(node), id(scope))
        known = self._known.get(key)
        if known is None:
            # The scope is kept alive beside the fragment, so that its id stays its own.
            known = (self.builder.remember(_DISPATCH[type(node)](self, node, scope)), scope)
            self._known[key] = known
        return known[0]

    def literal(self, value: Value) -> Fragment:
        """Return the fragment of a JSON value that is known now."""
        if value is None:
            return NOTHING
        kind = type(value)
        if kind is bool:
            return Fragment(repr(value), "boolean", simple=True, constant=value)
        if kind is int or kind is float:
            number = normalize_number(value)
            if number is None:
                return NOTHING
            if abs(number) >= INTEGER_MAX:
                return self.builder.constant(number)
            return Fragment(repr(number) if number >= 0 else f"({number!r})", "number", simple=True, constant=number)
        if kind is str:
            return Fragment(ascii(value), "string", simple=True, constant=value)
        return self.builder.constant(value, "list" if kind is list else "object")

    def _null(self, node: Null, scope: Scope) -> Fragment:
        return NOTHING

    def _scalar(self, node: Boolean | Number | String, scope: Scope) -> Fragment:
        return self.literal(node.value)

    def _parameter(self, node: Parameter, scope: Scope) -> Fragment:
        name = f"p_{node.name}"
        if node.name not in self.parameters_used:
            self.parameters_used.add(node.name)
            self.builder.prologue(f"{name} = rt.params[{node.name!r}]")
        kind = self.parameter_kinds[node.name]
        return NOTHING if kind == "null" else Fragment(name, kind, simple=True)

    def _this(self, node: This, scope: Scope) -> Fragment:
        return scope.this

    def _parent(self, node: Parent, scope: Scope) -> Fragment:
        current: Scope | None = scope
        for _ in range(node.levels):
            current = current.parent if current is not None else None
        return current.this if current is not None else NOTHING

    def _attribute(self, node: Attribute, scope: Scope) -> Fragment:
        return self.attribute(scope.this, node.name)

    def _group(self, node: Group, scope: Scope) -> Fragment:
        return self.expression(node.inner, scope)

    def _array(self, node: ArrayLiteral, scope: Scope) -> Fragment:
        value = json_literal(node)
        if value is not ABSENT:
            return self.literal(value)
        items = [self.expression(item.value, scope) for item in node.items]
        texts = []
        for place, (item, fragment) in enumerate(zip(node.items, items, strict=True)):
            spread = item.spread and fragment.kind != "list"
            texts.append(f"*as_list({{{place}}})" if spread else f"*{{{place}}}" if item.spread else f"{{{place}}}")
        return self.builder.make(f"[{', '.join(texts)}]", *items, kind="list")

    def _object(self, node: ObjectLiteral, scope: Scope) -> Fragment:
        value = json_literal(node)
        return self.literal(value) if value is not ABSENT else self.members(node.members, scope)

    def _unary(self, node: Unary, scope: Scope) -> Fragment:
        if node.operator == "!":
            return self.inverted(node.operand, scope)
        operand = self.expression(node.operand, scope)
        helper = "negate" if node.operator == "-" else "plus"
        if operand.is_constant:
            return self.literal(self.builder.namespace[helper](operand.constant))
        return self.builder.make(f"{helper}({{0}})", operand)

    def _power(self, node: Power, scope: Scope) -> Fragment:
        return self.builder.make(
            "power({0}, {1})", self.expression(node.base, scope), self.expression(node.exponent, scope)
        )

    def _arithmetic(self, node: Arithmetic, scope: Scope) -> Fragment:
        result = self.expression(node.operands[0], scope)
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            right = self.expression(operand, scope)
            result = self.builder.make(f"{_OPERATORS[operator]}({{0}}, {{1}})", result, right)
        return result

    def _everything(self, node: Everything, scope: Scope) -> Fragment:
        return self.finish(self.scan([], scope))


_DISPATCH: dict[type[Expression], Callable[[Generator, Any, Scope], Fragment]] = {
    Null: Generator._null,
    Boolean: Generator._scalar,
    Number: Generator._scalar,
    String: Generator._scalar,
    Parameter: Generator._parameter,
    This: Generator._this,
    Parent: Generator._parent,
    Attribute: Generator._attribute,
    Group: Generator._group,
    ArrayLiteral: Generator._array,
    ObjectLiteral: Generator._object,
    Unary: Generator._unary,
    Power: Generator._power,
    Arithmetic: Generator._arithmetic,
    Everything: Generator._everything,
    Comparison: Generator.comparison,
    Logical: Generator.logical,
    Call: Generator.call,
    Traversal: Generator.traversal,
    PipeCall: Generator.pipe,
}


def json_literal(node: Expression) -> Value:
    """Return the value of an expression that is nothing but JSON, else ABSENT."""
    if isinstance(node, (Boolean, String)):
        return node.value
    if isinstance(node, Number):
        return normalize_number(node.value)
    if isinstance(node, Null):
        return None
    if isinstance(node, Unary) and node.operator == "-" and isinstance(node.operand, Number):
        return normalize_number(-node.operand.value)
    if isinstance(node, ArrayLiteral):
        items = [ABSENT if item.spread else json_literal(item.value) for item in node.items]
        return ABSENT if any(item is ABSENT for item in items) else items
    if isinstance(node, ObjectLiteral):
        members = {}
        for member in node.members:
            value = json_literal(member.value) if isinstance(member, Entry) else ABSENT
            if value is ABSENT:
                return ABSENT
            assert isinstance(member, Entry)
            members[member.key] = value
        return members
    return ABSENT


def generate(query: Query, parameter_kinds: Mapping[str, Kind], *, regular: bool) -> Program:
    """Return the program of a tree in which every Bracket has been decided."""
    functions = {(function.namespace, function.name): function for function in query.functions}
    generator = Generator(functions, parameter_kinds, regular=regular)
    root = Scope(Fragment("root", simple=True))
    generator.builder.prologue("root = rt.root")
    generator.builder.prologue("get = rt.get")
    result = generator.expression(query.body, root)
    text = generator.builder.source(result)
    return Program(
        generator.builder.build(result),
        generator.sources,
        exports=generator.exports,
        shares=generator.builder.shares,
        text=text,
    )
