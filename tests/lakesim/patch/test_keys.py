"""Keys for array items that have none."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesim import jsonvalue
from lakesim.errors import InvalidValueError
from lakesim.patch import add_array_keys, apply_patch, parse_patch

NAMES = st.sampled_from(["a", "b", "_key"])
VALUES = st.recursive(
    st.sampled_from(["x", True, 1, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=15,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=3)


def keyed(document: Any, before: Any = None) -> Any:
    numbers = count()
    return add_array_keys(document, lambda: f"new{next(numbers)}", before=before)


def without_new_keys(value: Any) -> Any:
    if isinstance(value, list):
        return [without_new_keys(item) for item in value]
    if isinstance(value, dict):
        return {
            name: without_new_keys(item)
            for name, item in value.items()
            if not (name == "_key" and str(item).startswith("new"))
        }
    return value


def keyless(value: Any, in_array: bool = False) -> int:
    if isinstance(value, list):
        return sum(keyless(item, True) for item in value)
    if isinstance(value, dict):
        return (in_array and "_key" not in value) + sum(keyless(item) for item in value.values())
    return 0


@given(DOCUMENTS)
def test_every_object_in_an_array_gets_a_key_and_nothing_else_changes(document: dict[str, Any]) -> None:
    snapshot = jsonvalue.dumps(document)
    result = keyed(document)
    assert keyless(result) == 0
    assert jsonvalue.equal(without_new_keys(result), document)
    assert (result is document) == (keyless(document) == 0)
    assert jsonvalue.dumps(document) == snapshot


@given(DOCUMENTS)
def test_what_was_there_before_is_left_alone(document: dict[str, Any]) -> None:
    assert keyed(document, before=document) is document


def test_keys_are_given_in_document_order() -> None:
    result = keyed({"a": [{"b": [{}]}, 5, {"_key": "k"}, {}], "c": {"d": [{}]}})
    assert result == {
        "a": [{"_key": "new1", "b": [{"_key": "new0"}]}, 5, {"_key": "k"}, {"_key": "new2"}],
        "c": {"d": [{"_key": "new3"}]},
    }


def test_objects_in_arrays_in_arrays_get_keys_too() -> None:
    assert keyed({"a": [[{}]]}) == {"a": [[{"_key": "new0"}]]}


def test_only_what_a_patch_added_gets_keys() -> None:
    before = {"_id": "d", "_type": "t", "a": [{"old": 1}, {"_key": "k", "b": [{"old": 2}]}]}
    wire = {"insert": {"before": "a[0]", "items": [{}]}, "set": {'a[_key=="k"].c': [{}]}}
    after = apply_patch(before, parse_patch(wire, where="patch"))
    assert keyed(after, before=before)["a"] == [
        {"_key": "new0"},
        {"old": 1},
        {"_key": "k", "b": [{"old": 2}], "c": [{"_key": "new1"}]},
    ]


def test_one_value_set_in_several_places_gets_several_keys() -> None:
    before = {"_id": "d", "_type": "t", "a": [1, 2]}
    after = apply_patch(before, parse_patch({"set": {"a[*]": {"x": 1}}}, where="patch"))
    assert keyed(after, before=before)["a"] == [{"_key": "new0", "x": 1}, {"_key": "new1", "x": 1}]


@pytest.mark.parametrize("kind", ["objects", "arrays"])
def test_a_hostile_depth_is_one_clear_error(kind: str) -> None:
    document: Any = {}
    for _ in range(10_000):
        document = [document] if kind == "arrays" else {"a": document}
    with pytest.raises(InvalidValueError, match="nests deeper"):
        keyed({"a": document})
