"""What holds for every patch: purity, sharing, agreement with a naive engine; and the price of one."""

import copy
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesim import jsonvalue
from lakesim.errors import ItemError, PatchError
from lakesim.jsonmatch import find, parse_path
from lakesim.patch import Choices, Patch, apply_patch, parse_patch
from lakesim.testing.patches import generate_cases

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-2, 2) | st.sampled_from(["", "x", "é🎈"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=3).map(lambda content: {"_id": "d", "_type": "t", **content})
LOCATIONS = st.builds(
    lambda head, tail: (head, *tail), NAMES, st.lists(NAMES | st.integers(-3, 3), max_size=3)
)  # fmt: skip


def text_of(location: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in location).removeprefix(".")


SIMPLE_PATHS = LOCATIONS.map(text_of)
PATHS = SIMPLE_PATHS | st.sampled_from(["..a", "a[*]", "a.*", "[a, b]", "a[@ > 0]", "b[a?].c", "..[0]", "c[1:]"])
PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "set": st.dictionaries(PATHS, VALUES, max_size=2),
        "setIfMissing": st.dictionaries(PATHS, VALUES, max_size=2),
        "unset": st.lists(PATHS, max_size=2),
        "insert": st.builds(
            lambda anchor, path, items: {anchor: path, "items": items},
            st.sampled_from(["before", "after", "replace"]),
            PATHS,
            st.lists(VALUES, max_size=2),
        ),
        "inc": st.dictionaries(PATHS, st.integers(-2, 2), max_size=1),
    },
)


def parsed(wire: dict[str, Any]) -> Patch:
    return parse_patch(wire, where="patch")


def applied(document: dict[str, Any], wire: dict[str, Any]) -> Any:
    try:
        return apply_patch(document, parsed(wire))
    except ItemError as error:
        return error


@given(DOCUMENTS, PATCHES)
def test_the_document_and_the_patch_are_left_as_they_were(document: dict[str, Any], wire: dict[str, Any]) -> None:
    before, request = copy.deepcopy(document), copy.deepcopy(wire)
    patch = parsed(wire)
    first = applied(document, wire)
    assert jsonvalue.equal(document, before)
    assert jsonvalue.equal(wire, request)
    if not isinstance(first, ItemError):
        # Applied again to the same document, the patch gives the same: the first application left nothing behind.
        assert jsonvalue.equal(apply_patch(document, patch), first)


@pytest.mark.parametrize("operation", ["set", "setIfMissing"])
@given(DOCUMENTS, PATHS, VALUES)
def test_what_is_not_on_the_way_to_a_place_is_the_same_object(
    operation: str, document: dict[str, Any], path: str, value: Any
) -> None:
    try:
        result = apply_patch(document, parsed({operation: {path: value}}))
    except ItemError:
        return
    assert_shared(document, result, find(result, parse_path(path)))


def assert_shared(before: Any, after: Any, places: list[tuple[str | int, ...]]) -> None:
    """Every branch of `before` that leads to none of `places` is the same object in `after`."""
    if before is after or () in places or type(before) is not type(after) or not isinstance(before, (dict, list)):
        return
    for key in before if isinstance(before, dict) else range(len(before)):
        below = [place[1:] for place in places if place[0] == key]
        if below:
            assert_shared(before[key], after[key], below)
        else:
            assert after[key] is before[key]


@given(DOCUMENTS, st.sampled_from(["set", "setIfMissing", "unset"]), PATHS, VALUES)
def test_the_same_object_comes_back_exactly_if_nothing_changed(
    document: dict[str, Any], operation: str, path: str, value: Any
) -> None:
    result = applied(document, {operation: [path] if operation == "unset" else {path: value}})
    if not isinstance(result, ItemError):
        assert (result is document) == jsonvalue.equal(result, document)


@given(DOCUMENTS, SIMPLE_PATHS, VALUES)
def test_set_then_find(document: dict[str, Any], path: str, value: Any) -> None:
    result = apply_patch(document, parsed({"set": {path: value}}))
    for location in find(result, parse_path(path)):
        found: Any = result
        for key in location:
            found = found[key]
        assert jsonvalue.equal(found, value)


@given(DOCUMENTS, PATHS, VALUES)
def test_set_twice_is_set_once(document: dict[str, Any], path: str, value: Any) -> None:
    # A value that holds what the path looks for makes the second application mean more places.
    scalar = value if not isinstance(value, (dict, list)) else 1
    patch = parsed({"set": {path: scalar}})
    once = apply_patch(document, patch)
    assert apply_patch(once, patch) is once


@given(DOCUMENTS, st.lists(NAMES, min_size=1, max_size=3).map(".".join))
def test_unset_of_attributes_twice_is_unset_once(document: dict[str, Any], path: str) -> None:
    patch = parsed({"unset": [path]})
    once = apply_patch(document, patch)
    assert find(once, parse_path(path)) == []
    assert apply_patch(once, patch) is once


@given(DOCUMENTS, SIMPLE_PATHS, VALUES)
def test_set_if_missing_twice_is_once(document: dict[str, Any], path: str, value: Any) -> None:
    patch = parsed({"setIfMissing": {path: 0 if value is None else value}})
    once = apply_patch(document, patch)
    assert apply_patch(once, patch) is once


# A naive engine for paths of names and indexes, written for this test: it copies everything and walks by recursion.


class Fails(Exception):
    """What the naive engine cannot do."""


def naive(document: Any, keys: tuple[str | int, ...], change: Callable[[dict[str, Any]], None], create: bool) -> Any:
    """Return a deep copy of `document` in which `change` saw the slot `{"value": …}` (or `{}`) at `keys`."""
    root = {"value": copy.deepcopy(document)}
    walk(root, "value", keys, change, create)
    return root["value"]


def walk(holder: Any, at: Any, keys: tuple[str | int, ...], change: Callable[[Any], None], create: bool) -> bool:
    if not keys:
        change_slot(holder, at, change)
        return True
    key, rest = keys[0], keys[1:]
    value = holder[at]
    if isinstance(key, int):
        if not isinstance(value, list) or not -len(value) <= key < len(value):
            return False
        return walk(value, key % len(value), rest, change, create)
    if isinstance(value, list):
        hits = [walk_name(value, position, key, rest, change, create) for position in range(len(value))
                if isinstance(value[position], dict)]  # fmt: skip
        return any(hits)
    if not isinstance(value, dict):
        if not create or any(isinstance(later, int) for later in rest):
            return False
        holder[at] = {}
    return walk_name(holder, at, key, rest, change, create)


def walk_name(holder: Any, at: Any, key: str, rest: tuple[str | int, ...], change: Any, create: bool) -> bool:
    value = holder[at]
    if rest and key not in value:
        if not create or any(isinstance(later, int) for later in rest):
            return False
        value[key] = {}
    return walk(value, key, rest, change, create)


GONE = object()


def change_slot(holder: Any, at: Any, change: Callable[[dict[str, Any]], None]) -> None:
    slot = {"value": holder[at]} if isinstance(holder, list) or at in holder else {}
    change(slot)
    if "value" in slot:
        holder[at] = slot["value"]
    elif isinstance(holder, list):
        holder[at] = GONE
    else:
        holder.pop(at, None)


def without_gone(value: Any) -> Any:
    if isinstance(value, list):
        return [without_gone(item) for item in value if item is not GONE]
    return {name: without_gone(item) for name, item in value.items()} if isinstance(value, dict) else value


@given(DOCUMENTS, LOCATIONS, VALUES)
def test_set_agrees_with_the_naive_engine(document: dict[str, Any], keys: tuple[str | int, ...], value: Any) -> None:
    def change(slot: dict[str, Any]) -> None:
        slot["value"] = value

    expected = naive(document, keys, change, True)
    assert jsonvalue.equal(apply_patch(document, parsed({"set": {text_of(keys): value}})), expected)


@given(DOCUMENTS, LOCATIONS, VALUES)
def test_set_if_missing_agrees_with_the_naive_engine(
    document: dict[str, Any], keys: tuple[str | int, ...], value: Any
) -> None:
    def change(slot: dict[str, Any]) -> None:
        if slot.get("value") is None and not isinstance(keys[-1], int):
            slot["value"] = value

    expected = naive(document, keys, change, True)
    assert jsonvalue.equal(apply_patch(document, parsed({"setIfMissing": {text_of(keys): value}})), expected)


@given(DOCUMENTS, LOCATIONS)
def test_unset_agrees_with_the_naive_engine(document: dict[str, Any], keys: tuple[str | int, ...]) -> None:
    expected = without_gone(naive(document, keys, dict.clear, False))
    assert jsonvalue.equal(apply_patch(document, parsed({"unset": [text_of(keys)]})), expected)


@given(DOCUMENTS, LOCATIONS, st.integers(-3, 3))
def test_inc_agrees_with_the_naive_engine(document: dict[str, Any], keys: tuple[str | int, ...], amount: int) -> None:
    hits = 0

    def change(slot: dict[str, Any]) -> None:
        nonlocal hits
        if "value" in slot:
            if jsonvalue.type_name(slot["value"]) != "number":
                raise Fails
            hits += 1
            slot["value"] += amount

    try:
        expected = naive(document, keys, change, False)
    except Fails:
        expected = None
    patch = parsed({"inc": {text_of(keys): amount}})
    if expected is None or not hits:
        with pytest.raises(PatchError, match="Can't increment"):
            apply_patch(document, patch)
    else:
        assert jsonvalue.equal(apply_patch(document, patch), expected)


@pytest.mark.parametrize(
    ("number", "amount", "total"),
    [
        (1.5, 0.5, "2"),
        (1, 0.5, "1.5"),
        (1.0, 1, "2"),
        (2.0**52, 2.0**52, str(2**53)),
        (2.0**53, 2.0**53, "1.8014398509481984e+16"),
    ],
)
def test_sums_without_fraction_are_written_as_integers_where_doubles_are_exact(
    number: float, amount: float, total: str
) -> None:
    assert jsonvalue.dumps(apply_patch({"n": number}, parsed({"inc": {"n": amount}}))["n"]) == total


def test_generated_patches_give_json_or_an_item_error() -> None:
    outcomes = {True: 0, False: 0}
    for document, wire in generate_cases(7, 400):
        snapshot = jsonvalue.dumps(document)
        result = applied(document, wire)
        outcomes[isinstance(result, ItemError)] += 1
        assert jsonvalue.dumps(document) == snapshot
        if not isinstance(result, ItemError):
            assert jsonvalue.equal(jsonvalue.loads(jsonvalue.dumps(result)), result)
    assert min(outcomes.values()) > 10


# The price of a patch, counted in bytecode instructions so that no clock is involved.


def instructions(action: Callable[[], Any]) -> int:
    # Finalizers that happen to run in between count too, so the least of a few runs is the action's own.
    return min(instructions_once(action) for _ in range(3))


def instructions_once(action: Callable[[], Any]) -> int:
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(previous)
    return count


def with_list(length: int) -> dict[str, Any]:
    items = [{"_key": f"k{number}", "n": number} for number in range(length)]
    return {"_id": "d", "_type": "t", "title": "x", "list": items, "other": {"list": list(range(length))}}


@pytest.mark.parametrize(
    "wire",
    [
        {"set": {"title": "y"}},
        {"set": {"new.deep": 1}},
        {"unset": ["title"]},
        {"set": {"list[10].n": -1}},
        {"unset": ["list[-1].n"]},
        {"insert": {"after": "list[-1]", "items": [1]}},
        {"insert": {"before": "list[0]", "items": [1]}},
        {"diffMatchPatch": {"title": "@@ -1,1 +1,1 @@\n-x\n+y\n"}},
    ],
    ids=lambda wire: next(iter(wire)) + " " + str(next(iter(wire.values()))),
)
def test_a_patch_costs_what_it_touches_not_what_stands_beside_it(wire: dict[str, Any]) -> None:
    small, large = with_list(20), with_list(5_000)
    patch = parsed(wire)
    apply_patch(small, patch)
    assert instructions(lambda: apply_patch(large, patch)) == instructions(lambda: apply_patch(small, patch))


def test_a_key_is_looked_up_in_its_own_list_only() -> None:
    patch = parsed({"set": {'list[_key=="k3"].n': -1}})
    own = with_list(20)
    beside = {**own, "other": with_list(5_000)["other"]}
    apply_patch(own, patch)
    assert instructions(lambda: apply_patch(beside, patch)) == instructions(lambda: apply_patch(own, patch))


def test_the_counting_of_instructions_notices_a_walk() -> None:
    patch = parsed({"set": {"list[n == 3].n": -1}})
    small, large = with_list(20), with_list(5_000)
    apply_patch(small, patch)
    assert instructions(lambda: apply_patch(large, patch)) > 50 * instructions(lambda: apply_patch(small, patch))


def test_choices_default_to_the_best_guesses() -> None:
    document = {"_id": "d", "_type": "t", "a": None}
    patch = parsed({"setIfMissing": {"a": 1}})
    assert apply_patch(document, patch) == apply_patch(document, patch, Choices())
