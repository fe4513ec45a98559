"""Parses what follows an operand: attributes, brackets, projections, pipes (groq reference, sections 5, 6 and 11)."""

from __future__ import annotations

from typing import Literal, cast

from lakesim.groq.ast import (
    AttributeStep,
    Bracket,
    Dereference,
    Element,
    Elements,
    Expression,
    Filter,
    Logical,
    Node,
    Number,
    PipeCall,
    Projection,
    Range,
    Slice,
    SortKey,
    Step,
    Traversal,
)
from lakesim.groq.constants import evaluate_constant, has_parameter, is_constant, is_integral, is_number
from lakesim.groq.functions.registry import PIPE_FUNCTIONS
from lakesim.groq.lexer import quote
from lakesim.groq.operands import OperandParser
from lakesim.suggest import did_you_mean

__all__ = ["BAD_BOUNDS", "PIPES_MAX", "StepParser"]

PIPES_MAX = 32
"""Calls of order and score one behind the other."""
BAD_BOUNDS = "subscript ranges must have integer endpoints"


class StepParser(OperandParser):
    """The part of the parser that reads the steps of a traversal."""

    def steps_after(self, base: Expression) -> Expression:
        """Return `base` with all steps and pipes that follow it."""
        start = base.span[0]
        steps: list[Step] = []
        pipes = 0
        while self.token.kind == "operator":
            text = self.token.text
            if text == ".":
                steps.append(self.attribute())
            elif text == "[":
                steps.append(self.bracket())
            elif text == "{":
                first = self.token.start
                steps.append(Projection(self.members(), span=self.span_from(first)))
            elif text == "->":
                steps += self._dereference()
            elif text == "|":
                self.advance()
                if not self.at("{"):
                    base = self._pipe(self._joined(base, steps, start), start)
                    steps = []
                    pipes += 1
                    if pipes > PIPES_MAX:
                        raise self.error(f"more than {PIPES_MAX} pipes in a row", *base.span)
            else:
                break
        return self._joined(base, steps, start)

    def _joined(self, base: Expression, steps: list[Step], start: int) -> Expression:
        return Traversal(base, tuple(steps), span=self.span_from(start)) if steps else base

    def _dereference(self) -> list[Step]:
        """Parse `->`, and the name that may follow it at once."""
        arrow = self.advance()
        steps: list[Step] = [Dereference(span=(arrow.start, arrow.end))]
        if self.token.kind == "name":
            name = self.advance()
            steps.append(AttributeStep(name.text, span=(name.start, name.end)))
        return steps

    def attribute(self) -> AttributeStep:
        """Parse `.name`."""
        start = self.advance().start
        token = self.token
        if token.kind == "name":
            self.advance()
            return AttributeStep(token.text, span=(start, token.end))
        if token.kind == "parent" or self.at("@", "*"):
            raise self.error(f"{token.text[0]} is not allowed here", token.start, token.start + 1)
        if token.kind == "end":
            raise self.unexpected()
        raise self.error(f"unexpected token {quote(token.text)}, expected attribute name", token.start, token.end)

    def bracket(self) -> Step:
        """Parse `[…]`; what it is depends on the constant inside (groq reference, section 6)."""
        start = self.advance().start
        if self.accept("]"):
            return Elements(span=self.span_from(start))
        inner = self.expression(range_allowed=True)
        self.close("]", start, "expression")
        span = self.span_from(start)
        if isinstance(inner, Range):
            return self._slice(inner, span)
        if not is_constant(inner):
            return Filter(inner, span=span)
        if has_parameter(inner):
            return Bracket(inner, span=span)
        value = evaluate_constant(inner, {})
        if type(value) is str:
            return AttributeStep(value, span=span)
        return Element(float(value), span=span) if is_number(value) else Filter(inner, span=span)

    def _slice(self, bounds: Range, span: tuple[int, int]) -> Slice:
        if not (is_constant(bounds.lower) and is_constant(bounds.upper)):
            raise self.error(BAD_BOUNDS, *span)
        return Slice(self._bound(bounds.lower, span), self._bound(bounds.upper, span), bounds.inclusive, span=span)

    def _bound(self, bound: Expression, span: tuple[int, int]) -> Expression:
        if has_parameter(bound):
            return bound
        value = evaluate_constant(bound, {})
        if not is_integral(value):
            raise self.error(BAD_BOUNDS, *span)
        return Number(float(value), span=bound.span)

    def _pipe(self, base: Expression, start: int) -> PipeCall:
        token = self.token
        if token.kind == "end":
            raise self.unexpected()
        if token.kind == "name" and token.text == "global" and self.ahead().text == "::":
            self.advance()
            self.advance()
        name = self.token
        if name.kind != "name" or self.ahead().text != "(":
            # The whole right-hand side, where it can be read, is what is wrong; a number reads as itself.
            raise self.error("object or function expected", token.start, max(name.end, token.end))
        if name.text not in PIPE_FUNCTIONS:
            hint = did_you_mean(name.text, PIPE_FUNCTIONS)
            raise self.error(f'unknown pipe function "{name.text}"', name.start, name.end, hint)
        self.advance()
        opened = self.advance().start
        arguments: list[Node] = []
        while not self.at(")", ","):
            arguments.append(self._sort_key() if name.text == "order" else self.expression())
            if not self.accept(","):
                break
        self.close(")", opened, "function arguments")
        if not arguments:
            raise self.error(f"function {name.text}() expects at least 1 argument, got 0", *self.span_from(name.start))
        known = cast(Literal["order", "score"], name.text)
        return PipeCall(base, known, tuple(arguments), span=self.span_from(start))

    def _sort_key(self) -> SortKey:
        start = self.token.start
        value = self.expression()
        token = self.token
        descending = False
        if token.kind == "name" and token.text in ("asc", "desc"):
            if isinstance(value, Logical):
                raise self.error(f"unexpected {token.text}", token.start, token.end, self.misplaced())
            descending = token.text == "desc"
            self.advance()
        return SortKey(value, descending, span=self.span_from(start))
