"""JSON semantics: equality without Python's traps, detached copies, a codec that keeps what it is given."""

import json
import math
from collections import OrderedDict
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesim import jsonvalue

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
)


@given(values)
def test_the_codec_keeps_every_value(value: Any) -> None:
    for text in (jsonvalue.dump_bytes(value), jsonvalue.dumps(value, indent=True)):
        assert jsonvalue.equal(json.loads(text), value)


@given(values)
def test_a_copy_is_equal_and_shares_nothing(value: Any) -> None:
    copied = jsonvalue.copy(value)
    assert jsonvalue.equal(copied, value)
    assert not containers(copied) & containers(value)


def containers(value: Any) -> set[int]:
    if isinstance(value, dict):
        return {id(value)}.union(*(containers(item) for item in value.values()))
    if isinstance(value, list):
        return {id(value)}.union(*map(containers, value))
    return set()


@given(values, values)
def test_equality_is_that_of_the_canonical_text(left: Any, right: Any) -> None:
    def text(value: Any) -> str:
        return json.dumps(plain(value), sort_keys=True)

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value

    assert jsonvalue.equal(left, right) == (text(left) == text(right))


UNEQUAL = [(True, 1), (False, 0), (1, "1"), (None, False), ([True], [1]), ({"a": 0}, {"a": False}), ([], {}), (None, 0)]
EQUAL = [(1, 1.0), ({"a": 1, "b": 2}, {"b": 2, "a": 1.0}), ([1, [2]], [1.0, [2.0]]), (0.0, -0.0)]


@pytest.mark.parametrize(("left", "right"), UNEQUAL)
def test_values_of_different_types_differ(left: Any, right: Any) -> None:
    assert not jsonvalue.equal(left, right)
    assert not jsonvalue.equal(right, left)


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_numbers_are_equal_by_value_and_objects_whatever_their_order(left: Any, right: Any) -> None:
    assert jsonvalue.equal(left, right)
    assert jsonvalue.equal(right, left)


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "plain"),
    [((1, 2), [1, 2]), (OrderedDict(a=(1,)), {"a": [1]}), ([Colour.RED], ["red"]), (True, True), (1 << 80, 1 << 80)],
)
def test_relatives_of_json_types_become_the_plain_type(value: Any, plain: Any) -> None:
    copied = jsonvalue.copy(value)
    assert jsonvalue.equal(copied, plain)
    assert type(copied) is type(plain)


@pytest.mark.parametrize("value", [{1: 2}, {"a": {1, 2}}, [object()], b"x", {"a": [1j]}])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="JSON"):
        jsonvalue.copy(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, [-math.inf]])
def test_json_has_no_infinities(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON has no"):
        jsonvalue.copy(value)


@pytest.mark.parametrize("text", ["", "{", "[1,]", "NaN", "1 2", '{"a":1,}', "'a'"])
def test_broken_text_is_refused_with_a_position(text: str) -> None:
    with pytest.raises(jsonvalue.JsonDecodeError) as caught:
        jsonvalue.loads(text)
    assert caught.value.lineno >= 1


def test_lines_are_numbered_from_one_and_blank_ones_skipped() -> None:
    assert jsonvalue.load_lines('1\n\n {"a":2} \n') == [1, {"a": 2}]
    with pytest.raises(ValueError, match="line 3, column"):
        jsonvalue.load_lines("1\n\n{")


@given(values)
def test_depth_counts_containers(value: Any) -> None:
    def naive(item: Any) -> int:
        if isinstance(item, dict):
            return 1 + max(map(naive, item.values()), default=0)
        if isinstance(item, list):
            return 1 + max(map(naive, item), default=0)
        return 0

    assert jsonvalue.depth(value) == naive(value)


def test_depth_of_a_very_deep_value_needs_no_stack() -> None:
    value: Any = 0
    for _ in range(100_000):
        value = [value]
    assert jsonvalue.depth(value) == 100_000


@pytest.mark.parametrize(
    ("value", "name"),
    [(None, "null"), (True, "boolean"), (1, "number"), (1.5, "number"), ("", "string"), ([], "array"), ({}, "object")],
)
def test_type_names_are_json_s(value: Any, name: str) -> None:
    assert jsonvalue.type_name(value) == name
