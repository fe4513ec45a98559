"""Ids that are none are refused in one clear line, before anything is read or written."""

import pytest

from bidir.errors import IntentError

CALLS = {
    "publish of a number": lambda engine: engine.publish(5),
    "publish of nothing": lambda engine: engine.publish(""),
    "publish of a list with None": lambda engine: engine.publish(["b1", None]),
    "duplicate without a new id": lambda engine: engine.duplicate("b1", ""),
    "duplicate to a number": lambda engine: engine.duplicate("b1", 7),
    "delete of None": lambda engine: engine.delete(None),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_is_no_id_is_refused(world, call):
    # A duplicate without a new id was written under one that the lake made up; a number ended in a TypeError.
    dataset, engine = world()
    before = list(dataset.documents())
    with pytest.raises(IntentError) as refusal:
        CALLS[call](engine)
    assert "\n" not in str(refusal.value)
    assert list(dataset.documents()) == before
    assert engine.counters["reads"] == 0
