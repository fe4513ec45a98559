"""Tree → canonical text: one spelling per tree, and `parse(print_query(tree)) == tree`.

Parentheses stand where the tree has a Group, and also where a tree made by hand would mean something else without.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from lakesim.groq.ast import (
    Arithmetic,
    ArrayItem,
    ArrayLiteral,
    Attribute,
    AttributeStep,
    Boolean,
    Bracket,
    Call,
    Comparison,
    Conditional,
    Dereference,
    Element,
    Elements,
    Entry,
    Everything,
    Expression,
    Filter,
    FunctionDeclaration,
    Group,
    Logical,
    Member,
    Node,
    Null,
    Number,
    ObjectLiteral,
    Pair,
    Parameter,
    Parent,
    PipeCall,
    Power,
    Projection,
    Query,
    Range,
    SelectorAnywhere,
    SelectorName,
    SelectorPath,
    SelectorTuple,
    Shorthand,
    Slice,
    SortKey,
    Spread,
    String,
    This,
    Traversal,
    Unary,
)
from lakesim.groq.number_text import number_text

__all__ = ["print_expression", "print_query"]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LITERAL_NAMES = frozenset({"true", "false", "null"})
_PRECEDENCE: dict[type[Node], int] = {Pair: 1, Comparison: 4, Range: 5, Power: 9}
_OPERAND = 11


def print_query(query: Query) -> str:
    """Return the canonical text of a whole query."""
    return "".join(f"{_function(function)}\n" for function in query.functions) + print_expression(query.body)


def print_expression(node: Node) -> str:
    """Return the canonical text of an expression, a step or a selector."""
    return _PRINTERS[type(node)](node)


def _function(node: FunctionDeclaration) -> str:
    steps = "".join(map(print_expression, node.steps))
    return f"fn {node.namespace}::{node.name}(${node.parameter}) = ${node.parameter}{steps};"


def _precedence(node: Node) -> int:
    if isinstance(node, Logical):
        return 2 if node.operator == "||" else 3
    if isinstance(node, Arithmetic):
        return 6 if node.operators[0] in "+-" else 7
    if isinstance(node, Unary):
        return 8 if node.operator == "-" else 10
    return _PRECEDENCE.get(type(node), _OPERAND)


def _at(node: Node, level_min: int) -> str:
    """Return an operand of an operator, in parentheses if it binds looser than `level_min`."""
    text = print_expression(node)
    return text if _precedence(node) >= level_min else f"({text})"


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _number(node: Number) -> str:
    # A number below zero cannot be written as a literal; it comes from a constant bracket only.
    return number_text(node.value)


def _logical(node: Logical) -> str:
    level = _precedence(node) + 1
    return f" {node.operator} ".join(_at(operand, level) for operand in node.operands)


def _arithmetic(node: Arithmetic) -> str:
    level = _precedence(node) + 1
    parts = [_at(node.operands[0], level)]
    for operator, operand in zip(node.operators, node.operands[1:], strict=True):
        parts.append(f"{operator} {_at(operand, level)}")
    return " ".join(parts)


def _power(node: Power) -> str:
    exponent = node.exponent
    # The exponent may begin with a minus although that binds looser.
    right = print_expression(exponent) if isinstance(exponent, Unary) else _at(exponent, 9)
    return f"{_at(node.base, 10)} ** {right}"


def _unary(node: Unary) -> str:
    operand = node.operand
    if isinstance(operand, Unary):
        # Any prefix operator may follow another, whatever their levels; a space keeps them apart.
        return f"{node.operator} {print_expression(operand)}"
    return f"{node.operator}{_at(operand, 8 if node.operator == '-' else 10)}"


def _comparison(node: Comparison) -> str:
    return f"{_at(node.left, 5)} {node.operator} {_at(node.right, 5)}"


def _range(node: Range) -> str:
    return f"{_at(node.lower, 6)}{'..' if node.inclusive else '...'}{_at(node.upper, 6)}"


def _slice(node: Slice) -> str:
    return f"[{_at(node.lower, 6)}{'..' if node.inclusive else '...'}{_at(node.upper, 6)}]"


def _item(node: ArrayItem) -> str:
    return f"...{print_expression(node.value)}" if node.spread else print_expression(node.value)


def _call(node: Call) -> str:
    name = node.name if node.namespace == "global" else f"{node.namespace}::{node.name}"
    return f"{name}({_list(node.arguments)})"


def _pipe(node: PipeCall) -> str:
    return f"{_at(node.base, _OPERAND)} | {node.name}({_list(node.arguments)})"


def _sort_key(node: SortKey) -> str:
    if not node.descending:
        return print_expression(node.value)
    return f"{_at(node.value, 4)} desc"


def _attribute_step(node: AttributeStep) -> str:
    return f".{node.name}" if _NAME.fullmatch(node.name) else f"[{_string(node.name)}]"


def _traversal(node: Traversal) -> str:
    return _at_base(node.base) + "".join(map(print_expression, node.steps))


def _at_base(node: Expression) -> str:
    # A traversal within a traversal ends at its parentheses; without them it would be one.
    return f"({print_expression(node)})" if isinstance(node, Traversal) else _at(node, _OPERAND)


def _element(node: Element) -> str:
    return f"[-{number_text(-node.index)}]" if node.index < 0 else f"[{number_text(node.index)}]"


def _members(members: Sequence[Member]) -> str:
    return "{" + ", ".join(map(print_expression, members)) + "}"


def _spread(node: Spread) -> str:
    return "..." if node.value is None else f"...{print_expression(node.value)}"


def _list(nodes: Sequence[Node]) -> str:
    return ", ".join(map(print_expression, nodes))


_PRINTERS: dict[type[Node], Callable[[Any], str]] = {
    Null: lambda node: "null",
    Boolean: lambda node: "true" if node.value else "false",
    Number: _number,
    String: lambda node: _string(node.value),
    Parameter: lambda node: f"${node.name}",
    This: lambda node: "@",
    Everything: lambda node: "*",
    Parent: lambda node: ".".join("^" * node.levels),
    Attribute: lambda node: node.name,
    Group: lambda node: f"({print_expression(node.inner)})",
    ArrayItem: _item,
    ArrayLiteral: lambda node: f"[{_list(node.items)}]",
    Entry: lambda node: f"{_string(node.key)}: {print_expression(node.value)}",
    Shorthand: lambda node: print_expression(node.value),
    Spread: _spread,
    Conditional: lambda node: f"{print_expression(node.condition)} => {print_expression(node.value)}",
    ObjectLiteral: lambda node: _members(node.members),
    Unary: _unary,
    Power: _power,
    Arithmetic: _arithmetic,
    Comparison: _comparison,
    Range: _range,
    Logical: _logical,
    Pair: lambda node: f"{print_expression(node.condition)} => {print_expression(node.value)}",
    Call: _call,
    AttributeStep: _attribute_step,
    Dereference: lambda node: "->",
    Elements: lambda node: "[]",
    Filter: lambda node: f"[{print_expression(node.condition)}]",
    Slice: _slice,
    Element: _element,
    Bracket: lambda node: f"[{print_expression(node.constant)}]",
    Projection: lambda node: _members(node.members),
    Traversal: _traversal,
    SortKey: _sort_key,
    PipeCall: _pipe,
    SelectorName: lambda node: node.name,
    SelectorAnywhere: lambda node: f"anywhere({print_expression(node.condition)})",
    SelectorTuple: lambda node: f"({_list(node.items)})",
    SelectorPath: lambda node: print_expression(node.base) + "".join(map(_selector_step, node.steps)),
    Query: print_query,
}


def _selector_step(node: Node) -> str:
    return f".{print_expression(node)}" if isinstance(node, SelectorTuple) else print_expression(node)
