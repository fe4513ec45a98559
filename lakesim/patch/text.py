"""Text patches: `@@ -1,4 +1,5 @@` hunks, parsed strictly and applied leniently, as the service does.

Headers count UTF-8 bytes, Python strings and the patch library count code points. A header's position refers to the
text as the hunks before it left it, so it can be converted only against the text it meets.
Source: content-lake reference, section 2.3.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias, cast
from urllib.parse import unquote_to_bytes

from diff_match_patch import diff_match_patch
from diff_match_patch.diff_match_patch import patch_obj

from lakesim.errors import InvalidValueError

__all__ = ["Edit", "Hunk", "apply_hunks", "parse_hunks"]

LINES_MAX = 2_000
"""Lines of one text patch; an editor sends a handful."""
KEPT_CHARACTERS_MAX = 100_000
"""Characters of context in one text patch; each hunk needs a few dozen."""
DIFF_CELLS_MAX = 1_000_000
"""What comparing inexact hunks with the text they met may cost in all, as products of the two lengths; hunks beyond
it are dropped."""
OFFSET_DIGITS_MAX = 12
"""Digits of a number in a hunk header."""

Edit: TypeAlias = tuple[Literal[-1, 0, 1], str]
"""-1 delete, 0 keep, 1 insert; and the text concerned."""

_HEADER = re.compile(rf"@@ -(\d{{1,{OFFSET_DIGITS_MAX}}})(?:,(\d{{0,{OFFSET_DIGITS_MAX}}}))? "
                     rf"\+(\d{{1,{OFFSET_DIGITS_MAX}}})(?:,(\d{{0,{OFFSET_DIGITS_MAX}}}))? @@")  # fmt: skip
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SIGNS: dict[str, Literal[-1, 0, 1]] = {"-": -1, " ": 0, "+": 1}


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk.

    Shape: `edits` in order. Units: `start` counts UTF-8 bytes from 0, in the text as earlier hunks left it.
    """

    start: int
    edits: tuple[Edit, ...]


class _Library(diff_match_patch):  # type: ignore[misc]  # the library has no type information
    """The patch library without its clock, and with a bound on what it compares; for one application."""

    def __init__(self) -> None:
        super().__init__()
        # Any positive value: it lets the library take the same short cuts as the published engine. The deadline that it
        # would compute from it is passed in `diff_main` instead.
        self.Diff_Timeout = 1.0
        self.cells_left = DIFF_CELLS_MAX
        self.comparing = False

    def diff_main(
        self, text1: str, text2: str, checklines: bool = True, deadline: float | None = None
    ) -> list[tuple[int, str]]:
        if self.comparing:
            # The library calling itself for parts of what has been paid for.
            return cast(list[tuple[int, str]], super().diff_main(text1, text2, checklines, deadline))
        self.cells_left -= len(text1) * len(text2)
        if self.cells_left < 0:
            # Nothing in common: the caller sees a bad match and drops the hunk.
            return [(self.DIFF_DELETE, text1), (self.DIFF_INSERT, text2)]
        self.comparing = True
        try:
            return cast(list[tuple[int, str]], super().diff_main(text1, text2, checklines, math.inf))
        finally:
            self.comparing = False

    def diff_xIndex(self, diffs: list[tuple[int, str]], loc: int) -> int:
        """Return where position `loc` of the first text went in the second.

        Written anew because the library's loop variable stops one short, so that a position behind a final deletion
        is taken for a deleted one.
        """
        first = second = 0
        for sign, part in diffs:
            if sign == self.DIFF_INSERT:
                second += len(part)
                continue
            if first + len(part) > loc:
                return second if sign == self.DIFF_DELETE else second + loc - first
            first += len(part)
            second += len(part) if sign == self.DIFF_EQUAL else 0
        return second + loc - first

    def patch_splitMax(self, patches: list[patch_obj]) -> None:
        """Split hunks that are too long to match, one at a time.

        Given all at once, the library loses its place behind the first split and leaves later hunks whole.
        """
        split: list[patch_obj] = []
        for patch in patches:
            pieces = [patch]
            super().patch_splitMax(pieces)
            split.extend(pieces)
        patches[:] = split


def parse_hunks(text: str) -> tuple[Hunk, ...]:
    """Parse the text of a patch; an empty one has no hunks.

    Raises: InvalidValueError naming the line (from 1) and what would be right.
    """
    lines = text.split("\n")
    if len(lines) > LINES_MAX:
        raise InvalidValueError(
            f"the text patch has {len(lines)} lines, {LINES_MAX} at most; set the whole text instead"
        )
    hunks: list[Hunk] = []
    start: int | None = None
    edits: list[Edit] = []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        if line[0] == "@":
            if start is not None:
                hunks.append(Hunk(start, _in_order(edits)))
            start, edits = _header(line, number), []
        elif line[0] not in _SIGNS:
            _refuse(number, line, 'lines start with "@@", "+", "-" or a space')
        elif start is None:
            _refuse(number, line, 'a patch starts with a header such as "@@ -1,4 +1,5 @@"')
        else:
            edits.append((_SIGNS[line[0]], _decoded(line[1:], number)))
    if start is not None:
        hunks.append(Hunk(start, _in_order(edits)))
    kept = sum(len(part) for hunk in hunks for sign, part in hunk.edits if sign == 0)
    if kept > KEPT_CHARACTERS_MAX:
        raise InvalidValueError(f"the text patch keeps {kept:,} characters of context, {KEPT_CHARACTERS_MAX:,} at most")
    return tuple(hunks)


def _in_order(edits: list[Edit]) -> tuple[Edit, ...]:
    """Join what is deleted, and what is inserted, between two kept parts; deletions first.

    The library handles a long deletion well only right behind a kept part.
    """
    out: list[Edit] = []
    deleted = inserted = ""
    for sign, part in [*edits, (0, "")]:
        if sign == -1:
            deleted += part
        elif sign == 1:
            inserted += part
        else:
            changes: list[Edit] = [(-1, deleted), (1, inserted), (0, part)]
            out.extend(edit for edit in changes if edit[1])
            deleted = inserted = ""
    return tuple(out)


def _header(line: str, number: int) -> int:
    found = _HEADER.fullmatch(line)
    if not found:
        _refuse(number, line, 'a header reads "@@ -1,4 +1,5 @@"')
    # A hunk that keeps and deletes nothing stands after its position, any other at it, counted from 1.
    return int(found[3]) if found[4] == "0" else max(0, int(found[3]) - 1)


def _decoded(text: str, number: int) -> str:
    if "%" not in text:
        return text
    if _BAD_ESCAPE.search(text):
        _refuse(number, text, "a percent sign is written %25")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return _refuse(number, text, "percent escapes spell UTF-8, such as %C3%A9")


def _refuse(number: int, line: str, remedy: str) -> NoReturn:
    shown = line if len(line) <= 60 else f"{line[:60]}…"
    raise InvalidValueError(f'malformed text patch at line {number}: "{shown}"; {remedy}')


def apply_hunks(hunks: tuple[Hunk, ...], text: str) -> str:
    """Return `text` with the hunks applied, each at the best place near its own; one that fits nowhere is dropped."""
    if not hunks:
        return text
    patched, _ = _Library().patch_apply(_located(hunks, text), text)
    return cast(str, patched)


def _located(hunks: tuple[Hunk, ...], text: str) -> list[patch_obj]:
    """Return the hunks in the library's form, their positions in code points."""
    encoded = None if text.isascii() else text.encode()
    bytes_grown = characters_grown = 0
    out: list[patch_obj] = []
    for hunk in hunks:
        # Back to the text before any hunk, where bytes can be counted as far as it goes; then forward again.
        offset = max(0, hunk.start - bytes_grown)
        start = min(offset, len(text)) if encoded is None else len(encoded[:offset].decode(errors="ignore"))
        patch = patch_obj()
        patch.diffs = list(hunk.edits)
        patch.start1 = patch.start2 = max(0, start + characters_grown)
        patch.length1 = sum(len(part) for sign, part in hunk.edits if sign != 1)
        patch.length2 = sum(len(part) for sign, part in hunk.edits if sign != -1)
        out.append(patch)
        bytes_grown += sum(sign * len(part.encode()) for sign, part in hunk.edits)
        characters_grown += patch.length2 - patch.length1
    return out
