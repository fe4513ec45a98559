"""`onUnpublish: clear`: published lets go of what goes offline, the drafts keep it, and a publish brings it back."""

import pytest


@pytest.mark.parametrize("draft", [False, True], ids=["no draft", "a draft"])
@pytest.mark.parametrize("offline", ["b1", "a1"])
@pytest.mark.parametrize("kind", ["1:1", "n:1", "1:n", "n:m"])
def test_either_end_can_go_offline_and_come_back(world, kind, offline, draft):
    # The partner's draft took its pointer over as strong as it was in published: the lake refused the whole unpublish.
    dataset, engine = world(kind, onUnpublish="clear")
    engine.add("b1", "author", "a1", perspective="published")
    before = {
        one: {key: dataset.get(one)[key] for key in ("author", "books") if key in dataset.get(one)}
        for one in ("b1", "a1")
    }
    if draft:
        engine.submit([{"patch": {"id": offline, "set": {"title": "New"}}}])
    engine.unpublish(offline)
    other = "a1" if offline == "b1" else "b1"
    assert dataset.get(offline) is None
    assert not dataset.get(other).get("books" if other == "a1" else "author")
    assert list(engine.audit()) == []
    engine.publish(offline)
    for one, fields in before.items():
        assert {key: dataset.get(one)[key] for key in fields} == fields
    assert dataset.get(f"drafts.{other}") is None
    assert (list(engine.audit()), engine.pending()) == ([], [])
