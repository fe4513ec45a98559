"""Limits: what is too much is refused with the service's words, whatever way it came about (section 9)."""

from typing import Any

import pytest

from lakesim import Dataset, Lake, LakeError, Limits
from lakesim.errors import AttributeLimitError, DocumentLimitExceededError
from lakesim.patch import attributes_of


def dataset_with(**limits: Any) -> Dataset:
    return Lake(seed=0, limits=Limits(**limits)).dataset("production")


def refused(dataset: Dataset, mutations: list[dict[str, Any]]) -> LakeError:
    stored = list(dataset.documents())
    with pytest.raises(LakeError) as caught:
        dataset.mutate(mutations)
    assert list(dataset.documents()) == stored
    return caught.value


def test_attributes_of_the_dataset_are_counted_as_the_service_counts_them() -> None:
    dataset = dataset_with(dataset_attributes_max=12)
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "list": [1, 2, {"x": None}]}}])
    everything = {pair for document in dataset.documents() for pair in attributes_of(document)}
    assert len(dataset._store.indexes.attributes) == len(everything) == 9
    dataset.mutate([{"create": {"_id": "b", "_type": "t", "list": [{"x": 1, "y": {}}]}}])
    error = refused(dataset, [{"patch": {"id": "b", "set": {"p": 1, "list[0].q": 1}}}])
    assert isinstance(error, AttributeLimitError)
    assert error.description == "Total attribute/datatype count 13 exceeds limit of 12 (including submitted mutations)"
    dataset.mutate([{"delete": {"id": "b"}}])
    dataset.mutate([{"patch": {"id": "a", "set": {"p": 1, "q": 1, "list[2].x": 1}}}])
    everything = {pair for document in dataset.documents() for pair in attributes_of(document)}
    assert len(dataset._store.indexes.attributes) == len(everything) == 11


def test_attributes_of_a_document_are_distinct_ones() -> None:
    dataset = dataset_with(document_attributes_max=10)
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "list": [{"x": n} for n in range(50)]}}])
    dataset.mutate([{"patch": {"id": "a", "set": {"one": 1, "two": 2}}}])
    assert isinstance(refused(dataset, [{"patch": {"id": "a", "set": {"three": 3}}}]), AttributeLimitError)
    dataset.mutate([{"patch": {"id": "a", "unset": ["one"], "set": {"three": 3}}}])


@pytest.mark.parametrize(
    "patches",
    [
        [{"set": {"text": "x" * 300}}],
        [{"set": {"text": "x" * 100}}, {"set": {"more": ["y" * 100]}}, {"set": {"most": {"z": "z" * 100}}}],
        [{"set": {"list": [{}, {}, {}]}}, {"set": {"list[:].text": "x" * 90}}],
        [{"set": {"list": []}}, *[{"insert": {"after": "list[-1]", "items": ["x" * 80]}}] * 4],
        [{"set": {"text": "é" * 140}}],
    ],
)
def test_documents_that_grow_too_large_by_patches_are_refused(patches: list[dict[str, Any]]) -> None:
    dataset = dataset_with(document_bytes_max=400)
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    *before, last = patches
    for patch in before:
        dataset.mutate([{"patch": {"id": "a", **patch}}])
    assert "400" in refused(dataset, [{"patch": {"id": "a", **last}}]).description


def test_a_document_that_shrinks_again_is_not_taken_for_large() -> None:
    dataset = dataset_with(document_bytes_max=400)
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    for n in range(50):
        dataset.mutate([{"patch": {"id": "a", "set": {"text": str(n) * 90, "other": [{"n": n}]}}}])


def test_nesting_is_bounded_for_the_whole_document() -> None:
    dataset = dataset_with(nesting_depth_max=4)
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "x": {"y": {}}}}])
    dataset.mutate([{"patch": {"id": "a", "set": {"x.y.z": {}}}}])
    assert "deeper than 4" in refused(dataset, [{"patch": {"id": "a", "set": {"x.y.z.q": {}}}}]).description


def test_the_number_of_documents_is_bounded() -> None:
    dataset = dataset_with(dataset_documents_max=2)
    dataset.mutate([{"create": {"_id": key, "_type": "t"}} for key in "ab"])
    error = refused(dataset, [{"create": {"_id": "c", "_type": "t"}}])
    assert isinstance(error, DocumentLimitExceededError)
    assert error.type == "documentLimitExceededError"
    dataset.mutate([{"create": {"_id": "c", "_type": "t"}}, {"delete": {"id": "a"}}])


def test_the_versions_of_a_release_are_bounded() -> None:
    dataset = dataset_with(release_documents_max=2)
    dataset.mutate(
        [{"create": {"_id": f"versions.{release}.{n}", "_type": "t"}} for n in (1, 2) for release in ("r1", "r2")]
    )
    error = refused(
        dataset, [{"create": {"_id": "a", "_type": "t"}}, {"create": {"_id": "versions.r1.3", "_type": "t"}}]
    )
    assert error.body()["error"]["items"][0]["index"] == 1
    assert 'Release "r1" would hold 3 documents, the limit is 2' in error.description
    dataset.mutate([{"patch": {"id": "versions.r1.1"}}, {"createOrReplace": {"_id": "versions.r1.2", "_type": "t"}}])


def test_a_mutation_by_query_is_bounded() -> None:
    dataset = dataset_with(mutation_query_documents_max=3)
    dataset.mutate([{"create": {"_id": key, "_type": "t"}} for key in "abcd"])
    assert "selects 4 documents" in refused(dataset, [{"delete": {"query": "*"}}]).description
    dataset.mutate([{"delete": {"query": "*[0...3]"}}])


def test_the_length_of_a_generated_id_counts() -> None:
    dataset = dataset_with(document_id_length_max=30)
    dataset.mutate([{"create": {"_id": "short.", "_type": "t"}}])
    assert "Malformed document ID" in str(refused(dataset, [{"create": {"_id": "much-too-long.", "_type": "t"}}]))


def test_an_attribute_that_goes_makes_room_for_one_that_comes() -> None:
    dataset = dataset_with(dataset_attributes_max=7)
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "x": 1, "y": 1}}])
    for old, new in (("x", "z"), ("y", "x"), ("z", "y")):
        dataset.mutate([{"patch": {"id": "a", "unset": [old], "set": {new: 1}}}])
    dataset.mutate([{"patch": {"id": "a", "set": {"x": "now a string"}}}])
    assert isinstance(refused(dataset, [{"create": {"_id": "b", "_type": "t", "x": 1}}]), AttributeLimitError)
    dataset.mutate([{"create": {"_id": "b", "_type": "t", "x": 1}}, {"patch": {"id": "a", "unset": ["y"]}}])
