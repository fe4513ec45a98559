"""Parses selectors, the arguments that name places in a document (groq reference, section 14)."""

from __future__ import annotations

from lakesim.groq.ast import (
    AttributeStep,
    Bracket,
    Elements,
    Filter,
    Node,
    SelectorAnywhere,
    SelectorName,
    SelectorPath,
    SelectorTuple,
)
from lakesim.groq.errors import GroqSyntaxError
from lakesim.groq.steps import StepParser

__all__ = ["SELECTOR_STEPS_MAX", "SelectorParser"]

SELECTOR_STEPS_MAX = 200
"""Steps of one selector; documents are not nested as deeply."""

_HINT = " A selector is made of names, .name, [], [filter], .(a, b), (a, b) and anywhere(condition)."


class SelectorParser(StepParser):
    """The part of the parser that reads selectors."""

    def selector(self) -> Node:
        """Parse a selector.

        Raises: GroqSyntaxError for any other expression.
        """
        self.enter()
        start = self.token.start
        base = self._primary()
        steps: list[Node] = []
        while self.at(".", "["):
            steps.append(self._step())
            if len(steps) > SELECTOR_STEPS_MAX:
                raise self.error(f"a selector has at most {SELECTOR_STEPS_MAX} steps", *self.span_from(start))
        if not self.at(",", ")"):
            raise self._not_a_selector(start)
        self.leave()
        return SelectorPath(base, tuple(steps), span=self.span_from(start)) if steps else base

    def _primary(self) -> Node:
        token = self.token
        if self.at("("):
            return self._tuple()
        if token.kind != "name" or token.text in ("true", "false", "null"):
            raise self._not_a_selector(token.start)
        self.advance()
        if token.text == "anywhere" and self.at("("):
            opened = self.advance().start
            condition = self.expression()
            self.close(")", opened, "function arguments")
            return SelectorAnywhere(condition, span=self.span_from(token.start))
        return SelectorName(token.text, span=(token.start, token.end))

    def _tuple(self) -> SelectorTuple:
        start = self.advance().start
        items = [self.selector()]
        while self.accept(",") and not self.at(")"):
            items.append(self.selector())
        self.close(")", start, "tuple")
        return SelectorTuple(tuple(items), span=self.span_from(start))

    def _step(self) -> Node:
        after = self.ahead()
        if self.at(".") and after.kind == "operator" and after.text == "(":
            self.advance()
            return self._tuple()
        if self.at("."):
            return self.attribute()
        start = self.token.start
        step = self.bracket()
        if not isinstance(step, (AttributeStep, Elements, Filter, Bracket)):
            raise self._not_a_selector(start)
        return step

    def _not_a_selector(self, start: int) -> GroqSyntaxError:
        end = self.token.end if self.token.kind != "end" else self.token.start
        return self.error("expected a selector", start, max(start, end), _HINT)
