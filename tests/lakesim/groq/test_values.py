"""Values beyond JSON, their text, and the parts that the case files reach only at the edge."""

from __future__ import annotations

import math
import re
import struct
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesim.groq.answer_size import answer_size
from lakesim.groq.arithmetic import add, divide, multiply, normalize_number, power, remainder, subtract
from lakesim.groq.comparison import Membership, contains, equal, less, less_equal
from lakesim.groq.functions.sorting import order
from lakesim.groq.number_text import number_text
from lakesim.groq.source import CARET_LINE_MAX, line_and_column, show_place
from lakesim.groq.text_match import TERM_LENGTH_MAX, Matcher, glob, make_matcher, matches
from lakesim.groq.values import DateTime, Path, export, parse_datetime

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_text_reads_back_as_the_same_double(number: float) -> None:
    text = number_text(number)
    assert struct.pack("d", float(text) + 0.0) == struct.pack("d", number + 0.0)
    assert not text.endswith(".0")
    assert ("e" in text) == (number != 0 and not 1e-6 <= abs(number) < 1e21)


@given(NUMBERS, NUMBERS)
def test_arithmetic_gives_a_finite_double_or_null(left: float, right: float) -> None:
    for result in (
        add(left, right),
        subtract(left, right),
        multiply(left, right),
        divide(left, right),
        remainder(left, right),
        power(left, right),
    ):
        assert result is None or (math.isfinite(result) and float(result) == result)
        assert type(result) is not int or abs(result) <= 2**53


@given(st.integers(-(2**53), 2**53), st.integers(-(2**53), 2**53))
def test_integers_up_to_2_to_53_behave_as_doubles(left: int, right: int) -> None:
    assert add(left, right) == float(left) + float(right)
    assert subtract(left, right) == float(left) - float(right)
    assert multiply(left, right) == float(left) * float(right)


@given(SCALARS, st.lists(SCALARS, max_size=20))
def test_a_prepared_list_answers_as_the_list_itself(value: object, items: list[object]) -> None:
    assert Membership(items).has(value) == contains(value, items) == any(equal(value, item) for item in items)


@given(SCALARS, SCALARS)
def test_equality_is_symmetric_and_agrees_with_order(left: object, right: object) -> None:
    assert equal(left, right) == equal(right, left)
    before = less(left, right)
    if before is None:
        assert less(right, left) is None
        assert less_equal(left, right) is None
    else:
        assert [before, equal(left, right), less(right, left)].count(True) == 1
        assert less_equal(left, right) == (before or equal(left, right))


@given(st.lists(st.tuples(SCALARS, st.integers(0, 3)), max_size=30), st.booleans(), st.booleans(), st.integers(0, 40))
def test_a_selection_is_the_front_of_the_sorted_list(
    rows: list[tuple[object, int]], first: bool, second: bool, wanted: int
) -> None:
    items = list(range(len(rows)))
    columns = [
        (lambda given: [rows[item][0] for item in given], first),
        (lambda given: [rows[item][1] for item in given], second),
    ]
    everything = order(items, columns)
    assert sorted(everything) == items
    assert order(items, columns, wanted) == everything[:wanted]


def test_sorting_is_stable_in_both_directions() -> None:
    rows = list(range(10))

    def parity(given: list[int]) -> list[int]:
        return [number % 2 for number in given]

    assert order(rows, [(parity, False)]) == [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    assert order(rows, [(parity, True)]) == [1, 3, 5, 7, 9, 0, 2, 4, 6, 8]
    assert order(rows, [(parity, True)], 1) == [1]


def test_a_page_works_out_later_keys_for_candidates_only() -> None:
    asked: list[int] = []

    def second(given: list[int]) -> list[int]:
        asked.extend(given)
        return given

    rows = list(range(1_000))
    tens = (lambda given: [number // 10 for number in given], True)
    assert order(rows, [tens, (second, False)], 5) == [*range(990, 995)]
    assert asked == [*range(990, 1_000)]


@given(st.datetimes(timezones=st.just(UTC)))
def test_datetime_text_reads_back(instant: datetime) -> None:
    stamp = DateTime.of(instant)
    again = parse_datetime(stamp.to_json())
    assert again == stamp
    assert hash(again) == hash(stamp)


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-01T24:00:00Z",
        "2020-01-01T12:60:00Z",
        "2020-01-01T12:00:60Z",
        "2020-13-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "2020-01-01T12:00:00",
        "2020-01-01T12:00:00+24:00",
        "2020-01-01T12:00:00.Z",
        " 2020-01-01T12:00:00Z",
        "٢020-01-01T12:00:00Z",
    ],
)
def test_impossible_datetimes_are_null(text: str) -> None:
    assert parse_datetime(text) is None


@pytest.mark.parametrize(
    ("pattern", "document_id", "fits"),
    [
        ("a.**", "a.", True),
        ("a.**", "a..b", True),
        ("**", "", True),
        ("*", "", False),
        ("a.*.b", "a..b", False),
        ("a.**.b", "a..b", True),
        ("a.**.b", "a.b", False),
        ("**", ".", True),
        ("**", "..", True),
        ("*.*", "a.", False),
        ("**.**", "a.b", True),
        ("**.**.**", "a.b", False),
        ("**.x.**", "x.x.x", True),
        ("", "", True),
        ("a", "a", True),
        ("**.b", "a.b.c.b", True),
    ],
)
def test_paths_at_their_edges(pattern: str, document_id: str, fits: bool) -> None:
    assert Path(pattern).matches(document_id) == fits


PARTS = st.lists(st.sampled_from(["a", "b", "*", "**"]), min_size=1, max_size=5).map(".".join)


@given(PARTS, st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=6).map(".".join))
def test_paths_match_as_a_regular_expression_would(pattern: str, document_id: str) -> None:
    wild = {"*": "[^.]+", "**": ".*"}
    expression = r"\.".join(wild.get(part, re.escape(part)) for part in pattern.split("."))
    assert Path(pattern).matches(document_id) == bool(re.fullmatch(expression, document_id))


def test_a_path_with_many_wildcards_is_no_trouble() -> None:
    pattern, document_id = Path(".".join(["**"] * 40) + ".x"), ".".join(["a"] * 5_000)
    assert pattern.matches(document_id) is False


@given(st.lists(st.sampled_from(["a", "b", "ab", ""]), min_size=2, max_size=5), st.text("ab", max_size=8))
def test_globs_match_as_a_regular_expression_would(pieces: list[str], token: str) -> None:
    assert glob(pieces, token) == bool(re.fullmatch(".*".join(pieces), token))


def test_a_term_of_a_hundred_thousand_characters_counts_as_far_as_its_limit() -> None:
    long = "x" * 100_000
    assert matches("x" * TERM_LENGTH_MAX, long) is True
    assert matches("x" * (TERM_LENGTH_MAX - 1), long) is False
    assert matches(long, "*" * 3_000) is True


def test_a_text_of_dots_is_no_trouble() -> None:
    assert matches("." * 200_000, "a") is False
    assert matches("." * 200_000 + "a", "a") is True


def test_more_matching_tokens_score_higher() -> None:
    matcher = make_matcher("fox")
    scores = [matcher.score(text) for text in ("hen", "fox", "fox fox", "fox fox fox")]
    assert scores == sorted(scores)
    assert scores[0] == 0
    assert len(set(scores)) == 4
    assert Matcher(["fox hen"]).score("fox") == 0


def test_export_shares_what_needs_no_change() -> None:
    plain = {"a": [1, {"b": None}]}
    assert export(plain) is plain
    mixed = {"p": plain, "at": [DateTime(0), 1]}
    assert export(mixed) == {"p": plain, "at": ["1970-01-01T00:00:00Z", 1]}
    assert export(mixed)["p"] is plain
    assert mixed["at"][0] == DateTime(0)


def test_answer_size_counts_shared_parts_as_often_as_they_appear() -> None:
    value: object = ["x"]
    for _ in range(50):
        value = [value, value]
    assert answer_size(value) > 2**50
    assert answer_size({"a": [1, 2], "b": {}}) == 5
    assert answer_size(7) == 1


@pytest.mark.parametrize(
    ("number", "expected"),
    [(2**53, 2**53), (2**53 + 1, float(2**53)), (1.0, 1), (-0.0, 0), (1e300, 1e300), (math.inf, None), (10**400, None)],
)
def test_numbers_are_doubles(number: float, expected: float | None) -> None:
    assert normalize_number(number) == expected


def test_places_are_shown_with_line_and_caret() -> None:
    text = "*[a\n  == b\n]"
    assert line_and_column(text, 6) == (2, 3)
    assert show_place(text, 6, 8) == "  == b\n  ^^"
    assert show_place(text, len(text), len(text) + 1) == "]\n ^"
    long = "a" * 500
    shown, carets = show_place(long, 300, 302).split("\n")
    assert len(shown) == CARET_LINE_MAX
    assert carets.count("^") == 2


def test_importing_the_language_does_not_load_geometry() -> None:
    code = "import sys, lakesim.groq; sys.exit('shapely' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
