"""Patches for one field: whatever is stored, items survive whole, and nothing moves that need not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir.backends.patching import patched
from bidir.errors import IntentError
from bidir.lookups.link_patches import LinkPatches, add_patches, remove_patches, reorder_patches
from bidir.refs import read_items, targets_of
from bidir.relations import Field

Json = Any

PLAIN = Field("author", ("books",), many=True, to=("book",))
RICH = Field("film", ("data", "credits"), many=True, member=("by", "person"), item_type="credit", to=("person",))
SINGLE = Field("book", ("author",), many=False, to=("author",))
TARGETS = [f"t{n}" for n in range(7)]


def reference(target: str) -> dict[str, Json]:
    return {"_type": "reference", "_ref": target}


def stored(field: Field, target: str | None, key: str | None, note: int) -> Json:
    if target is None:
        return "no reference" if note % 2 else {"_key": key or "lonely", "role": "open"}
    keyed = {} if key is None else {"_key": key}
    if field.member:
        return {**keyed, "_type": "credit", "by": {"person": reference(target)}, "role": f"role {note}"}
    return {**keyed, **reference(target)}


def document(field: Field, raw: list[Json] | None) -> dict[str, Json]:
    base = {"_id": "d1", "_type": field.type, "_rev": "r1"}
    if raw is None:
        return base
    return {**base, "data": {"credits": raw}} if field.member else {**base, "books": raw}


def raw_of(field: Field, held: dict[str, Json]) -> list[Json]:
    return [item.raw for item in read_items(held, field)]


def after(held: dict[str, Json], made: LinkPatches) -> dict[str, Json]:
    for patch in made.patches:
        held = patched(held, patch)
    return held


@st.composite
def lists(draw: st.DrawFn) -> tuple[Field, list[Json]]:
    """A field and what is stored in it: keyed items, items without key, with a key used twice, or without target."""
    field = draw(st.sampled_from([PLAIN, RICH]))
    targets = draw(st.lists(st.sampled_from([*TARGETS, None]), max_size=8))
    odd = draw(st.lists(st.sampled_from([None, None, None, "none", "same"]), min_size=8, max_size=8))
    keys = [
        None if how == "none" else "same" if how == "same" else f"k{n}" for n, how in zip(range(8), odd, strict=True)
    ]
    return field, [stored(field, target, keys[n], n) for n, target in enumerate(targets)]


@given(lists(), st.data())
def test_reorder_keeps_every_item_whole_and_gives_the_order_asked_for(
    case: tuple[Field, list[Json]], data: st.DataObject
) -> None:
    field, raw = case
    held = document(field, raw)
    order = data.draw(st.permutations(targets_of(held, field)))
    made = reorder_patches(held, field, order)
    result = after(held, made)
    assert targets_of(result, field) == list(order)
    assert sorted(map(repr, raw_of(field, result))) == sorted(map(repr, raw))
    for index, item in enumerate(read_items(held, field)):
        if item.target is None:
            assert raw_of(field, result)[index] == raw[index]
    assert all(set(patch) <= {"unset", "insert"} for patch in made.patches)


@given(st.permutations(range(6)))
def test_reorder_moves_no_more_than_it_must(order: list[int]) -> None:
    held = document(PLAIN, [stored(PLAIN, TARGETS[n], f"k{n}", n) for n in range(6)])
    made = reorder_patches(held, PLAIN, [TARGETS[n] for n in order])
    moved = len(made.patches[0]["unset"]) if made.patches else 0
    assert moved == 6 - longest_rising_by_trying(order)
    assert made.exact == bool(moved)


def longest_rising_by_trying(order: list[int]) -> int:
    best = 0
    for choice in range(2 ** len(order)):
        picked = [value for place, value in enumerate(order) if choice >> place & 1]
        if picked == sorted(picked):
            best = max(best, len(picked))
    return best


@given(lists(), st.sampled_from(TARGETS))
def test_remove_takes_every_item_of_the_target_and_nothing_else(case: tuple[Field, list[Json]], target: str) -> None:
    field, raw = case
    held = document(field, raw)
    # Items that share a key are addressed by index, so that the other one stays.
    made = remove_patches(held, field, target)
    kept = [item.raw for item in read_items(held, field) if item.target != target]
    assert raw_of(field, after(held, made)) == kept
    assert bool(made.patches) == (len(kept) < len(raw))


@given(lists(), st.sampled_from(TARGETS), st.data())
def test_add_puts_one_item_at_its_place_and_leaves_the_others(
    case: tuple[Field, list[Json]], target: str, data: st.DataObject
) -> None:
    field, raw = case
    held = document(field, raw)
    at = data.draw(st.none() | st.integers(0, len(raw)))
    made = add_patches(held, field, reference(target), label="r", at=at)
    result = raw_of(field, after(held, made))
    if target in targets_of(held, field):
        assert result == raw
        assert not made.patches
        return
    place = len(raw) if at is None else at
    assert result[:place] + result[place + 1 :] == raw
    assert read_items(document(field, result), field)[place].target == target
    assert result[place]["_key"] not in {item.get("_key") for item in raw if isinstance(item, dict)}


@pytest.mark.parametrize("raw", [None, []], ids=["absent", "empty"])
@pytest.mark.parametrize("at", [None, 0])
def test_the_first_item_makes_the_list(raw: list[Json] | None, at: int | None) -> None:
    made = add_patches(document(RICH, raw), RICH, reference("t1"), label="r", item={"role": "lead"}, at=at)
    (item,) = raw_of(RICH, after(document(RICH, raw), made))
    assert item == {"_key": item["_key"], "_type": "credit", "by": {"person": reference("t1")}, "role": "lead"}
    assert not made.exact


def test_a_list_stored_as_null_takes_its_first_item() -> None:
    held = {"_id": "d1", "_type": "author", "_rev": "r1", "books": None}
    assert targets_of(after(held, add_patches(held, PLAIN, reference("t1"), label="r")), PLAIN) == ["t1"]


def test_the_key_is_derived_and_gives_way_to_one_in_use() -> None:
    first = add_patches(document(PLAIN, []), PLAIN, reference("t1"), label="r")
    again = add_patches(document(PLAIN, []), PLAIN, reference("t1"), label="r")
    assert first == again
    key = first.patches[1]["insert"]["items"][0]["_key"]
    taken = document(PLAIN, [stored(PLAIN, "t2", key, 0)])
    assert add_patches(taken, PLAIN, reference("t1"), label="r").patches[1]["insert"]["items"][0]["_key"] == f"{key}-1"


def test_metadata_of_an_item_that_is_there_is_set_by_key_member_by_member() -> None:
    held = document(RICH, [stored(RICH, "t1", "k1", 1)])
    made = add_patches(held, RICH, reference("t1"), label="r", item={"role": "lead", "billing-order": 2})
    assert made.patches == (
        {"set": {'data.credits[_key=="k1"].role': "lead", "data.credits[_key==\"k1\"]['billing-order']": 2}},
    )
    (item,) = raw_of(RICH, after(held, made))
    assert (item["role"], item["billing-order"], item["_key"]) == ("lead", 2, "k1")
    assert not add_patches(held, RICH, reference("t1"), label="r", item={"role": "role 1"}).patches


def test_members_beside_a_nested_reference_are_set_without_touching_it() -> None:
    """Setting the object that holds the reference, to change a member of it, would have dropped the reference."""
    held = document(RICH, [stored(RICH, "t1", "k1", 1)])
    made = add_patches(held, RICH, reference("t1"), label="r", item={"by": {"alias": "T."}})
    assert made.patches == ({"set": {'data.credits[_key=="k1"].by.alias': "T."}},)
    (item,) = raw_of(RICH, after(held, made))
    assert item["by"] == {"person": reference("t1"), "alias": "T."}


def test_true_is_not_one_in_metadata() -> None:
    held = document(RICH, [{**stored(RICH, "t1", "k1", 1), "lead": 1}])
    assert add_patches(held, RICH, reference("t1"), label="r", item={"lead": True}).patches


def test_a_single_field_is_set_and_unset() -> None:
    held = {"_id": "d1", "_type": "book", "_rev": "r1"}
    filled = after(held, add_patches(held, SINGLE, reference("t1"), label="r"))
    assert filled["author"] == reference("t1")
    assert not add_patches(filled, SINGLE, reference("t1"), label="r").patches
    assert not remove_patches(filled, SINGLE, "t2").patches
    assert "author" not in after(filled, remove_patches(filled, SINGLE, "t1"))


REFUSED = [
    (PLAIN, {"item": {"role": "x"}}, 'author.books holds plain references, which take no other members such as "role"'),
    (RICH, {"item": {"by": {"person": reference("t2")}}}, '"by.person" is the reference itself'),
    (RICH, {"item": {"_type": "cameo"}}, 'have the _type "credit", not "cameo"'),
    (RICH, {"item": {"_key": 3}}, '"_key" is a text, not 3'),
    (RICH, {"item": ["role"]}, "item is an object"),
    (RICH, {"item": {"by": "Ann"}}, '"by" is an object, in which the reference stands'),
    (RICH, {"item": {"it's": 1}}, '"it\'s" is no attribute name'),
    (PLAIN, {"item": {"_key": "k1"}}, 'the _key "k1" is taken by another item'),
    (PLAIN, {"at": 3}, "at is a position from 0 to 2 in author.books, not 3"),
    (PLAIN, {"at": -1}, "at is a position from 0 to 2 in author.books, not -1"),
    (PLAIN, {"at": True}, "at is a position from 0 to 2 in author.books, not True"),
    (SINGLE, {"at": 0}, "book.author is a single reference and has no positions"),
    (SINGLE, {"item": {"role": "x"}}, "book.author is a single reference and holds no metadata"),
]


@pytest.mark.parametrize(("field", "options", "text"), REFUSED, ids=[case[2][:40] for case in REFUSED])
def test_what_does_not_fit_is_refused_in_words(field: Field, options: dict[str, Json], text: str) -> None:
    held = document(field, [stored(field, "t5", "k1", 0), stored(field, "t6", "k2", 1)])
    with pytest.raises(IntentError) as caught:
        add_patches(held, field, reference("t1"), label="r", **options)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (["t1"], 'leaves out "t2"'),
        (["t1", "t2", "t3"], 'names what is not there: "t3"'),
        (["t1", "t1", "t2"], 'names twice "t1"'),
    ],
)
def test_a_new_order_names_every_target_once(order: list[str], text: str) -> None:
    held = document(PLAIN, [stored(PLAIN, "t1", "k1", 0), stored(PLAIN, "t2", "k2", 1)])
    with pytest.raises(IntentError) as caught:
        reorder_patches(held, PLAIN, order)
    assert text in str(caught.value)


def test_something_else_than_a_list_is_reported_not_overwritten() -> None:
    held = {"_id": "d1", "_type": "author", "_rev": "r1", "books": "b1, b2"}
    with pytest.raises(IntentError, match=r'd1: author.books should be an array and is "b1, b2"'):
        add_patches(held, PLAIN, reference("t1"), label="r")
