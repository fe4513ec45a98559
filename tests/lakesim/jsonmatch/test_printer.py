"""Printed paths parse to the same path."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lakesim.jsonmatch import Path as ParsedPath
from lakesim.jsonmatch import parse_path, print_path
from lakesim.jsonmatch.ast import Attribute, Comparison, Descend, Existence, Index, Slice, Union, Wildcard

CASES: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("find_cases.yaml"))

# Half a surrogate pair cannot be written in a path, nor stored.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
ATTRIBUTES = st.builds(Attribute, st.sampled_from(["a", "_key", "true", "null", "$", "it's", "odd-name", ""]) | TEXTS)
INDEXES = st.builds(Index, st.integers(-3, 3))
BOUNDS = st.none() | st.integers(-3, 3)
LITERALS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
LEFTS = st.lists(ATTRIBUTES | INDEXES | st.just(Wildcard()), max_size=2).map(tuple)
SIMPLE = (
    ATTRIBUTES
    | INDEXES
    | st.builds(Slice, BOUNDS, BOUNDS)
    | st.just(Wildcard())
    | st.builds(Comparison, LEFTS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), LITERALS)
    | st.builds(Existence, LEFTS)
)
MEMBERS = st.lists(SIMPLE, min_size=1, max_size=2).map(tuple)
UNIONS = st.lists(MEMBERS, min_size=2, max_size=3).map(lambda members: Union(tuple(members)))
SEGMENTS = (SIMPLE | UNIONS).map(lambda step: (step,)) | SIMPLE.map(lambda step: (Descend(), step))


def joined(segments: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    steps: list[Any] = []
    for segment in segments:
        # One path has a bounded number of descents.
        steps.extend(segment if sum(type(step) is Descend for step in steps) < 2 else segment[-1:])
    return tuple(steps)


@given(st.lists(SEGMENTS, max_size=5).map(joined))
def test_parse_reverses_print(steps: tuple[Any, ...]) -> None:
    assert parse_path(print_path(ParsedPath(steps))).steps == steps


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_print_and_parse_again_is_the_same_path(case: dict[str, Any]) -> None:
    path = parse_path(case["path"])
    assert parse_path(print_path(path)) == path


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (" a . b [ 0 ] ", "a.b[0]"),
        ("a['b']['odd-name']", "a.b['odd-name']"),
        ('a["x" == _key]', 'a[_key=="x"]'),
        ("a[x,1 : 2]..y", "a[x, 1:2]..y"),
        ("$", "@"),
    ],
)
def test_print_is_canonical(text: str, printed: str) -> None:
    assert print_path(parse_path(text)) == printed
