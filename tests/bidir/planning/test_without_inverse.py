"""Pointers at a type that has no field to point back: they are the relation's, so they hold nothing fast either."""

from __future__ import annotations

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from lakesim import Lake

OWNER = {"type": "reference", "to": [{"type": "person"}, {"type": "robot"}], "bidirectional": {"targetField": "owns"}}


def types(many, **options):
    owner = {**OWNER, "bidirectional": {"targetField": "owns", **options}}
    field = {"name": "owner", "type": "array", "of": [owner]} if many else {"name": "owner", **owner}
    return [
        {"name": "book", "type": "document", "fields": [field]},
        {
            "name": "person",
            "type": "document",
            "fields": [{"name": "owns", "type": "reference", "to": [{"type": "book"}]}],
        },
        {"name": "robot", "type": "document", "fields": [{"name": "name", "type": "string"}]},
    ]


@pytest.fixture(params=[False, True], ids=["single", "list"])
def shelf(request):
    """(dataset, engine) where the published b1, its draft and its version in r1 point at the robot r."""

    def make(**options):
        dataset = Lake(seed=0).dataset("production")
        dataset.mutate([{"create": {"_id": "b1", "_type": "book"}}, {"create": {"_id": "r", "_type": "robot"}}])
        engine = Engine(Schema.load(types(request.param, **options)), LakeBackend(dataset))
        engine.create_release("r1")
        engine.add("b1", "owner", "r", perspective="published")
        for layer in ("drafts", "r1"):
            engine.submit([{"patch": {"id": "b1", "set": {"title": layer}}}], perspective=layer)
        return dataset, engine

    return make


VERSIONS = ("b1", "drafts.b1", "versions.r1.b1")


def pointers(dataset):
    held = [dataset.get(one).get("owner") or [] for one in VERSIONS]
    return [(one[0] if one else None) if isinstance(one, list) else one for one in held]


def test_deleting_the_target_takes_every_pointer_along(shelf):
    # The lake refused: a pointer that no other half answers was nobody's to take out.
    dataset, engine = shelf()
    engine.delete("r")
    assert dataset.get("r") is None
    assert pointers(dataset) == [None, None, None]
    assert list(engine.audit()) == []


def test_discarding_its_last_version_does_so_too(shelf):
    dataset, engine = shelf()
    engine.unpublish("r")
    assert [one["_weak"] for one in pointers(dataset)] == [True, True, True]
    engine.discard("r")
    assert pointers(dataset) == [None, None, None]
    assert list(engine.audit()) == []


def test_publishing_it_again_makes_the_pointers_what_they_were(shelf):
    dataset, engine = shelf()
    before = dataset.get("b1")["owner"]
    engine.unpublish("r")
    engine.publish("r")
    assert dataset.get("b1")["owner"] == before


def test_block_names_who_points(shelf):
    dataset, engine = shelf(onDelete="block")
    outcome = engine.delete("r")
    assert [(one.kind, one.holder) for one in outcome.conflicts] == [("blocked", "b1")]
    assert dataset.get("r") is not None
    assert engine.delete("r", consent=[one.token for one in outcome.conflicts]).conflicts == ()
    assert dataset.get("r") is None
