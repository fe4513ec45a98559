"""Inserting, for arrays of every small size against Python's own lists."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesim.patch import apply_patch, parse_patch

LISTS = st.lists(st.integers(0, 9), max_size=5)
ITEMS = st.lists(st.integers(10, 19), max_size=3)


def inserted(array: list[Any], anchor: str, path: str, items: list[Any]) -> list[Any]:
    result = apply_patch({"a": array}, parse_patch({"insert": {anchor: path, "items": items}}, where="patch"))
    return result["a"]  # type: ignore[no-any-return]


@given(LISTS, st.integers(-6, 6), ITEMS)
def test_before_an_index_is_what_a_list_does(array: list[int], position: int, items: list[int]) -> None:
    expected = list(array)
    if position >= -len(array) or (position == -1 and not array):
        expected[position:position] = items
    assert inserted(array, "before", f"a[{position}]", items) == expected


@given(LISTS, st.integers(-6, 6), ITEMS)
def test_after_an_index_is_before_the_next(array: list[int], position: int, items: list[int]) -> None:
    expected = list(array)
    if position >= -len(array) or (position == -1 and not array):
        at = len(array) if position == -1 else position + 1
        expected[at:at] = items
    assert inserted(array, "after", f"a[{position}]", items) == expected


@given(LISTS, st.integers(0, 6), st.none() | st.integers(0, 6), ITEMS)
def test_replacing_a_slice_is_assigning_to_it(array: list[int], start: int, stop: int | None, items: list[int]) -> None:
    expected = list(array)
    expected[start : stop if stop is None else max(start, stop)] = items
    assert inserted(array, "replace", f"a[{start}:{'' if stop is None else stop}]", items) == expected


@given(LISTS, st.integers(0, 5), st.integers(0, 6) | st.none(), ITEMS)
def test_splice_of_the_client_does_what_javascript_does(
    array: list[int], start: int, count: int | None, items: list[int]
) -> None:
    """The client writes splice(start, count) as a slice whose -1 stands behind the last item (row 19)."""
    start = min(start, len(array))
    path = f"a[{start}:-1]" if count is None else f"a[{start}:{start + count}]"
    expected = list(array)
    expected[start : len(array) if count is None else start + count] = items
    assert inserted(array, "replace", path, items) == expected


@given(LISTS, st.integers(1, 5), ITEMS)
def test_splice_from_the_end_does_what_javascript_does(array: list[int], back: int, items: list[int]) -> None:
    """The client writes splice(-n) as [-n-1:]."""
    expected = list(array)
    expected[max(0, len(array) - back) :] = items
    assert inserted(array, "replace", f"a[{-back - 1}:]", items) == expected


@pytest.mark.parametrize("anchor", ["before", "after", "replace"])
def test_inserted_items_are_not_aliased_between_arrays(anchor: str) -> None:
    document = {"a": [{"t": [1]}, {"t": [2]}]}
    patch = parse_patch({"insert": {anchor: "a[*].t[0]", "items": [{"x": 1}]}}, where="patch")
    first, second = apply_patch(document, patch)["a"]
    assert first["t"] is not second["t"]
    assert document == {"a": [{"t": [1]}, {"t": [2]}]}
