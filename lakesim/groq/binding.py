"""Puts parameters into a tree: decides what `[$p]` is, checks bounds, and says what each parameter holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from lakesim.groq.arithmetic import INTEGER_MAX
from lakesim.groq.ast import (
    AttributeStep,
    Bracket,
    Element,
    Filter,
    Node,
    Parameter,
    PipeCall,
    Query,
    SelectorPath,
    Shorthand,
    Slice,
    walk,
)
from lakesim.groq.check import SCORE_BASE, is_scorable
from lakesim.groq.compile.fragment import Kind
from lakesim.groq.constants import evaluate_constant, is_integral, is_number
from lakesim.groq.errors import GroqSyntaxError
from lakesim.groq.operands import BAD_KEY
from lakesim.groq.parser import ParsedQuery
from lakesim.groq.steps import BAD_BOUNDS
from lakesim.groq.traversal import derive_key
from lakesim.jsonvalue import Json
from lakesim.suggest import did_you_mean

__all__ = ["Binding", "bind", "decide"]

N = TypeVar("N", bound=Node)

_KINDS: dict[type, Kind] = {str: "string", bool: "boolean", list: "list", dict: "object", type(None): "null"}


@dataclass(frozen=True, slots=True)
class Binding:
    """What a program for these parameters depends on.

    Shape: `kinds` is (parameter, kind) for every parameter that is used; `brackets` the value of every Bracket in the
    order of the text. Two parameter sets with equal bindings share a program.
    """

    kinds: tuple[tuple[str, Kind], ...]
    brackets: tuple[Json, ...]


def bind(parsed: ParsedQuery, params: Mapping[str, Json]) -> Binding:
    """Check that every parameter is there and fits its place.

    Raises: GroqSyntaxError.
    """
    for parameter in parsed.parameters:
        if parameter.name not in params:
            description = f"param ${parameter.name} referenced, but not provided"
            raise GroqSyntaxError(description, parsed.text, *parameter.span, did_you_mean(parameter.name, params))
    firsts = {parameter.name: parameter for parameter in reversed(parsed.parameters)}
    kinds = tuple((name, _kind(params[name], parameter, parsed.text)) for name, parameter in firsts.items())
    brackets: list[Json] = []
    for node in parsed.dynamic:
        if isinstance(node, Bracket):
            value = evaluate_constant(node.constant, params)
            brackets.append(value if type(value) is str or is_number(value) else None)
        elif not _has_integral_bounds(node, params):
            raise GroqSyntaxError(BAD_BOUNDS, parsed.text, *node.span)
    return Binding(kinds, tuple(brackets))


def _kind(value: Json, parameter: Parameter, text: str) -> Kind:
    kind = _KINDS.get(type(value))
    if kind is not None:
        return kind
    if is_number(value):
        return "number" if abs(value) < INTEGER_MAX else "any"
    description = f"the value of ${parameter.name} is no JSON value: {type(value).__name__}"
    raise GroqSyntaxError(description, text, *parameter.span)


def _has_integral_bounds(node: Slice, params: Mapping[str, Json]) -> bool:
    return is_integral(evaluate_constant(node.lower, params)) and is_integral(evaluate_constant(node.upper, params))


def decide(parsed: ParsedQuery, binding: Binding) -> Query:
    """Return the tree with every Bracket replaced by what it turned out to be.

    Raises: GroqSyntaxError where the result breaks a rule: a key that cannot be derived, a base that cannot be scored.
    """
    if not binding.brackets:
        return parsed.query
    brackets = [node for node in parsed.dynamic if isinstance(node, Bracket)]
    values = {id(node): value for node, value in zip(brackets, binding.brackets, strict=True)}
    query = _replace(parsed.query, values)
    for node in walk(query):
        if isinstance(node, Shorthand) and derive_key(node.value) is None:
            raise GroqSyntaxError(BAD_KEY, parsed.text, *node.span)
        if isinstance(node, PipeCall) and node.name == "score" and not is_scorable(node.base):
            raise GroqSyntaxError(SCORE_BASE, parsed.text, *node.base.span)
        if isinstance(node, SelectorPath) and any(isinstance(step, Element) for step in node.steps):
            raise GroqSyntaxError("expected a selector", parsed.text, *node.span)
    return query


def _replace(node: N, values: Mapping[int, Json]) -> N:
    """Return a copy of the tree with Brackets decided; parts without any are shared."""
    changes: dict[str, Any] = {}
    for item in fields(node):
        value = getattr(node, item.name)
        if isinstance(value, Node):
            new: Any = _decided(value, values)
            if new is not value:
                changes[item.name] = new
        elif isinstance(value, tuple) and item.name != "span":
            new = tuple(_decided(child, values) if isinstance(child, Node) else child for child in value)
            if any(left is not right for left, right in zip(new, value, strict=True)):
                changes[item.name] = new
    return replace(node, **changes) if changes else node


def _decided(node: Node, values: Mapping[int, Json]) -> Node:
    if not isinstance(node, Bracket):
        return _replace(node, values)
    value = values[id(node)]
    if type(value) is str:
        return AttributeStep(value, span=node.span)
    if value is not None:
        return Element(float(value), span=node.span)
    return Filter(node.constant, span=node.span)
