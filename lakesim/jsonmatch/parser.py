"""Turns the text of a path into its steps; everything malformed is refused here, with its place.

Source: content-lake reference, section 2.5. Where the two published parsers differ, the stricter one is followed:
an empty pair of brackets, a bare `..` and a string literal used as a selector are refused instead of matching nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NoReturn

from lakesim.errors import InvalidValueError
from lakesim.jsonmatch.ast import (
    Attribute,
    Comparison,
    Descend,
    Existence,
    Index,
    Operator,
    Path,
    Slice,
    Step,
    Steps,
    Union,
    Wildcard,
)
from lakesim.jsonmatch.bounds import BRACKET_DEPTH_MAX, DESCENTS_MAX, INDEX_MAX, PATH_STEPS_MAX, UNION_MEMBERS_MAX
from lakesim.jsonmatch.errors import PathError
from lakesim.jsonmatch.lexer import Token, tokenize
from lakesim.jsonvalue import type_name

__all__ = ["PATH_CACHE_SIZE", "parse_path"]

PATH_CACHE_SIZE = 4096
"""Parsed paths kept; editors send the same few over and over, keys make the rest."""

_MIRRORED: dict[str, Operator] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPERATORS: dict[str, Operator] = {operator: operator for operator in _MIRRORED.values()}
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def parse_path(text: str) -> Path:
    """Parse a path; the result is cached by its text.

    Raises: PathError with the position (in characters) and the remedy, InvalidValueError if `text` is no string.
    """
    if not isinstance(text, str):
        raise InvalidValueError(f'a path is a string such as "author.name", not {type_name(text)}')
    return _parse(str(text))


@lru_cache(maxsize=PATH_CACHE_SIZE)
def _parse(text: str) -> Path:
    return Path(_Parser(text).parse(), text)


class _Parser:
    """One pass over the tokens of one path."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.position = 0
        self.depth = 0
        self.descents = 0

    def parse(self) -> Steps:
        if self.at_end():
            self.refuse("the path is empty", 'name an attribute, as in "author.name"')
        steps = self.path()
        if not self.at_end():
            self.refuse(self.unexpected(), "steps are joined by . or by brackets: a.b[0]")
        return steps

    # The cursor.

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def at(self, *texts: str) -> bool:
        token = self.current
        return token.kind in ("punctuation", "operator") and token.value in texts

    def at_end(self) -> bool:
        return self.current.kind == "end"

    def take(self) -> Token:
        token = self.tokens[self.position]
        self.position += 1
        return token

    def unexpected(self) -> str:
        return "the path ends" if self.at_end() else f"unexpected {self.current.text}"

    def refuse(self, problem: str, remedy: str, *, at: Token | None = None) -> NoReturn:
        raise PathError(self.text, (at or self.current).start, problem, remedy)

    # The grammar.

    def path(self) -> Steps:
        """Parse `first (. step | .. step | [ … ])*`."""
        steps: list[Step] = []
        if self.at(".."):
            pass
        elif self.at("."):
            self.take()
            self.extend(steps, self.segment())
        else:
            self.extend(steps, self.segment())
        while self.at(".", "..", "["):
            if self.at("["):
                self.extend(steps, self.brackets())
            elif self.take().value == ".":
                self.extend(steps, self.segment())
            else:
                self.extend(steps, self.descent())
        return tuple(steps)

    def extend(self, steps: list[Step], more: Steps) -> None:
        steps.extend(more)
        if len(steps) > PATH_STEPS_MAX:
            self.refuse("the path is too long", f"paths have {PATH_STEPS_MAX} steps at most")

    def descent(self) -> Steps:
        self.descents += 1
        if self.descents > DESCENTS_MAX:
            self.refuse(
                "too many ..", f"a path uses .. {DESCENTS_MAX} times at most", at=self.tokens[self.position - 1]
            )
        if self.at_end() or self.at("]", ","):
            self.refuse(f"{self.unexpected()} after ..", 'say what to look for: ..name, ..[_key=="a"] or ..*')
        inner = self.segment()
        if not inner:
            self.refuse(".. followed by @", 'say what to look for: ..name, ..[_key=="a"] or ..*')
        return (Descend(), *inner)

    def segment(self) -> Steps:
        """Parse one name, quoted name, `*`, `@` or pair of brackets."""
        token = self.current
        if token.kind in ("name", "quoted"):
            self.take()
            return (Attribute(str(token.value)),)
        if self.at("*"):
            self.take()
            return (Wildcard(),)
        if self.at("@"):
            self.take()
            return ()
        if self.at("["):
            return self.brackets()
        if token.kind == "string":
            self.refuse("a string literal where a name belongs", "names are quoted singly: ['odd-name']")
        if token.kind == "number":
            self.refuse("a number where a name belongs", "indexes go in brackets, a[0]; odd names in quotes, ['0']")
        return self.refuse(f"{self.unexpected()} where a name belongs", 'name an attribute, as in "author.name"')

    def brackets(self) -> Steps:
        opening = self.take()
        self.depth += 1
        if self.depth > BRACKET_DEPTH_MAX:
            self.refuse("brackets too deep", f"{BRACKET_DEPTH_MAX} inside one another at most", at=opening)
        if self.at("]"):
            self.refuse("empty brackets", 'say which items: [0], [_key=="a"] or [*] for all')
        members = self.alternatives()
        while self.at(","):
            self.take()
            members.extend(self.alternatives())
            if len(members) > UNION_MEMBERS_MAX:
                self.refuse("too many alternatives", f"{UNION_MEMBERS_MAX} in one pair of brackets at most")
        if not self.at("]"):
            remedy = "close the brackets with ]" if self.at_end() else "separate alternatives by commas"
            self.refuse(f"{self.unexpected()} inside brackets", remedy)
        self.take()
        self.depth -= 1
        return members[0] if len(members) == 1 else (Union(tuple(members)),)

    def alternatives(self) -> list[Steps]:
        """Parse one alternative; brackets inside brackets add theirs to the outer ones."""
        member = self.member()
        return list(member[0].members) if len(member) == 1 and isinstance(member[0], Union) else [member]

    def member(self) -> Steps:
        """Parse one alternative inside brackets: slice, index, filter or path."""
        start = self.current
        if self.at(":"):
            return (self.slice_from(None),)
        if self.is_literal():
            return self.member_from_literal()
        left = self.path()
        if self.at("?"):
            self.take()
            return (Existence(left),)
        if self.current.kind == "operator":
            operator = _OPERATORS[self.take().text]
            return (Comparison(left, operator, self.literal()),)
        if not left:
            self.refuse("@ alone", "compare it, as in [@ > 5], or write * for all", at=start)
        return left

    def is_literal(self) -> bool:
        token = self.current
        return token.kind in ("string", "number") or (token.kind == "name" and token.text in _WORDS)

    def member_from_literal(self) -> Steps:
        """Parse an index or a slice, or a comparison with the literal on its left."""
        token = self.take()
        if self.current.kind == "operator":
            operator = _MIRRORED[self.take().text]
            if self.is_literal():
                self.refuse("a comparison of two literals", 'compare an attribute: [_key=="a"]')
            return (Comparison(self.path(), operator, self.meaning(token)),)
        if token.kind == "number":
            start = self.whole(token)
            return (self.slice_from(start),) if self.at(":") else (Index(start),)
        if token.kind == "string":
            self.refuse("a string literal as selector", "names are quoted singly: ['odd-name']", at=token)
        return self.refuse(f"{token.text} as selector", f"quote it if it is a name: ['{token.text}']", at=token)

    def slice_from(self, start: int | None) -> Slice:
        self.take()
        stop = self.whole(self.take()) if self.current.kind == "number" else None
        return Slice(start, stop)

    def whole(self, token: Token) -> int:
        if not isinstance(token.value, int):
            self.refuse("an index with a fraction or exponent", "indexes are whole numbers: [0], [-1]", at=token)
        if abs(token.value) > INDEX_MAX:
            self.refuse("an index out of range", f"indexes go up to {INDEX_MAX}", at=token)
        return token.value

    def literal(self) -> str | int | float | bool | None:
        if self.is_literal():
            return self.meaning(self.take())
        if self.current.kind == "quoted":
            self.refuse("a name where a literal belongs", f'strings are quoted doubly: "{self.current.value}"')
        return self.refuse(
            f"{self.unexpected()} where a literal belongs",
            'compare with a double-quoted string, a number, true, false or null: [_key=="a"]',
        )

    def meaning(self, token: Token) -> str | int | float | bool | None:
        return _WORDS[token.text] if token.kind == "name" else token.value
