"""`match`: cutting text into tokens and patterns into terms (groq reference, section 10)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from lakesim.groq.text_search import TextSearch
from lakesim.groq.values import Value

__all__ = ["TERM_LENGTH_MAX", "Matcher", "Term", "fold", "glob", "make_matcher", "matches", "texts_of", "tokens_of"]

TERM_LENGTH_MAX = 1024
"""Characters of a pattern's term that count."""
MATCHER_CACHE_SIZE = 512
"""Patterns whose terms are kept."""

_TERMS_FEW = 4
"""Terms from which on the tokens are worth a set."""

_SEPARATORS = r"!@#$%\^&()\,\\/?\";:{}|\[\]+<>\s\-"
_TOKENS = re.compile(f"[^{_SEPARATORS}*]+")
_TERMS = re.compile(f"[^{_SEPARATORS}]+")
_DOTS = re.compile(r"\.+")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def fold(text: str) -> str:
    """Return text in which two that differ by case only are the same; accents and ligatures stay apart."""
    return text.lower() if text.isascii() else "".join(map(_fold_char, text))


@lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    upper = char.upper()
    if len(upper) != 1 or (not char.isascii() and upper.isascii()):
        # A letter whose capital is two letters, or an ASCII one, is its own kind (JavaScript's rule).
        return char
    return upper.lower() if upper.isascii() else upper


def _without_joining_dots(text: str) -> str:
    """Remove runs of dots that touch a word character."""
    if "." not in text:
        return text
    parts: list[str] = []
    done = 0
    for run in _DOTS.finditer(text):
        start, end = run.span()
        if (start and text[start - 1] in _WORD) or (end < len(text) and text[end] in _WORD):
            parts.append(text[done:start])
            done = end
    parts.append(text[done:])
    return "".join(parts)


def tokens_of(text: str) -> list[str]:
    """Return the tokens of a text, case folded."""
    return _TOKENS.findall(fold(_without_joining_dots(text)))


def texts_of(value: Value) -> Iterator[str]:
    """Yield the strings that the left side of `match` stands for."""
    if type(value) is str:
        yield value
    elif type(value) is list:
        for item in value:
            if type(item) is str:
                yield item


def glob(pieces: list[str], token: str) -> bool:
    """Whether `token` is the pieces in this order with any run of characters between them; linear per piece."""
    first, last = pieces[0], pieces[-1]
    if len(token) < len(first) + len(last) or not token.startswith(first) or not token.endswith(last):
        return False
    offset, limit = len(first), len(token) - len(last)
    for piece in pieces[1:-1]:
        found = token.find(piece, offset, limit)
        if found < 0:
            return False
        offset = found + len(piece)
    return True


class Term:
    """One term of a pattern: a whole token, or one with `*` in it."""

    __slots__ = ("exact", "longest", "pieces")

    def __init__(self, text: str) -> None:
        """Cut the folded term at its stars."""
        text = text[:TERM_LENGTH_MAX]
        self.exact = text if "*" not in text else None
        self.pieces = text.split("*")
        self.longest = max(self.pieces, key=len)

    def count(self, tokens: list[str]) -> int:
        """Return how many of the tokens it matches."""
        if self.exact is not None:
            return tokens.count(self.exact)
        return sum(glob(self.pieces, token) for token in tokens)

    def found_in(self, tokens: Collection[str]) -> bool:
        """Whether it matches some token."""
        if self.exact is not None:
            return self.exact in tokens
        return any(glob(self.pieces, token) for token in tokens)


class Matcher:
    """The right side of `match`, ready to be held against texts."""

    __slots__ = ("terms",)

    def __init__(self, patterns: list[str]) -> None:
        """Collect the terms of all patterns."""
        found = (_TERMS.findall(fold(_without_joining_dots(pattern))) for pattern in patterns)
        # A term of nothing but stars asks for some token, like any other.
        self.terms = [Term(text) for texts in found for text in texts]

    def matches(self, value: Value) -> bool:
        """Whether every term matches some token of `value`."""
        if type(value) is str and "." not in value:
            # Most texts fail here, before they are cut: a term's longest piece is nowhere in them.
            folded = fold(value)
            for term in self.terms:
                if term.longest not in folded:
                    return False
            tokens = _TOKENS.findall(folded)
        else:
            tokens = self.tokens(value)
        known = tokens if len(self.terms) < _TERMS_FEW else set(tokens)
        return bool(tokens) and bool(self.terms) and all(term.found_in(known) for term in self.terms)

    def score(self, value: Value) -> float:
        """Return how well `value` matches: more for more matching tokens, 0 without a match."""
        if not self.matches(value):
            return 0
        tokens = self.tokens(value)
        total = 0.0
        for term in self.terms:
            frequency = term.count(tokens)
            total += frequency * 2.2 / (frequency + 1.2)
        return total

    @staticmethod
    def tokens(value: Value) -> list[str]:
        """Return the pooled tokens of the left side."""
        if type(value) is str:
            return tokens_of(value)
        return [token for text in texts_of(value) for token in tokens_of(text)]


class _Never:
    """A right side that matches nothing."""

    def matches(self, value: Value) -> bool:
        return False

    def score(self, value: Value) -> float:
        return 0


NEVER = _Never()


@lru_cache(maxsize=MATCHER_CACHE_SIZE)
def _cached(pattern: str) -> Matcher:
    return Matcher([pattern])


def make_matcher(pattern: Value) -> Matcher | TextSearch | _Never:
    """Return the matcher of any value on the right side of `match`."""
    if type(pattern) is str:
        return _cached(pattern) if len(pattern) <= TERM_LENGTH_MAX else Matcher([pattern])
    if type(pattern) is list and all(type(item) is str for item in pattern):
        return Matcher(pattern)
    return pattern if isinstance(pattern, TextSearch) else NEVER


def matches(value: Value, pattern: Value) -> bool:
    """Return `value match pattern`."""
    return make_matcher(pattern).matches(value)
