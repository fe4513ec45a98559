"""How the patch object becomes operations, in the documented order."""

from itertools import permutations
from typing import Any

import pytest

from lakesim.errors import InvalidRequestBodyError, InvalidValueError
from lakesim.jsonmatch import PathError, parse_path
from lakesim.limits import Limits
from lakesim.patch import (
    OPERATION_ORDER,
    Choices,
    Decrement,
    Increment,
    Insert,
    Set,
    SetIfMissing,
    TextPatch,
    Unset,
    apply_patch,
    parse_patch,
)
from lakesim.patch.text import Hunk

EVERYTHING: dict[str, Any] = {
    "insert": {"after": "tags[-1]", "items": [1]},
    "dec": {"n": 1},
    "inc": {"n": 2},
    "diffMatchPatch": {"t": "@@ -1,1 +1,1 @@\n-a\n+b\n"},
    "unset": ["x", "y"],
    "set": {"b": 1, "a": 2},
    "setIfMissing": {"tags": []},
}


def test_operations_stand_in_the_documented_order() -> None:
    patch = parse_patch(EVERYTHING, where="patch")
    assert patch.operations == (
        SetIfMissing(parse_path("tags"), []),
        Set(parse_path("b"), 1),
        Set(parse_path("a"), 2),
        Unset(parse_path("x")),
        Unset(parse_path("y")),
        TextPatch(parse_path("t"), (Hunk(0, ((-1, "a"), (1, "b"))),)),
        Increment(parse_path("n"), 2),
        Decrement(parse_path("n"), 1),
        Insert("after", parse_path("tags[-1]"), (1,)),
    )
    assert patch.wire == EVERYTHING
    assert patch.if_revision_id is None


def test_the_order_of_the_request_is_irrelevant() -> None:
    names = ["set", "setIfMissing", "unset", "inc"]
    expected = parse_patch(EVERYTHING, where="patch").operations
    for order in permutations(names):
        wire = {name: EVERYTHING[name] for name in [*order, *(name for name in EVERYTHING if name not in order)]}
        assert parse_patch(wire, where="patch").operations == expected


def test_the_order_is_one_choice() -> None:
    """Row 18: the older documentation has set before setIfMissing."""
    wire = {"setIfMissing": {"a": {"b": 1}}, "set": {"a.c": 2}}
    order = ("set", "setIfMissing", *OPERATION_ORDER[2:])
    documented = parse_patch(wire, where="patch", choices=Choices(operation_order=order))
    assert apply_patch({}, parse_patch(wire, where="patch")) == {"a": {"b": 1, "c": 2}}
    assert apply_patch({}, documented) == {"a": {"c": 2}}


def test_the_patch_of_an_action_has_no_selection() -> None:
    with pytest.raises(InvalidRequestBodyError, match=r'json: unknown field "id" in actions\[0\]\.patch'):
        parse_patch({"id": "a", "set": {}}, where="actions[0].patch")


def test_the_revision_is_carried_and_kept_out_of_the_wire_form() -> None:
    patch = parse_patch({"ifRevisionID": "r1", "unset": ["a"]}, where="patch")
    assert patch.if_revision_id == "r1"
    assert patch.wire == {"unset": ["a"]}


def test_a_null_revision_is_none() -> None:
    assert parse_patch({"ifRevisionID": None}, where="patch").if_revision_id is None


def test_a_bad_path_keeps_its_place_and_caret() -> None:
    with pytest.raises(PathError) as caught:
        parse_patch({"unset": ["ok", "a-b"]}, where="actions[2].patch")
    assert caught.value.position == 1
    assert caught.value.description.startswith('actions[2].patch.unset[1]: Malformed path "a-b"')
    assert str(caught.value).endswith("\n  a-b\n   ^")


@pytest.mark.parametrize("choice", ["nulls_in_arrays", "arrays_in_arrays"])
def test_strict_arrays_are_one_choice_each(choice: str) -> None:
    """Rows 3 and 6."""
    value = {"nulls_in_arrays": [None], "arrays_in_arrays": [[]]}[choice]
    for wire in ({"set": {"a": value}}, {"insert": {"after": "a[-1]", "items": value}}, {"set": {"a": {"b": value}}}):
        parse_patch(wire, where="patch")
        with pytest.raises(InvalidValueError, match="inside an array"):
            parse_patch(wire, where="patch", choices=Choices(**{choice: "refuse"}))


def test_the_wire_form_is_detached() -> None:
    wire = {"set": {"a": [1]}}
    patch = parse_patch(wire, where="patch")
    wire["set"]["a"].append(2)
    assert patch.wire == {"set": {"a": [1]}}


def test_values_nest_one_level_less_than_documents() -> None:
    """A value stands inside a document, so the first level is taken already when the patch is read."""
    limits = Limits(nesting_depth_max=3)
    parse_patch({"set": {"a": {"b": [1]}}}, where="patch", limits=limits)
    with pytest.raises(InvalidValueError, match="nested deeper than 3 levels"):
        parse_patch({"set": {"a": {"b": [{}]}}}, where="patch", limits=limits)
