"""Text patches made by the published `@sanity/diff-match-patch`, applied by it and by us.

On the text it was made for, a patch gives exactly the text it was made to give. On a text that somebody else has
changed, placing is a matter of degree. There the two agree in all but one or two of a thousand cases in ASCII, where
the published library stops counting at the end of a text that has become much shorter. In other text
they agree mostly: it measures in UTF-16 units and knows the letters of ASCII only, and ours measures in characters.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from lakesim.patch.text import apply_hunks, parse_hunks

SEED = 20261120
CASES = 1500
MADE_MIN = 0.9
"""The part of the cases for which the published library makes a patch."""
WORDS = ("the ", "rabid ", "dog ", "x", "dog ", "\n", "% ", "and then ")

pytestmark = pytest.mark.node


def text(source: random.Random, words: tuple[str, ...], count: int) -> str:
    return "".join(source.choices(words, k=count))


def edited(source: random.Random, words: tuple[str, ...], before: str, edits: int) -> str:
    for _ in range(edits):
        start = source.randint(0, len(before))
        stop = start + source.choice((0, 0, 3, 10, 40))
        before = before[:start] + text(source, words, source.choice((0, 1, 3))) + before[stop:]
    return before


@pytest.mark.parametrize(
    ("words", "agreement_min"),
    [(WORDS, 0.998), ((*WORDS, "é", "日本", "— "), 0.95), ((*WORDS, "🎈", "é", "👩‍🚀"), 0.95)],
    ids=["ascii", "two and three bytes", "four bytes"],
)
def test_patches_give_what_they_were_made_to_give(
    words: tuple[str, ...], agreement_min: float, play: Callable[[str, Iterable[Any]], list[Any]]
) -> None:
    source = random.Random(SEED)
    cases = []
    for _ in range(CASES):
        before = text(source, words, source.choice((3, 30, 120)))
        after = edited(source, words, before, source.choice((1, 1, 2, 4)))
        cases.append({"from": before, "to": after, "base": edited(source, words, before, 1)})
    same = made = 0
    for case, theirs in zip(cases, play("patch_texts.mjs", cases), strict=True):
        if "error" in theirs:
            continue
        made += 1
        hunks = parse_hunks(theirs["patch"])
        assert apply_hunks(hunks, case["from"]) == case["to"] == theirs["result"], (case, theirs["patch"])
        same += apply_hunks(hunks, case["base"]) == theirs["drifted"]
    assert made >= MADE_MIN * len(cases)
    assert same >= agreement_min * made
