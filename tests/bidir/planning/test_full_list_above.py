"""A list that is full in a draft cannot follow what is added below it, whatever the new item points at."""

import pytest

from bidir.conformance.invariants import check_invariants


def ref(target):
    return {"_type": "reference", "_ref": target, "_weak": True, "_key": f"k{target}"}


@pytest.mark.parametrize("added", ["a3", "a9"], ids=["an author", "nothing that exists"])
def test_a_published_addition_does_not_fill_a_draft_beyond_its_bound(world, added):
    # A pointer at a missing document was carried over without a look at the bound: three items where two are allowed.
    dataset, engine = world("1:n", max=2)
    engine.submit([{"patch": {"id": "b1", "set": {"author": [ref("a1"), ref("a2")]}}}])
    insert = {"after": "author[-1]", "items": [ref(added)]}
    engine.submit([{"patch": {"id": "b1", "setIfMissing": {"author": []}, "insert": insert}}], perspective="published")
    assert len(dataset.get("drafts.b1")["author"]) == 2
    documents = {document["_id"]: document for document in dataset.documents()}
    assert check_invariants(engine.schema, documents, pending=engine.pending()) == []
