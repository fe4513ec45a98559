"""A position in a list of tokens, with the refusals that every part of the parser shares."""

from __future__ import annotations

from lakesim.groq.ast import Expression, Node, Span
from lakesim.groq.errors import GroqSyntaxError
from lakesim.groq.lexer import quote, tokenize
from lakesim.groq.tokens import Token

__all__ = ["DEPTH_MAX", "Cursor"]

DEPTH_MAX = 64
"""Expressions inside one another; deeper queries are refused."""

_MISPLACED = {
    "=>": ' A pair "condition => value" may stand in an object and in select() only.',
    "..": ' A range may stand after "in" and in a slice only.',
    "...": ' A range may stand after "in" and in a slice only.',
    "asc": ' "asc" may stand at the end of an argument of order() only, outside "&&" and "||".',
    "desc": ' "desc" may stand at the end of an argument of order() only, outside "&&" and "||".',
    "==": ' Comparisons do not chain; put one of them in parentheses, or write "&&" between two.',
}
for _operator in ("!=", "<", "<=", ">", ">=", "in", "match"):
    _MISPLACED[_operator] = _MISPLACED["=="]


class Cursor:
    """Reads tokens one by one."""

    def __init__(self, text: str) -> None:
        """Cut `text` into tokens and stand before the first.

        Raises: GroqSyntaxError as `tokenize` does.
        """
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0
        self.token: Token = self.tokens[0]
        self.depth = 0

    def advance(self) -> Token:
        """Return the current token and stand before the next; the end is never passed."""
        token = self.token
        if token.kind != "end":
            self.index += 1
            self.token = self.tokens[self.index]
        return token

    def ahead(self, count: int = 1) -> Token:
        """Return the token `count` places after the current one, the end if there are fewer."""
        return self.tokens[min(self.index + count, len(self.tokens) - 1)]

    def at(self, *operators: str) -> bool:
        """Whether the current token is one of these operators."""
        return self.token.kind == "operator" and self.token.text in operators

    def accept(self, operator: str) -> bool:
        """Pass the operator if it is the current token, and say whether it was."""
        if self.token.kind == "operator" and self.token.text == operator:
            self.advance()
            return True
        return False

    def span_from(self, start: int) -> Span:
        """Return the span from `start` to the end of the last token passed."""
        return (start, self.tokens[self.index - 1].end if self.index else start)

    def enter(self) -> None:
        """Go one expression deeper.

        Raises: GroqSyntaxError below DEPTH_MAX.
        """
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise self.error(f"the query is nested more than {DEPTH_MAX} levels deep", self.token.start)

    def leave(self) -> None:
        """Come back from `enter`."""
        self.depth -= 1

    def error(self, description: str, start: int, end: int | None = None, hint: str = "") -> GroqSyntaxError:
        """Return a refusal placed in this text."""
        return GroqSyntaxError(description, self.text, start, end, hint)

    def unexpected(self) -> GroqSyntaxError:
        """Return the refusal of a token that cannot begin an operand."""
        token = self.token
        if token.kind == "end":
            return self.error("unexpected end-of-file, expected expression", token.start)
        return self.error(f"unexpected token {quote(token.text)}, expected expression", token.start, token.end)

    def close(self, closer: str, opened: int, what: str) -> None:
        """Pass the closing `closer` of what began at offset `opened`.

        Raises: GroqSyntaxError if something else stands there.
        """
        if not self.accept(closer):
            hint = self.misplaced()
            raise self.error(f"expected '{closer}' following {what}", opened, self.token.end, hint)

    def misplaced(self) -> str:
        """Return a hint about an operator that stands where it may not, or an empty string."""
        return _MISPLACED.get(self.token.text, "") if self.token.kind in ("operator", "name") else ""

    def expression(self, *, range_allowed: bool = False) -> Expression:
        """Parse an expression; every part of the parser may need one."""
        raise NotImplementedError

    def selector(self) -> Node:
        """Parse a selector."""
        raise NotImplementedError
