"""The kinds of token a query is made of."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

__all__ = ["OPERATORS", "Token", "TokenKind"]

TokenKind: TypeAlias = Literal["name", "number", "string", "parameter", "parent", "operator", "end"]

OPERATORS = (
    *("...", "..", "**", "=>", "==", "!=", "<=", ">=", "&&", "||", "->", "::"),
    *("+", "-", "*", "/", "%", "!", "<", ">", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|", "@", ";", "="),
)
"""Punctuation, longest first so that the first that fits is the right one."""


class Token(NamedTuple):
    """One token.

    Shape: `text` is the source text (for `end` empty); `value` the decoded string, the number as a double, the name of
    a parameter, or the number of carets; `start` and `end` are code point offsets, end exclusive. The end of the input
    counts as one character wide, as in the service's positions.
    """

    kind: TokenKind
    text: str
    value: str | float
    start: int
    end: int
