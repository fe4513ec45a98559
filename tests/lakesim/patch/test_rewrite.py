"""Changing places by copying the way to them."""

from typing import Any

from lakesim.jsonmatch.match import MISSING
from lakesim.patch.rewrite import REMOVED, rewrite


def put(value: Any) -> Any:
    return lambda _: value


def test_only_the_way_is_copied() -> None:
    document = {"a": {"b": [1, {"c": 2}], "d": {}}, "e": []}
    result = rewrite(document, [(("a", "b", 1, "c"), put(3))])
    assert result == {"a": {"b": [1, {"c": 3}], "d": {}}, "e": []}
    assert document["a"]["b"][1] == {"c": 2}
    assert result["a"]["d"] is document["a"]["d"]
    assert result["e"] is document["e"]


def test_without_change_the_same_object_comes_back() -> None:
    document = {"a": [{"b": 1}]}
    assert rewrite(document, [(("a", 0, "b"), lambda old: old), (("x", "y"), put(REMOVED))]) is document
    assert rewrite(document, []) is document


def test_positions_are_those_before_any_edit() -> None:
    document = {"a": [0, 1, 2, 3]}
    edits = [(("a", 0), put(REMOVED)), (("a", 2), put(REMOVED)), (("a", 3), put("x"))]
    assert rewrite(document, edits) == {"a": [1, "x"]}


def test_a_position_equal_to_the_length_appends() -> None:
    assert rewrite({"a": [0]}, [(("a", 1), put(1))]) == {"a": [0, 1]}


def test_scalars_on_the_way_become_objects() -> None:
    assert rewrite({"a": 1}, [(("a", "b", "c"), put(2)), (("a", "d"), put(3))]) == {"a": {"b": {"c": 2}, "d": 3}}


def test_a_missing_place_is_shown_as_missing() -> None:
    seen: list[Any] = []

    def look(old: Any) -> Any:
        seen.append(old)
        return old

    document = {"a": 1}
    assert rewrite(document, [(("b",), look), (("a", "c"), look)]) is document
    assert seen == [MISSING, MISSING]


def test_inner_edits_come_before_outer_ones() -> None:
    document = {"a": [1]}
    edits = [(("a",), lambda old: [*old, "outer"]), (("a", 0), put("inner"))]
    assert rewrite(document, edits) == {"a": ["inner", "outer"]}
