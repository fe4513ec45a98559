"""How paths are read, and how malformed ones are refused."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lakesim.errors import InvalidValueError, ItemError
from lakesim.jsonmatch import Path as ParsedPath
from lakesim.jsonmatch import PathError, parse_path, print_path
from lakesim.jsonmatch.ast import Attribute, Comparison, Descend, Existence, Index, Slice, Union, Wildcard
from lakesim.jsonmatch.bounds import (
    BRACKET_DEPTH_MAX,
    DESCENTS_MAX,
    INDEX_MAX,
    PATH_LENGTH_MAX,
    PATH_STEPS_MAX,
    UNION_MEMBERS_MAX,
)

MALFORMED: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("malformed_paths.yaml"))
PIECES = st.sampled_from(
    [
        *"ab.[]*@$?:,'\"\\ -=!<>0129#é🎈",
        "..",
        "==",
        "!=",
        ">=",
        "true",
        "null",
        "_key",
        '"x"',
        "-1",
        "1.5",
        "\\u0041",
        "\n",
    ]
)
GARBAGE = st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=20)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("a", [Attribute("a")]),
        ("a.b", [Attribute("a"), Attribute("b")]),
        ("a['b c']", [Attribute("a"), Attribute("b c")]),
        ("a[b]", [Attribute("a"), Attribute("b")]),
        ("a[b.c]", [Attribute("a"), Attribute("b"), Attribute("c")]),
        ("a[-2]", [Attribute("a"), Index(-2)]),
        ("a[:-1]", [Attribute("a"), Slice(None, -1)]),
        ("a[*]", [Attribute("a"), Wildcard()]),
        ("a.*", [Attribute("a"), Wildcard()]),
        ("..a", [Descend(), Attribute("a")]),
        ("a..[0]", [Attribute("a"), Descend(), Index(0)]),
        ('a[b.c!="x"]', [Attribute("a"), Comparison((Attribute("b"), Attribute("c")), "!=", "x")]),
        ("a[@>=1.5]", [Attribute("a"), Comparison((), ">=", 1.5)]),
        ("a[3>@]", [Attribute("a"), Comparison((), "<", 3)]),
        ("a[null==b]", [Attribute("a"), Comparison((Attribute("b"),), "==", None)]),
        ("a[b?]", [Attribute("a"), Existence((Attribute("b"),))]),
        ("a[b,1:2]", [Attribute("a"), Union(((Attribute("b"),), (Slice(1, 2),)))]),
        ("@", []),
        ("$.a", [Attribute("a")]),
        ("$a", [Attribute("$a")]),
    ],
)
def test_text_becomes_steps(text: str, steps: list[Any]) -> None:
    path = parse_path(text)
    assert list(path.steps) == steps
    assert str(path) == text


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: repr(case["path"]))
def test_malformed_path_is_refused_with_place_and_remedy(case: dict[str, Any]) -> None:
    with pytest.raises(PathError) as caught:
        parse_path(case["path"])
    error = caught.value
    assert error.position == case["position"]
    assert case["remedy"] in error.remedy
    assert error.description.startswith("Malformed path ")
    assert isinstance(error, ItemError)


@given(GARBAGE)
@example("a" * PATH_LENGTH_MAX)
@example("[" * 1000)
@example("a[b[" * 500)
@example("-" * 50)
def test_any_text_gives_a_path_or_an_error_inside_the_text(text: str) -> None:
    outcome: ParsedPath | PathError
    try:
        outcome = parse_path(text)
    except PathError as refused:
        outcome = refused
    if isinstance(outcome, PathError):
        assert 0 <= outcome.position <= len(text)
        assert outcome.remedy
    else:
        assert parse_path(print_path(outcome)) == outcome


@pytest.mark.parametrize("value", [None, 5, ["a"], {}, True])
def test_what_is_no_string_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValueError, match="a path is a string"):
        parse_path(value)


def test_a_path_is_parsed_once() -> None:
    assert parse_path("cached.path[0]") is parse_path("cached.path[0]")


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("a" * PATH_LENGTH_MAX, "a" * (PATH_LENGTH_MAX + 1), "characters at most"),
        (".".join("a" * PATH_STEPS_MAX), ".".join("a" * (PATH_STEPS_MAX + 1)), "steps at most"),
        (
            f"a[{','.join(['0'] * UNION_MEMBERS_MAX)}]",
            f"a[{','.join(['0'] * (UNION_MEMBERS_MAX + 1))}]",
            "in one pair of brackets",
        ),
        (
            "[" * BRACKET_DEPTH_MAX + "a" + "]" * BRACKET_DEPTH_MAX,
            "[" * (BRACKET_DEPTH_MAX + 1) + "a" + "]" * (BRACKET_DEPTH_MAX + 1),
            "inside one another",
        ),
        ("..a" * DESCENTS_MAX, "..a" * (DESCENTS_MAX + 1), "times at most"),
        (f"a[{INDEX_MAX}]", f"a[{INDEX_MAX + 1}]", "indexes go up to"),
        (f"a[{-INDEX_MAX}:]", f"a[{-INDEX_MAX - 1}:]", "indexes go up to"),
    ],
    ids=["length", "steps", "union", "brackets", "descents", "index", "negative index"],
)
def test_bounds_hold_exactly(right: str, wrong: str, says: str) -> None:
    parse_path(right)
    with pytest.raises(PathError, match=says):
        parse_path(wrong)


def test_brackets_one_after_the_other_are_not_brackets_inside_one_another() -> None:
    row = "a" + "[0]" * (BRACKET_DEPTH_MAX + 10)
    parse_path(row)
    with pytest.raises(PathError, match="inside one another"):
        parse_path(row + "[" * (BRACKET_DEPTH_MAX + 1))


def test_too_many_descents_are_shown_at_the_one_too_many() -> None:
    path = "..a" * (DESCENTS_MAX + 1)
    with pytest.raises(PathError) as caught:
        parse_path(path)
    assert caught.value.position == path.rindex("..")
