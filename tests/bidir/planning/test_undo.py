"""The undo that comes with a steal: what was taken goes back as it was, where it was, to whom it was taken from."""

from __future__ import annotations

from typing import Any

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from lakesim import Dataset, Lake

Json = Any


def ref(target: str, **more: Json) -> dict[str, Json]:
    return {"_type": "reference", "_ref": target, **more}


def to(*types: str) -> dict[str, Json]:
    return {"type": "reference", "to": [{"type": name} for name in types]}


CREDIT = {
    "type": "object",
    "fields": [{"name": "who", **to("author"), "bidirectional": {"targetField": "book"}}, {"name": "role"}],
}
TYPES = [
    {"name": "book", "type": "document", "fields": [{"name": "credits", "type": "array", "of": [CREDIT]}]},
    {"name": "film", "type": "document", "fields": [{"name": "title", "type": "string"}]},
    {"name": "author", "type": "document", "fields": [{"name": "book", **to("book", "film")}]},
]


def credit(author: str, role: str) -> dict[str, Json]:
    return {"_key": f"k{author}", "_type": "object", "who": ref(author), "role": role}


def catalogue() -> tuple[Dataset, Engine]:
    """b1 credits a1, a2 and a3 in published; in the drafts a2 has another role."""
    dataset = Lake(seed=0).dataset("production")
    made = [("b1", "book"), ("b2", "book"), ("f1", "film"), *((f"a{number}", "author") for number in (1, 2, 3, 4))]
    dataset.mutate([{"create": {"_id": one, "_type": name}} for one, name in made])
    engine = Engine(Schema.load(TYPES), LakeBackend(dataset))
    listed = [credit("a1", "writer"), credit("a2", "editor"), credit("a3", "painter")]
    engine.submit([{"patch": {"id": "b1", "set": {"credits": listed}}}], perspective="published")
    engine.submit([{"patch": {"id": "b1", "set": {'credits[_key=="ka2"].role': "translator"}}}])
    return dataset, engine


def undo(outcome) -> list[dict[str, Json]]:
    return [mutation for notice in outcome.notices if notice.kind == "steal" for mutation in notice.undo]


@pytest.mark.parametrize("layer", ["published", "drafts"])
@pytest.mark.parametrize("stolen", [["a1"], ["a2"], ["a3"], ["a1", "a2", "a3"]], ids="+".join)
def test_a_list_gets_its_items_back_where_they_were_and_as_they_were(stolen, layer):
    # The item went to the end of the list, and with the role it had in another layer.
    dataset, engine = catalogue()
    holder = "b1" if layer == "published" else "drafts.b1"
    before = dataset.get(holder)["credits"]
    theft = {"patch": {"id": "b2", "set": {"credits": [credit(one, "thief") for one in stolen]}}}
    outcome = engine.submit([theft], perspective=layer)
    assert len(dataset.get(holder)["credits"]) == 3 - len(stolen)
    engine.submit(undo(outcome), perspective=layer)
    assert dataset.get(holder)["credits"] == before
    assert list(engine.audit()) == []


@pytest.mark.parametrize("holder", ["ghost", "f1"], ids=["not there", "without an inverse field"])
def test_a_holder_without_a_half_of_its_own_gets_the_place_back(holder):
    # The undo was a patch of the holder, which is not there, or has no such field.
    dataset, engine = catalogue()
    pointer = ref(holder, _weak=True)
    engine.submit([{"patch": {"id": "a4", "set": {"book": pointer}}}], perspective="published")
    theft = {"patch": {"id": "b2", "set": {"credits": [credit("a4", "thief")]}}}
    outcome = engine.submit([theft], perspective="published")
    assert dataset.get("a4")["book"]["_ref"] == "b2"
    engine.submit(undo(outcome), perspective="published")
    assert dataset.get("a4")["book"] == pointer
    assert dataset.get("b2")["credits"] == []


def test_a_holder_that_never_pointed_back_gets_an_item_of_the_right_shape():
    # It got a bare reference without a key, into a list that was not there: nothing at all.
    dataset, engine = catalogue()
    dataset.mutate([{"patch": {"id": "a4", "set": {"book": ref("f1", _weak=True)}}}])
    dataset.mutate([{"create": {"_id": "b3", "_type": "book"}}, {"patch": {"id": "a4", "set": {"book._ref": "b3"}}}])
    theft = {"patch": {"id": "b2", "set": {"credits": [credit("a4", "thief")]}}}
    outcome = engine.submit([theft], perspective="published")
    engine.submit(undo(outcome), perspective="published")
    [item] = dataset.get("b3")["credits"]
    assert item["who"] == ref("a4")
    assert item["_key"]
    assert list(engine.audit()) == []
