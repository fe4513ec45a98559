"""Cuts the text of a path into tokens, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from lakesim.jsonmatch.bounds import PATH_LENGTH_MAX
from lakesim.jsonmatch.errors import PathError

__all__ = ["Token", "TokenKind", "tokenize"]

TokenKind: TypeAlias = Literal["name", "quoted", "string", "number", "operator", "punctuation", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Shape: `text` is the source text, `value` its meaning (decoded text of quotes, the number of a number, else the
    text); `start` and `end` count characters of the path.
    """

    kind: TokenKind
    text: str
    value: str | int | float
    start: int
    end: int


_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>")
_PUNCTUATION = re.compile(r"\.\.|[.\[\],:?*@]")
_LITERAL_TEXT = {'"': re.compile(r'[^"\\]*'), "'": re.compile(r"[^'\\]*")}
_ESCAPES = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX4 = re.compile(r"[0-9A-Fa-f]{4}")
_HIGH_SURROGATES = range(0xD800, 0xDC00)
_LOW_SURROGATES = range(0xDC00, 0xE000)


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text`, the last of kind `end`.

    Raises: PathError at a character that starts no token, an unclosed quote or a bad escape.
    """
    if len(text) > PATH_LENGTH_MAX:
        raise PathError(
            text, PATH_LENGTH_MAX, "the path is too long", f"paths have {PATH_LENGTH_MAX} characters at most"
        )
    tokens: list[Token] = []
    position = _skip_space(text, 0)
    while position < len(text):
        token = _token_at(text, position)
        tokens.append(token)
        position = _skip_space(text, token.end)
    tokens.append(Token("end", "", "", len(text), len(text)))
    return tokens


def _skip_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _token_at(text: str, start: int) -> Token:
    character = text[start]
    if character in _LITERAL_TEXT:
        return _quoted(text, start)
    if found := _NAME.match(text, start):
        # A `$` alone is the other spelling of `@`.
        kind: TokenKind = "punctuation" if found[0] == "$" else "name"
        return Token(kind, found[0], "@" if found[0] == "$" else found[0], start, found.end())
    if found := _NUMBER.match(text, start):
        return Token("number", found[0], _number(text, found), start, found.end())
    if found := _OPERATOR.match(text, start):
        return Token("operator", found[0], found[0], start, found.end())
    if found := _PUNCTUATION.match(text, start):
        return Token("punctuation", found[0], found[0], start, found.end())
    return _refuse_character(text, start)


def _number(text: str, found: re.Match[str]) -> int | float:
    if found[1] is None and found[2] is None:
        return int(found[0])
    value = float(found[0])
    if value in (float("inf"), float("-inf")):
        raise PathError(text, found.start(), "the number is too large", "numbers are IEEE doubles, below 1.8e308")
    return value


def _refuse_character(text: str, position: int) -> NoReturn:
    character = text[position]
    if character == "=":
        raise PathError(text, position, "a single =", 'comparisons are written with two: [_key=="a"]')
    if character == "!":
        raise PathError(text, position, "a ! without =", 'negation is written !=, as in [_type!="image"]')
    if character == "-":
        raise PathError(text, position, "a dash outside quotes", "quote such a name: ['odd-name']")
    if character in "()":
        raise PathError(text, position, "a parenthesis", "paths have none; separate alternatives by commas: [a, b]")
    if character in "&|":
        raise PathError(text, position, f'"{character}"', "filters cannot be combined; separate alternatives by commas")
    raise PathError(text, position, f"the character {character!a}", "quote a name with such characters: ['odd-name']")


def _quoted(text: str, start: int) -> Token:
    quote = text[start]
    plain = _LITERAL_TEXT[quote]
    parts: list[str] = []
    position = start + 1
    while True:
        found = plain.match(text, position)
        if found:
            parts.append(found[0])
            position = found.end()
        if position >= len(text):
            raise PathError(text, start, "a quote that is never closed", f"end it with {quote}")
        if text[position] == quote:
            break
        piece, position = _escape(text, position)
        parts.append(piece)
    kind: TokenKind = "string" if quote == '"' else "quoted"
    return Token(kind, text[start : position + 1], "".join(parts), start, position + 1)


def _escape(text: str, position: int) -> tuple[str, int]:
    r"""Decode the escape at `position` (its backslash) and return it with the position after it."""
    letter = text[position + 1 : position + 2]
    if letter in _ESCAPES and letter:
        return _ESCAPES[letter], position + 2
    code = _code_unit(text, position)
    if code is None:
        raise PathError(
            text, position, "an unknown escape", "the escapes are \\\" \\' \\\\ \\/ \\b \\f \\n \\r \\t \\u0041"
        )
    if code in _HIGH_SURROGATES:
        low = _code_unit(text, position + 6)
        if low is not None and low in _LOW_SURROGATES:
            return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), position + 12
    if code in _HIGH_SURROGATES or code in _LOW_SURROGATES:
        raise PathError(text, position, "half a surrogate pair", "write both halves, or the character itself")
    return chr(code), position + 6


def _code_unit(text: str, position: int) -> int | None:
    if text[position : position + 2] != "\\u":
        return None
    found = _HEX4.match(text, position + 2)
    return int(found[0], 16) if found else None
