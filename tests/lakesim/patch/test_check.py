"""What documents the lake refuses to store, and that only what is new is looked at."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lakesim import jsonvalue
from lakesim.errors import AttributeLimitError, InvalidValueError, LakeError
from lakesim.limits import Limits
from lakesim.patch import Choices, apply_patch, attributes_of, check_document, parse_patch

NAMES = st.sampled_from(["a", "b", "bad name", "_ref"])
VALUES = st.recursive(
    st.sampled_from(["x", "nul\0", 1, None, True, "é", 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=3)


def refusal(document: Any, limits: Limits | None = None, **options: Any) -> str:
    with pytest.raises(LakeError) as caught:
        check_document(document, limits, **options)
    return caught.value.description


def acceptable(value: Any, level: int = 1) -> bool:
    """The rules once more, by plain recursion."""
    if isinstance(value, dict):
        if "_ref" in value and (not isinstance(value["_ref"], str) or "\0" in value["_ref"] or set(value) != {"_ref"}):
            return False
        return all("bad" not in name and acceptable(item, level + 1) for name, item in value.items())
    if isinstance(value, list):
        return all(acceptable(item, level + 1) for item in value)
    return value not in ("nul\0", 10**400) and level <= 21


def is_accepted(document: Any, **options: Any) -> bool:
    try:
        check_document(document, **options)
    except InvalidValueError:
        return False
    return True


@given(DOCUMENTS)
def test_documents_are_accepted_exactly_if_every_part_is(document: dict[str, Any]) -> None:
    assume("é" not in repr(document.get("_ref", "")) and "'_ref': 'é'" not in repr(document))
    assert is_accepted(document) == acceptable(document)


@given(DOCUMENTS, DOCUMENTS)
def test_with_an_earlier_state_the_verdict_is_the_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    assume(is_accepted(before))
    mixed = {**before, **after, "list": [before.get("a"), *after.values()]}
    assert is_accepted(mixed, before=before) == is_accepted(mixed)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (
            {"a": {"b c": 1}},
            "attribute name 'b c' is not allowed (letters, digits, _ and - only), at \"a\" in the document",
        ),
        ({"a": [1, {"b": ["\0"]}]}, 'U+0000, which cannot be stored, at "a[1].b[0]" in the document'),
        ({"a": "\ud83c"}, "half a surrogate pair"),
        ({"a": [-(10**309)]}, 'a number beyond the range of doubles, at "a[0]"'),
        ({"a": {"_ref": "x", "_ref2": 1}}, 'Key "_ref2" not allowed in ref'),
        ({"a": {"_ref": ["x"]}}, "_ref is a document id (a string), not array"),
        ({"a": {"_ref": ""}}, 'Malformed document ID: ""'),
        ({"_id": "d", "_ref": "x"}, 'Key "_id" not allowed in ref'),
    ],
)
def test_what_is_refused_and_where(document: Any, says: str) -> None:
    assert says in refusal(document)


def test_the_text_for_a_bad_reference_is_the_services_own_and_the_place_travels_beside_it() -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_document({"a": [{"_ref": "x", "y": 1}]})
    assert caught.value.description == 'Key "y" not allowed in ref'
    assert caught.value.__notes__ == ['at "a[0]" in the document']


@pytest.mark.parametrize(
    "reference",
    [
        {"_ref": "x"},
        {"_ref": "drafts.x", "_type": "reference", "_key": "k", "_weak": True, "_strengthenOnPublish": {"type": "t"}},
        {"_ref": "x y", "_dataset": "d", "_projectId": "p", "_type": "crossDatasetReference"},
        {"_ref": "dataset:proj.ds:doc1"},
        {"_ref": "media-library:ml1:asset1"},
    ],
)
def test_what_a_reference_may_hold(reference: dict[str, Any]) -> None:
    check_document({"a": [reference]})


def test_strict_arrays_are_choices() -> None:
    assert "null inside an array" in refusal({"a": [None]}, choices=Choices(nulls_in_arrays="refuse"))
    assert "an array directly inside" in refusal({"a": [[]]}, choices=Choices(arrays_in_arrays="refuse"))
    check_document({"a": [None, []], "b": None})


def test_nesting_is_counted_in_objects_and_arrays() -> None:
    limits = Limits(nesting_depth_max=3)
    check_document({"a": [{"b": 1}]}, limits)
    assert 'nested deeper than 3 levels, at "a[0].b"' in refusal({"a": [{"b": {}}]}, limits)


def test_a_hostile_depth_is_one_clear_error() -> None:
    document: Any = {}
    for _ in range(10_000):
        document = {"a": document}
    assert "nested deeper than 20 levels" in refusal(document)


@pytest.mark.parametrize("text", ["x", "é", '"', "\n", "\x01", "🎈"])
def test_size_is_the_bytes_of_the_json_text(text: str) -> None:
    document = {"_id": "d", "a": [text * 20, {"b": text}], "n": 1}
    size = len(jsonvalue.dump_bytes(document))
    check_document(document, Limits(document_bytes_max=size))
    check_document(document, Limits(document_bytes_max=size), before={"_id": "d"})
    assert "bytes of JSON" in refusal(document, Limits(document_bytes_max=size - 1))
    assert "bytes of JSON" in refusal(document, Limits(document_bytes_max=size - 1), before={"_id": "d"})


@pytest.mark.parametrize(
    "document", [{"a": "x" * 1000}, {"a": {"b": {"c": "x" * 1000}}}, {"x" * 1000: 1}, {"a": [1] * 500}]
)
def test_size_counts_names_and_every_kind_of_value(document: dict[str, Any]) -> None:
    size = len(jsonvalue.dump_bytes(document))
    check_document(document, Limits(document_bytes_max=size))
    assert "bytes of JSON" in refusal(document, Limits(document_bytes_max=size - 1))


def test_size_counts_what_was_there_before_as_well() -> None:
    before = {"_id": "d", "_type": "t", "a": "x" * 500}
    after = {**before, "b": "y"}
    size = len(jsonvalue.dump_bytes(after))
    check_document(after, Limits(document_bytes_max=size), before=before)
    assert "bytes of JSON" in refusal(after, Limits(document_bytes_max=size - 1), before=before)


def test_many_numbers_are_not_taken_for_many_bytes() -> None:
    """An early count gave every number the size of the longest one and refused documents that had room."""
    document = {"a": list(range(10)) * 100}
    check_document(document, Limits(document_bytes_max=len(jsonvalue.dump_bytes(document))))


def test_one_large_value_set_in_many_places_is_refused_without_being_written_out() -> None:
    before = {"_id": "d", "_type": "t", "a": [0] * 5000}
    after = apply_patch(before, parse_patch({"set": {"a[*]": "x" * 1_000_000}}, where="patch"))
    assert "bytes of JSON" in refusal(after, before=before)


def test_attributes_are_counted_as_the_service_does() -> None:
    document = {"_id": "d", "a": [{"b": 1}, {"b": 2}, {"b": "x"}, 5], "c": {"d": None}}
    assert attributes_of(document) == {
        ("_id", "string"),
        ("a", "array"),
        ("a[]", "object"),
        ("a[].b", "number"),
        ("a[].b", "string"),
        ("a[]", "number"),
        ("c", "object"),
        ("c.d", "null"),
    }


@pytest.mark.parametrize(
    ("wire", "fits"), [({"set": {"a": 2}}, True), ({"set": {"c": 2}}, False), ({"set": {"a": "x"}}, True)]
)
def test_attributes_are_bounded_for_patched_documents_too(wire: dict[str, Any], fits: bool) -> None:
    limits = Limits(document_attributes_max=4)
    before = {"_id": "d", "_type": "t", "a": 1, "b": 1}
    after = apply_patch(before, parse_patch(wire, where="patch"))
    if fits:
        check_document(after, limits, before=before)
    else:
        with pytest.raises(AttributeLimitError, match="has 5 attributes; documents have 4 at most"):
            check_document(after, limits, before=before)


@pytest.mark.parametrize(("items", "fits"), [([1, 2], True), ([1, "x"], False), ([1, {}], False), ([1, None], False)])
def test_a_new_type_of_item_is_a_new_attribute(items: list[Any], fits: bool) -> None:
    before = {"_id": "d", "_type": "t", "a": [1]}
    limits = Limits(document_attributes_max=4)
    check_document(before, limits)
    if fits:
        check_document({**before, "a": items}, limits, before=before)
    else:
        assert "has 5 attributes" in refusal({**before, "a": items}, limits, before=before)


def test_an_unchanged_branch_is_not_looked_at_again() -> None:
    # A branch that would be refused shows whether anybody looks.
    unseen: dict[str, Any] = {"bad name": 1}
    before = {"a": unseen, "list": [unseen, {"_key": "k", "in": unseen}]}
    check_document({**before, "b": 1}, before=before)
    check_document({**before, "list": [unseen, 5, {"_key": "k", "in": unseen, "n": 1}]}, before=before)
    check_document({**before, "list": [{"_key": "k", "in": unseen}, unseen]}, before=before)
    first, second = {"n": 1}, {"in": unseen}
    check_document({"list": [second, first]}, before={"list": [first, second]})
    assert "bad name" in refusal({"b": unseen}, before=before)
    assert "bad name" in refusal({"list": [{"in": unseen}]}, before=before)
