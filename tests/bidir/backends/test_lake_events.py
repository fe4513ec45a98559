"""A listener of the embedded lake that is cut off goes on, and says that something may have been missed."""

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from lakesim import Lake
from lakesim.faults import FaultRule

CUT = FaultRule(match={"kind": "listen"}, effect={"events": "disconnect"}, count=1)
SCHEMA = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            {
                "name": "author",
                "type": "reference",
                "to": [{"type": "author"}],
                "bidirectional": {"targetField": "currentBook"},
            }
        ],
    },
    {
        "name": "author",
        "type": "document",
        "fields": [{"name": "currentBook", "type": "reference", "to": [{"type": "book"}]}],
    },
]


@pytest.fixture
def lake():
    return Lake(seed=0)


@pytest.fixture
def dataset(lake):
    dataset = lake.dataset("production")
    dataset.mutate([{"create": {"_id": "b1", "_type": "book"}}, {"create": {"_id": "a1", "_type": "author"}}])
    return dataset


def kinds(events):
    return [event["type"] for event in events]


@pytest.mark.parametrize("one_by_one", [False, True], ids=["drain", "get"])
def test_what_was_cut_off_begins_with_a_reset(lake, dataset, one_by_one):
    stream = LakeBackend(dataset).listen("*", {})
    with lake.faults(CUT):
        dataset.mutate([{"patch": {"id": "b1", "set": {"n": 1}}}])

    def read():
        return list(iter(lambda: stream.get(0), None)) if one_by_one else stream.drain()

    assert kinds(read()) == ["welcome", "reset"]
    dataset.mutate([{"patch": {"id": "b1", "set": {"n": 2}}}])
    assert kinds(read()) == ["mutation"]
    stream.close()
    dataset.mutate([{"patch": {"id": "b1", "set": {"n": 3}}}])
    assert read() == []


def test_a_worker_that_was_cut_off_carries_through_what_it_missed(lake, dataset):
    engine = Engine(Schema.load(SCHEMA), LakeBackend(dataset))
    with engine.follow() as worker:
        with lake.faults(CUT):
            dataset.mutate([{"patch": {"id": "b1", "set": {"author": {"_type": "reference", "_ref": "a1"}}}}])
        worker.settle()
        assert dataset.get("a1")["currentBook"]["_ref"] == "b1"
        dataset.mutate([{"patch": {"id": "b1", "unset": ["author"]}}])
        worker.settle()
        assert "currentBook" not in dataset.get("a1")
