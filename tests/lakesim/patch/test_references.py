"""Which references a document holds."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lakesim.patch import Reference, references_in

NAMES = st.sampled_from(["a", "b", "_ref", "_weak"])
VALUES = st.recursive(
    st.sampled_from(["x", "y", True, 1, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=15,
)


def naive(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str, bool, tuple[str | int, ...]]]:
    if isinstance(value, dict):
        if isinstance(value.get("_ref"), str):
            return [(value["_ref"], value.get("_weak") is True, path)]
        return [hit for name, item in value.items() for hit in naive(item, (*path, name))]
    if isinstance(value, list):
        return [hit for number, item in enumerate(value) for hit in naive(item, (*path, number))]
    return []


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_every_reference_is_found_in_document_order(document: dict[str, Any]) -> None:
    found = [(reference.target, reference.weak, reference.path) for reference in references_in(document)]
    assert found == naive(document)


def test_a_reference_tells_what_it_is() -> None:
    stamp = {"type": "author", "weak": False}
    document = {
        "_type": "book",
        "author": {"_type": "reference", "_ref": "a1"},
        "more": [{"_key": "k", "person": {"_ref": "a2", "_weak": True, "_strengthenOnPublish": stamp}}],
    }
    assert references_in(document) == [
        Reference("a1", False, ("author",)),
        Reference("a2", True, ("more", 0, "person"), stamp),
    ]


def test_inside_a_reference_nothing_is_searched() -> None:
    assert references_in({"a": {"_ref": "x", "_strengthenOnPublish": {"b": {"_ref": "y"}}}}) == [
        Reference("x", False, ("a",), {"b": {"_ref": "y"}})
    ]


def test_weak_is_the_boolean_only() -> None:
    assert [one.weak for one in references_in({"a": [{"_ref": "x", "_weak": w} for w in (True, 1, "true", None)]})] == [
        True,
        False,
        False,
        False,
    ]


def test_references_out_of_the_dataset_are_marked() -> None:
    document = {
        "a": {"_ref": "x", "_dataset": "other", "_projectId": "p"},
        "b": {"_ref": "media-library:ml1:asset1"},
        "c": {"_ref": "x"},
    }
    assert [reference.external for reference in references_in(document)] == [True, True, False]


def test_depth_is_no_danger() -> None:
    document: Any = {"_ref": "x"}
    for _ in range(10_000):
        document = {"a": document}
    (reference,) = references_in(document)
    assert (reference.target, len(reference.path)) == ("x", 10_000)
