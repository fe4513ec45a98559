"""An edit that arrives in pieces, as a form sends it: no piece may be taken for nothing that the next one stands on."""

from __future__ import annotations

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from lakesim import Lake

CREDIT = {
    "type": "object",
    "fields": [
        {
            "name": "person",
            "type": "reference",
            "to": [{"type": "person"}],
            "bidirectional": {"targetField": "films"},
        },
        {"name": "role", "type": "string"},
    ],
}
TYPES = [
    {"name": "film", "type": "document", "fields": [{"name": "credits", "type": "array", "of": [CREDIT]}]},
    {
        "name": "person",
        "type": "document",
        "fields": [{"name": "films", "type": "array", "of": [{"type": "reference", "to": [{"type": "film"}]}]}],
    },
]
ITEM = 'credits[_key=="k"]'
PIECES = [
    {"setIfMissing": {"credits": []}},
    {"insert": {"after": "credits[-1]", "items": [{"_key": "k", "_type": "object"}]}},
    {"setIfMissing": {f"{ITEM}.person": {}}},
    {"set": {f"{ITEM}.person._type": "reference"}},
    {"set": {f"{ITEM}.person._ref": "p1"}},
    {"set": {f"{ITEM}.role": "writer"}},
]


@pytest.mark.parametrize("layer", ["drafts", "published"])
def test_an_item_put_together_over_several_submits_is_a_link_in_the_end(layer):
    # The empty list was taken for a saying-again of "no link" and not sent: the item was then put into no list at all.
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": {"_id": "f1", "_type": "film"}}, {"create": {"_id": "p1", "_type": "person"}}])
    engine = Engine(Schema.load(TYPES), LakeBackend(dataset))
    for piece in PIECES:
        assert engine.submit([{"patch": {"id": "f1", **piece}}], perspective=layer).documents_written >= 1
    prefix = "drafts." if layer == "drafts" else ""
    [credit] = dataset.get(f"{prefix}f1")["credits"]
    assert credit == {
        "_key": "k",
        "_type": "object",
        "person": {"_type": "reference", "_ref": "p1"},
        "role": "writer",
    }
    assert [item["_ref"] for item in dataset.get(f"{prefix}p1")["films"]] == ["f1"]
    assert engine.submit([{"patch": {"id": "f1", **PIECES[0]}}], perspective=layer).documents_written == 0
