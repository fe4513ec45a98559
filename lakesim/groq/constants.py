"""Constant expressions: what decides whether `[e]` reads an attribute, an element, or filters."""

from __future__ import annotations

from collections.abc import Mapping

from lakesim.groq.arithmetic import add, divide, multiply, negate, plus, power, remainder, subtract
from lakesim.groq.ast import (
    Arithmetic,
    Boolean,
    Expression,
    Group,
    Null,
    Number,
    Parameter,
    Power,
    String,
    Unary,
    walk,
)
from lakesim.jsonvalue import Json

__all__ = ["evaluate_constant", "has_parameter", "is_constant", "is_integral", "is_number"]

_LITERALS = (Null, Boolean, Number, String)
_OPERATORS = {"+": add, "-": subtract, "*": multiply, "/": divide, "%": remainder}


def is_constant(node: Expression) -> bool:
    """Whether `node` is made of literals, parameters, groups and arithmetic alone (groq reference, section 6)."""
    if isinstance(node, (*_LITERALS, Parameter)):
        return True
    if isinstance(node, Group):
        return is_constant(node.inner)
    if isinstance(node, Unary):
        return node.operator != "!" and is_constant(node.operand)
    if isinstance(node, Arithmetic):
        return all(map(is_constant, node.operands))
    return isinstance(node, Power) and is_constant(node.base) and is_constant(node.exponent)


def has_parameter(node: Expression) -> bool:
    """Whether a parameter occurs anywhere in `node`."""
    return any(isinstance(child, Parameter) for child in walk(node))


def evaluate_constant(node: Expression, params: Mapping[str, Json]) -> Json:
    """Return the value of a constant expression; `params` must hold every parameter in it."""
    if isinstance(node, Parameter):
        return params[node.name]
    if isinstance(node, (Boolean, Number, String)):
        return node.value
    if isinstance(node, Group):
        return evaluate_constant(node.inner, params)
    if isinstance(node, Unary):
        value = evaluate_constant(node.operand, params)
        return negate(value) if node.operator == "-" else plus(value)
    if isinstance(node, Power):
        return power(evaluate_constant(node.base, params), evaluate_constant(node.exponent, params))
    if isinstance(node, Arithmetic):
        value = evaluate_constant(node.operands[0], params)
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            value = _OPERATORS[operator](value, evaluate_constant(operand, params))
        return value
    return None


def is_number(value: Json) -> bool:
    """Whether a JSON value is a number; a boolean is none."""
    return type(value) is int or type(value) is float


def is_integral(value: Json) -> bool:
    """Whether a value is a whole number, written `2` or `2.0`."""
    return type(value) is int or (type(value) is float and value.is_integer())
