"""Ranges in scenario files: what is written out, what stays, and where a fault is said to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir.conformance.ranges import RANGE_MAX, written_out
from bidir.conformance.yamlfile import PlacedYaml, YamlFileError, read_yaml

PATH = Path("case.yaml")


def out(value: Any) -> Any:
    return written_out(PlacedYaml(PATH, value, {})).value


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ab{}.1n"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="abn"), inner),
).filter(lambda value: ".." not in repr(value))


@given(PLAIN)
def test_a_file_without_ranges_stays_as_it_is(value: Any) -> None:
    assert out(value) == value


@given(first=st.integers(0, 50), count=st.integers(1, 50))
def test_a_range_has_every_number_once_and_in_order(first: int, count: int) -> None:
    last = first + count - 1
    numbers = list(range(first, last + 1))
    assert list(out({f"b{{{first}..{last}}}": "book"})) == [f"b{number}" for number in numbers]
    assert out([f"~> b{{{first}..{last}}}"]) == [f"~> b{number}" for number in numbers]
    assert out([{"each": f"{first}..{last}", "by": "{n}"}]) == [{"by": str(number)} for number in numbers]


CASES = {
    "the number inside what belongs to a key": ({"b{1..2}": {"t": "{n}."}}, {"b1": {"t": "1."}, "b2": {"t": "2."}}),
    "the number twice in one text": (["b{1..2}.author -> a{n}"], ["b1.author -> a1", "b2.author -> a2"]),
    "others around it": (["x", "b{1..2}", "y"], ["x", "b1", "b2", "y"]),
    "several steps in turn": ([{"each": "1..2", "steps": ["{n}", {"b": 1}]}], ["1", {"b": 1}, "2", {"b": 1}]),
    "the inner number wins": ({"a{1..1}": {"b{5..6}": "{n}"}}, {"a1": {"b5": "5", "b6": "6"}}),
    "no number to put in": ("{n}", "{n}"),
    "each that is no range is left to the format": ([{"each": "many"}], [{"each": "many"}]),
}


@pytest.mark.parametrize(("value", "expected"), CASES.values(), ids=CASES)
def test_written_out(value: Any, expected: Any) -> None:
    assert out(value) == expected


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"b{3..1}": 1}, "3..1 is empty"),
        ([f"b{{0..{RANGE_MAX}}}"], f"more than {RANGE_MAX}"),
        ({"b{1..3}": 1, "b2": 2}, 'key "b2" a second time'),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(value: Any, told: str) -> None:
    with pytest.raises(YamlFileError, match=told):
        out(value)


def test_every_place_keeps_its_line(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text('a:\n  "b{1..2}": {t: x}\nlist:\n  - first\n  - each: 1..3\n    by: "{n}"\n', encoding="utf-8")
    source = written_out(read_yaml(path))
    assert [source.line(place) for place in [("a", "b2"), ("a", "b2", "t"), ("list", 0), ("list", 3, "by")]] == [
        2,
        2,
        4,
        6,
    ]
