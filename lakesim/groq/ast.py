"""The tree of a query: one frozen class per construct.

Two trees are equal when they mean the same text; positions (`span`, code point offsets, end exclusive) do not count.
Runs of one associative operator are one node with many operands, so that depth grows with nesting only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Literal, TypeAlias

__all__ = [
    "Arithmetic",
    "ArrayItem",
    "ArrayLiteral",
    "Attribute",
    "AttributeStep",
    "Boolean",
    "Bracket",
    "Call",
    "Comparison",
    "ComparisonOperator",
    "Conditional",
    "Dereference",
    "Element",
    "Elements",
    "Entry",
    "Everything",
    "Expression",
    "Filter",
    "FunctionDeclaration",
    "Group",
    "Logical",
    "Member",
    "Node",
    "Null",
    "Number",
    "ObjectLiteral",
    "Pair",
    "Parameter",
    "Parent",
    "PipeCall",
    "Power",
    "Projection",
    "Query",
    "Range",
    "SelectorAnywhere",
    "SelectorName",
    "SelectorPath",
    "SelectorTuple",
    "Shorthand",
    "Slice",
    "SortKey",
    "Span",
    "Spread",
    "Step",
    "String",
    "This",
    "Traversal",
    "Unary",
    "walk",
]

Span: TypeAlias = tuple[int, int]

ComparisonOperator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in", "match"]


@dataclass(frozen=True, slots=True)
class Node:
    """Anything in the tree; `span` is where it stood in the text."""

    span: Span = field(default=(0, 0), compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Expression(Node):
    """Anything that has a value."""


@dataclass(frozen=True, slots=True)
class Null(Expression):
    """`null`."""


@dataclass(frozen=True, slots=True)
class Boolean(Expression):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A number literal, always held as a double."""

    value: float


@dataclass(frozen=True, slots=True)
class String(Expression):
    """A string literal, decoded."""

    value: str


@dataclass(frozen=True, slots=True)
class Parameter(Expression):
    """`$name`."""

    name: str


@dataclass(frozen=True, slots=True)
class This(Expression):
    """`@`."""


@dataclass(frozen=True, slots=True)
class Everything(Expression):
    """`*`, all documents."""


@dataclass(frozen=True, slots=True)
class Parent(Expression):
    """`^`, or `^.^` with `levels` 2 and so on."""

    levels: int


@dataclass(frozen=True, slots=True)
class Attribute(Expression):
    """A bare name: that attribute of this."""

    name: str


@dataclass(frozen=True, slots=True)
class Group(Expression):
    """Parentheses; they end a traversal, so they stay in the tree."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class ArrayItem(Node):
    """An element of an array literal; `spread` for `...value`."""

    value: Expression
    spread: bool = False


@dataclass(frozen=True, slots=True)
class ArrayLiteral(Expression):
    """`[a, ...b]`."""

    items: tuple[ArrayItem, ...]


@dataclass(frozen=True, slots=True)
class Member(Node):
    """A member of an object literal or projection."""


@dataclass(frozen=True, slots=True)
class Entry(Member):
    """`"key": value`."""

    key: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Shorthand(Member):
    """An expression that names its own key, such as `author->{name}`."""

    key: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Spread(Member):
    """`...value`, or `...` alone (value None): the attributes of this."""

    value: Expression | None


@dataclass(frozen=True, slots=True)
class Conditional(Member):
    """`condition => value`."""

    condition: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class ObjectLiteral(Expression):
    """`{…}` that is not a projection."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """`+x`, `-x` or `!x`."""

    operator: Literal["+", "-", "!"]
    operand: Expression


@dataclass(frozen=True, slots=True)
class Power(Expression):
    """`base ** exponent`."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic(Expression):
    """A run of `+ -` or of `* / %`, left to right: `operators[i]` stands before `operands[i + 1]`."""

    operators: tuple[Literal["+", "-", "*", "/", "%"], ...]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Expression):
    """`left == right` and its kin, `in` and `match` included; `right` may be a Range for `in`."""

    operator: ComparisonOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Range(Expression):
    """`lower..upper` (inclusive) or `lower...upper`; only as right operand of `in`."""

    lower: Expression
    upper: Expression
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Logical(Expression):
    """A run of `&&` or of `||`."""

    operator: Literal["&&", "||"]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Pair(Expression):
    """`condition => value` as an argument of `select`."""

    condition: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """`namespace::name(arguments)`; the namespace of a plain name is `global`."""

    namespace: str
    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Step(Node):
    """One step of a traversal."""


@dataclass(frozen=True, slots=True)
class AttributeStep(Step):
    """`.name` or `["name"]`."""

    name: str


@dataclass(frozen=True, slots=True)
class Dereference(Step):
    """`->`."""


@dataclass(frozen=True, slots=True)
class Elements(Step):
    """`[]`."""


@dataclass(frozen=True, slots=True)
class Filter(Step):
    """`[condition]`."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Slice(Step):
    """`[lower..upper]` (inclusive) or `[lower...upper]`; the bounds are constants, with or without parameters."""

    lower: Expression
    upper: Expression
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Element(Step):
    """`[index]` with a constant number."""

    index: float


@dataclass(frozen=True, slots=True)
class Bracket(Step):
    """`[constant]` whose kind depends on parameters: attribute, element or filter, decided when they are known."""

    constant: Expression


@dataclass(frozen=True, slots=True)
class Projection(Step):
    """`{…}` after an operand."""

    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Traversal(Expression):
    """A base and at least one step."""

    base: Expression
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class SortKey(Node):
    """An argument of `order`."""

    value: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class PipeCall(Expression):
    """`base | name(arguments)`: `order` with SortKey arguments, `score` with expressions."""

    base: Expression
    name: Literal["order", "score"]
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SelectorName(Node):
    """An attribute name in a selector."""

    name: str


@dataclass(frozen=True, slots=True)
class SelectorAnywhere(Node):
    """`anywhere(condition)` in a selector."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class SelectorTuple(Node):
    """`(a, b)` in a selector; with one item, a group."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class SelectorPath(Node):
    """A selector and what follows it: AttributeStep, Elements, Filter, or a SelectorTuple after a dot."""

    base: Node
    steps: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class FunctionDeclaration(Node):
    """`fn namespace::name($parameter) = $parameter…;` where `steps` follow the parameter."""

    namespace: str
    name: str
    parameter: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Query(Node):
    """A whole query: declarations and the expression."""

    functions: tuple[FunctionDeclaration, ...]
    body: Expression


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and everything below it, parents before children, in the order of the text."""
    stack: list[Node] = [node]
    while stack:
        current = stack.pop()
        yield current
        below: list[Node] = []
        for item in fields(current):
            value = getattr(current, item.name)
            if isinstance(value, Node):
                below.append(value)
            elif isinstance(value, tuple) and item.name != "span":
                below.extend(child for child in value if isinstance(child, Node))
        stack.extend(reversed(below))
