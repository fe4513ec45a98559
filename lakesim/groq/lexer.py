"""Cuts query text into tokens (groq reference, section 2)."""

from __future__ import annotations

import re

from lakesim.groq.errors import GroqSyntaxError
from lakesim.groq.tokens import OPERATORS, Token

__all__ = ["QUERY_LENGTH_MAX", "QUERY_TOKENS_MAX", "quote", "tokenize"]

QUERY_LENGTH_MAX = 1_000_000
"""Code points of a query."""
QUERY_TOKENS_MAX = 100_000
"""Tokens of a query; as many are compiled in some seconds."""

_SPACE = re.compile(r"(?:[\t\n\v\f\r \u0085\u00a0]|//[^\n]*)+")
_TOKEN = re.compile(
    r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<quote>[\"'])"
    r"|\$(?P<parameter>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<parent>\^(?:\.\^)*)"
    r"|(?P<operator>" + "|".join(re.escape(operator) for operator in OPERATORS) + ")"
)
_AFTER_NUMBER = re.compile(r"[A-Za-z_.]")
_PLAIN = {'"': re.compile(r'[^"\\]*'), "'": re.compile(r"[^'\\]*")}
_ESCAPES = {"'": "'", '"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX4 = re.compile(r"[0-9A-Fa-f]{4}")
_HEX_BRACED = re.compile(r"\{([0-9A-Fa-f]+)\}")
_CODE_POINT_MAX = 0x10FFFF


def quote(text: str) -> str:
    """Return token text between double quotes with escapes, as the service quotes it in messages."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\n")
        elif char == "\t":
            out.append("\\t")
        elif char == "\r":
            out.append("\\r")
        elif char.isprintable():
            out.append(char)
        else:
            code = ord(char)
            out.append(f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return f'"{"".join(out)}"'


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text`, the last of kind `end`.

    Raises: GroqSyntaxError for text that is no token, an unfinished string, an impossible escape, or a text beyond
    QUERY_LENGTH_MAX or QUERY_TOKENS_MAX.
    """
    if len(text) > QUERY_LENGTH_MAX:
        raise GroqSyntaxError(f"the query has {len(text)} characters, the limit is {QUERY_LENGTH_MAX}", text, 0, 0)
    tokens: list[Token] = []
    offset, length = 0, len(text)
    while True:
        space = _SPACE.match(text, offset)
        if space:
            offset = space.end()
        if offset >= length:
            tokens.append(Token("end", "", "", length, length + 1))
            return tokens
        match = _TOKEN.match(text, offset)
        if match is None:
            raise _unexpected(text, offset, offset + 1)
        token = _make(text, match)
        tokens.append(token)
        if len(tokens) > QUERY_TOKENS_MAX:
            raise GroqSyntaxError(f"the query has more than {QUERY_TOKENS_MAX} tokens", text, offset, token.end)
        offset = token.end


def _make(text: str, match: re.Match[str]) -> Token:
    start, end = match.span()
    found = match.group()
    kind = match.lastgroup
    if kind == "name":
        return Token("name", found, found, start, end)
    if kind == "operator":
        return Token("operator", found, found, start, end)
    if kind == "number":
        # `1.` is no number; `1..3` is the number 1 before a range, `1.a` an attribute of it.
        if text.startswith(".", end) and not _AFTER_NUMBER.match(text, end + 1):
            raise _unexpected(text, start, end + 1)
        return Token("number", found, float(found), start, end)
    if kind == "parameter":
        return Token("parameter", found, found[1:], start, end)
    if kind == "parent":
        return Token("parent", found, float(found.count("^")), start, end)
    return _string(text, start)


def _string(text: str, start: int) -> Token:
    mark = text[start]
    plain = _PLAIN[mark]
    parts: list[str] = []
    offset = start + 1
    while True:
        run = plain.match(text, offset)
        assert run is not None
        parts.append(run.group())
        offset = run.end()
        if offset >= len(text):
            raise _unexpected(text, start, len(text))
        if text[offset] == mark:
            return Token("string", text[start : offset + 1], "".join(parts), start, offset + 1)
        char, offset = _escape(text, offset)
        parts.append(char)


def _escape(text: str, start: int) -> tuple[str, int]:
    """Return the character that the escape at `start` stands for and the offset behind it."""
    letter = text[start + 1 : start + 2]
    if letter in _ESCAPES:
        return _ESCAPES[letter], start + 2
    if letter != "u":
        wrong = text[start : start + 2]
        raise GroqSyntaxError(f"invalid escape sequence {quote(wrong)}", text, start, start + len(wrong))
    braced = _HEX_BRACED.match(text, start + 2)
    if braced:
        digits = braced.group(1).lstrip("0")
        code = int(digits or "0", 16) if len(digits) <= 6 else _CODE_POINT_MAX + 1
        return _character(text, code, start, braced.end())
    high = _HEX4.match(text, start + 2)
    if high is None:
        wrong = text[start : start + 6]
        raise GroqSyntaxError(f"invalid escape sequence {quote(wrong)}", text, start, start + len(wrong))
    code = int(high.group(), 16)
    end = high.end()
    if 0xD800 <= code < 0xDC00 and text.startswith("\\u", end):
        low = _HEX4.match(text, end + 2)
        if low and 0xDC00 <= int(low.group(), 16) < 0xE000:
            code = 0x10000 + ((code - 0xD800) << 10) + int(low.group(), 16) - 0xDC00
            end = low.end()
    return _character(text, code, start, end)


def _character(text: str, code: int, start: int, end: int) -> tuple[str, int]:
    if code > _CODE_POINT_MAX or 0xD800 <= code < 0xE000:
        raise GroqSyntaxError(f"{quote(text[start:end])} names no character", text, start, end)
    return chr(code), end


def _unexpected(text: str, start: int, end: int) -> GroqSyntaxError:
    return GroqSyntaxError(f"unexpected token {quote(text[start:end])}, expected expression", text, start, end)
