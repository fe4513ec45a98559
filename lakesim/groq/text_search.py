"""`text::query`: the search box's own little language, on the right side of `match`.

Words are all required, `"…"` is a phrase, `-word` must not occur, a trailing `*` matches a prefix; an empty query and
a lone `*` match everything (content-lake reference, section 7.4).
"""

from __future__ import annotations

import re

from lakesim.groq.values import Exportable, Value

__all__ = ["TextSearch", "text_query"]

_PART = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_WORD = re.compile(r"\w+")
_PATTERN_WORD = re.compile(r"\w+\*?")


class TextSearch(Exportable):
    """A parsed search expression.

    Shape: `required` and `excluded` are lists of phrases, a phrase a list of words; a word ending in `*` is a prefix.
    """

    __slots__ = ("excluded", "required", "text")

    def __init__(self, text: str) -> None:
        """Take the search text apart; nothing in it is an error."""
        self.text = text
        self.required: list[list[str]] = []
        self.excluded: list[list[str]] = []
        for minus, phrase, word in _PART.findall(text):
            words = _PATTERN_WORD.findall((phrase or word).casefold())
            if words:
                (self.excluded if minus else self.required).append(words)

    def matches(self, value: Value) -> bool:
        """Whether the pooled text of `value`, strings at any depth, holds all that is required and nothing excluded."""
        words = _words(value)
        return all(_occurs(phrase, words) for phrase in self.required) and not any(
            _occurs(phrase, words) for phrase in self.excluded
        )

    def score(self, value: Value) -> float:
        """Return how well `value` matches: the number of phrases found, at least 1 for a match, else 0."""
        return float(max(1, len(self.required))) if self.matches(value) else 0

    def to_json(self) -> None:
        """Return null: a search expression is no answer."""
        return


def _words(value: Value) -> list[str]:
    """Return all words of all strings in `value`, with a gap that no phrase crosses between two strings."""
    words: list[str] = []
    stack = [value]
    while stack:
        current = stack.pop()
        if type(current) is str:
            words.extend(_WORD.findall(current.casefold()))
            words.append("")
        elif type(current) is list:
            stack.extend(reversed(current))
        elif type(current) is dict:
            stack.extend(reversed(current.values()))
    return words


def _occurs(phrase: list[str], words: list[str]) -> bool:
    length = len(phrase)
    return any(all(map(_fits, phrase, words[start : start + length])) for start in range(len(words) - length + 1))


def _fits(pattern: str, word: str) -> bool:
    return word.startswith(pattern[:-1]) and word != "" if pattern.endswith("*") else word == pattern


def text_query(value: Value) -> TextSearch | None:
    """Return the search expression of a string, None for anything else."""
    return TextSearch(value) if type(value) is str else None
