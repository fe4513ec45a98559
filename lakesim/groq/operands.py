"""Parses operands: literals, names, groups, arrays, objects and calls (groq reference, sections 3, 7 and 12)."""

from __future__ import annotations

import math

from lakesim.groq.ast import (
    ArrayItem,
    ArrayLiteral,
    Attribute,
    Boolean,
    Call,
    Conditional,
    Entry,
    Everything,
    Expression,
    Group,
    Member,
    Node,
    Null,
    Number,
    ObjectLiteral,
    Pair,
    Parameter,
    Parent,
    Range,
    Shorthand,
    Spread,
    String,
    This,
)
from lakesim.groq.cursor import Cursor
from lakesim.groq.functions.registry import FUNCTIONS, PIPE_FUNCTIONS, FunctionSpec, known_names, namespaces
from lakesim.groq.tokens import Token
from lakesim.groq.traversal import derive_key
from lakesim.suggest import did_you_mean

__all__ = ["BAD_KEY", "OperandParser"]

BAD_KEY = "Must be an attribute or a string key"
_KEY_HINT = ' Give it one: "key": …'
_LITERALS = {"true", "false", "null"}


class OperandParser(Cursor):
    """The part of the parser that reads one operand without what follows it."""

    def __init__(self, text: str, *, delta: bool) -> None:
        """Start on `text`; `delta` admits the functions of delta mode."""
        super().__init__(text)
        self.delta = delta
        self.declared: set[tuple[str, str]] = set()
        self.parameters: list[Parameter] = []

    def operand(self) -> Expression:
        """Parse one operand.

        Raises: GroqSyntaxError if none stands here.
        """
        token = self.token
        span = (token.start, token.end)
        if token.kind == "name":
            return self._name()
        if token.kind == "operator":
            return self._punctuated(token)
        if token.kind == "end":
            raise self.unexpected()
        self.advance()
        if token.kind == "number":
            return Number(float(token.value), span=span) if math.isfinite(float(token.value)) else Null(span=span)
        if token.kind == "string":
            return String(str(token.value), span=span)
        if token.kind == "parameter":
            parameter = Parameter(str(token.value), span=span)
            self.parameters.append(parameter)
            return parameter
        return Parent(int(token.value), span=span)

    def _punctuated(self, token: Token) -> Expression:
        text, span = token.text, (token.start, token.end)
        if text == "(":
            return self.group()
        if text == "[":
            return self._array()
        if text == "{":
            members = self.members()
            return ObjectLiteral(members, span=self.span_from(token.start))
        if text == "*":
            self.advance()
            return Everything(span=span)
        if text == "@":
            self.advance()
            return This(span=span)
        raise self.unexpected()

    def group(self, *, range_allowed: bool = False) -> Expression:
        """Parse `(…)`; where a range may stand in parentheses, answer the range itself."""
        start = self.advance().start
        inner = self.expression(range_allowed=range_allowed)
        self.close(")", start, "parenthesized expression")
        return inner if isinstance(inner, Range) else Group(inner, span=self.span_from(start))

    def _array(self) -> ArrayLiteral:
        start = self.advance().start
        items: list[ArrayItem] = []
        while not self.at("]", ","):
            first = self.token.start
            spread = self.accept("...")
            value = self.expression()
            items.append(ArrayItem(value, spread, span=self.span_from(first)))
            if not self.accept(","):
                break
        self.close("]", start, "array body")
        return ArrayLiteral(tuple(items), span=self.span_from(start))

    def members(self) -> tuple[Member, ...]:
        """Parse `{…}`, of an object literal and of a projection alike."""
        start = self.advance().start
        members: list[Member] = []
        while not self.at("}", ","):
            members.append(self._member())
            if not self.accept(","):
                break
        self.close("}", start, "object body")
        return tuple(members)

    def _member(self) -> Member:
        token = self.token
        if self.accept("..."):
            value = None if self.at("}", ",") or self.token.kind == "end" else self.expression()
            return Spread(value, span=self.span_from(token.start))
        after = self.ahead()
        if token.kind == "string" and after.kind == "operator" and after.text == ":":
            self.advance()
            self.advance()
            return Entry(str(token.value), self.expression(), span=self.span_from(token.start))
        value = self.expression()
        if self.accept("=>"):
            return Conditional(value, self.expression(), span=self.span_from(token.start))
        key = derive_key(value)
        if key is None:
            raise self.error(BAD_KEY, *value.span, _KEY_HINT)
        return Shorthand(key, value, span=self.span_from(token.start))

    def _name(self) -> Expression:
        first = self.advance()
        if self.at("::"):
            separator = self.advance()
            second = self.token
            if second.kind != "name" or self.ahead().text != "(":
                end = second.end if second.kind == "name" else separator.end
                start = second.start if second.kind == "name" else separator.start
                raise self.error("expected a function following namespace expression", start, end)
            self.advance()
            return self._call(first.text, second.text, first.start, second.end)
        if self.at("("):
            return self._call("global", first.text, first.start, first.end)
        span = (first.start, first.end)
        if first.text in _LITERALS:
            return Null(span=span) if first.text == "null" else Boolean(first.text == "true", span=span)
        return Attribute(first.text, span=span)

    def _call(self, namespace: str, name: str, start: int, end: int) -> Call:
        if (namespace, name) in self.declared:
            arguments = self._arguments(None)
            self._check_arity(f"{namespace}::{name}", len(arguments), 1, 1, start)
            return Call(namespace, name, arguments, span=self.span_from(start))
        spec = FUNCTIONS.get((namespace, name))
        if spec is None:
            raise self._unknown(namespace, name, start, end)
        self._check_mode(spec, start, end)
        arguments = self._arguments(spec)
        self._check_arity(spec.full_name, len(arguments), spec.arguments_min, spec.arguments_max, start)
        return Call(namespace, name, arguments, span=self.span_from(start))

    def _arguments(self, spec: FunctionSpec | None) -> tuple[Node, ...]:
        start = self.advance().start
        arguments: list[Node] = []
        while not self.at(")", ","):
            if spec is not None and spec.selector == len(arguments):
                arguments.append(self.selector())
            elif spec is not None and spec.pairs:
                arguments.append(self._pair(arguments))
            else:
                arguments.append(self.expression())
            if not self.accept(","):
                break
        self.close(")", start, "function arguments")
        return tuple(arguments)

    def _pair(self, before: list[Node]) -> Node:
        start = self.token.start
        value = self.expression()
        if before and not isinstance(before[-1], Pair):
            raise self.error("the default of select() must be its last argument, and there is one only", *value.span)
        if self.accept("=>"):
            return Pair(value, self.expression(), span=self.span_from(start))
        return value

    def _unknown(self, namespace: str, name: str, start: int, end: int) -> Exception:
        shown = name if namespace == "global" else f"{namespace}::{name}"
        hint = did_you_mean(shown, known_names(self.declared))
        if namespace == "global" and name in PIPE_FUNCTIONS:
            hint = f' It stands after a pipe: "… | {name}(…)".'
        elif namespace != "global" and namespace not in namespaces():
            hint = hint or f' There is no namespace "{namespace}".'
        return self.error(f'unknown function "{shown}"', start, end, hint)

    def _check_mode(self, spec: FunctionSpec, start: int, end: int) -> None:
        if spec.mode == "delta" and not self.delta:
            raise self.error(f"{spec.full_name}() is only allowed in delta mode", start, end)

    def _check_arity(self, name: str, count: int, least: int, most: int | None, start: int) -> None:
        if count < least or (most is not None and count > most):
            if most is None:
                expected = f"at least {least}"
            else:
                expected = str(least) if least == most else f"{least} to {most}"
            noun = "argument" if expected.endswith("1") else "arguments"
            raise self.error(
                f"function {name}() expects {expected} {noun}, got {count}", start, self.tokens[self.index - 1].end
            )
