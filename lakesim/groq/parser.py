"""Query text → tree: operators by precedence, traversals, declarations (groq reference, sections 3 and 13)."""

from __future__ import annotations

from typing import Literal, cast

from lakesim.groq.ast import (
    Arithmetic,
    Bracket,
    Comparison,
    ComparisonOperator,
    Expression,
    Logical,
    Parameter,
    Power,
    Query,
    Range,
    Slice,
    Unary,
    walk,
)
from lakesim.groq.check import check_query
from lakesim.groq.constants import has_parameter
from lakesim.groq.declarations import DeclarationParser
from lakesim.groq.tokens import Token

__all__ = ["OPERATOR_LEVELS", "ParsedQuery", "parse", "parse_query"]

_OR, _AND, _COMPARISON, _ADDITIVE, _MULTIPLICATIVE, _MINUS, _POWER, _PREFIX, _OPERAND = 2, 3, 4, 6, 7, 8, 9, 10, 11
OPERATOR_LEVELS = {
    "||": _OR,
    "&&": _AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "match"), _COMPARISON),
    **dict.fromkeys(("+", "-"), _ADDITIVE),
    **dict.fromkeys(("*", "/", "%"), _MULTIPLICATIVE),
    "**": _POWER,
}
"""Infix operators and how tightly they bind (groq reference, section 3)."""
_WORD_OPERATORS = frozenset({"in", "match"})


class ParsedQuery:
    """A tree and what its text asks for.

    Shape: `query` is the tree, `text` the source, `parameters` the places where parameters of the caller are used,
    `dynamic` the steps whose meaning or bounds depend on them.
    """

    __slots__ = ("delta", "dynamic", "parameters", "query", "text")

    def __init__(self, text: str, query: Query, parameters: tuple[Parameter, ...], *, delta: bool) -> None:
        """Keep the parts."""
        self.text = text
        self.query = query
        self.parameters = parameters
        self.delta = delta
        self.dynamic: tuple[Bracket | Slice, ...] = ()
        if parameters:
            self.dynamic = tuple(node for node in walk(query) if isinstance(node, (Bracket, Slice)) and _varies(node))


def _varies(node: Bracket | Slice) -> bool:
    return isinstance(node, Bracket) or has_parameter(node.lower) or has_parameter(node.upper)


class Parser(DeclarationParser):
    """The whole grammar; the base classes hold operands, steps, selectors and declarations."""

    def query(self) -> Query:
        """Parse a whole query.

        Raises: GroqSyntaxError.
        """
        if len(self.tokens) == 1:
            raise self.error("no query", 0, 0)
        functions = self.declarations()
        body = self.expression()
        if self.token.kind != "end":
            raise self.error("unable to parse entire expression", self.token.start, hint=self.misplaced())
        return Query(functions, body, span=(0, len(self.text)))

    def expression(self, *, range_allowed: bool = False) -> Expression:
        """Parse an expression, or `a..b` where that may stand."""
        self.enter()
        start = self.token.start
        node = self._climb(_OR)
        if range_allowed and self.at("..", "...") and not isinstance(node, (Logical, Comparison)):
            node = self._range(node, start)
        self.leave()
        return node

    def _climb(self, level_min: int, left: Expression | None = None) -> Expression:
        """Parse operators of at least `level_min`; `left` is an operand that has been read already."""
        start = self.token.start if left is None else left.span[0]
        if left is None:
            left = self._prefixed()
        # What has been read binds no tighter than this; a second comparison has nothing that it could belong to.
        level_max = _OPERAND
        while True:
            operator = self._operator()
            level = OPERATOR_LEVELS.get(operator, 0)
            if not level_min <= level <= level_max:
                return left
            level_max = level - 1 if level == _COMPARISON else level
            if level == _COMPARISON:
                self.advance()
                right = self._right_of_in() if operator == "in" else self._climb(_ADDITIVE)
                left = Comparison(cast(ComparisonOperator, operator), left, right, span=self.span_from(start))
            elif level == _POWER:
                self.advance()
                self.enter()
                # Right associative, and a minus may stand in the exponent.
                left = Power(left, self._climb(_POWER), span=self.span_from(start))
                self.leave()
            elif level in (_OR, _AND):
                left = self._run_of(cast(Literal["&&", "||"], operator), left, start)
            else:
                left = self._arithmetic(level, left, start)

    def _operator(self) -> str:
        token: Token = self.token
        if token.kind == "operator" or (token.kind == "name" and token.text in _WORD_OPERATORS):
            return token.text
        return ""

    def _run_of(self, operator: Literal["&&", "||"], left: Expression, start: int) -> Logical:
        operands = [left]
        while self.accept(operator):
            operands.append(self._climb(OPERATOR_LEVELS[operator] + 1))
        return Logical(operator, tuple(operands), span=self.span_from(start))

    def _arithmetic(self, level: int, left: Expression, start: int) -> Arithmetic:
        operators: list[str] = []
        operands = [left]
        while OPERATOR_LEVELS.get(self._operator()) == level:
            operators.append(self.advance().text)
            operands.append(self._climb(level + 1))
        kept = cast(tuple[Literal["+", "-", "*", "/", "%"], ...], tuple(operators))
        return Arithmetic(kept, tuple(operands), span=self.span_from(start))

    def _prefixed(self) -> Expression:
        token = self.token
        if token.kind == "operator" and token.text in ("+", "-", "!"):
            self.enter()
            self.advance()
            # Minus binds looser than `**`, plus and not bind tighter.
            operand = self._climb(_MINUS if token.text == "-" else _PREFIX)
            self.leave()
            operator = cast(Literal["+", "-", "!"], token.text)
            return Unary(operator, operand, span=self.span_from(token.start))
        return self.steps_after(self.operand())

    def _right_of_in(self) -> Expression:
        """Parse the right side of `in`: a range, bare or in parentheses, or any operand."""
        start = self.token.start
        left: Expression | None = None
        if self.at("("):
            group = self.group(range_allowed=True)
            if isinstance(group, Range):
                return group
            left = self.steps_after(group)
        node = self._climb(_ADDITIVE, left)
        return self._range(node, start) if self.at("..", "...") else node

    def _range(self, lower: Expression, start: int) -> Range:
        inclusive = self.advance().text == ".."
        upper = self._climb(_ADDITIVE)
        return Range(lower, upper, inclusive, span=self.span_from(start))


def parse_query(text: str, *, delta: bool = False) -> ParsedQuery:
    """Parse `text`; `delta` admits `before()`, `after()` and `delta::…`.

    Raises: GroqSyntaxError for anything that is not a valid query; GroqNotSupportedError for a valid one that needs
    a function this engine does not have.
    """
    parser = Parser(text, delta=delta)
    query = parser.query()
    inner = {id(parameter) for function in query.functions for parameter in parser.bound_parameters(function)}
    parameters = tuple(parameter for parameter in parser.parameters if id(parameter) not in inner)
    check_query(query, text)
    return ParsedQuery(text, query, parameters, delta=delta)


def parse(text: str, *, delta: bool = False) -> Query:
    """Return the tree of `text`; `lakesim.groq.printer.print_query` is its inverse.

    Raises: as `parse_query`.
    """
    return parse_query(text, delta=delta).query
