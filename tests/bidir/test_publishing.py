"""Publishing by the lake's own action: what it would refuse or spoil is made fit in front, in the same request."""

import pytest

from bidir import Engine
from bidir.errors import IntentError


def ref(target, **more):
    return {"_type": "reference", "_ref": target, **more}


@pytest.mark.parametrize("mode", ["atomic", "action"])
def test_one_version_of_a_release_is_published_though_its_target_is_in_the_release_only(world, mode):
    # In the release the pointer stands on the version beside it, so it is strong there; the lake refused to publish it.
    dataset, engine = world("n:1")
    engine.publish_mode = mode
    engine.create_release("r1")
    engine.submit([{"create": {"_id": "a9", "_type": "author"}}], perspective="r1")
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a9")}}}], perspective="r1")
    assert dataset.get("versions.r1.b1")["author"] == ref("a9")
    engine.publish("b1", perspective="r1")
    assert dataset.get("b1")["author"] == ref("a9", _weak=True, _strengthenOnPublish={"type": "author"})
    engine.publish("a9", perspective="r1")
    assert dataset.get("b1")["author"] == ref("a9")
    assert list(engine.audit()) == []


def test_what_is_published_together_by_action_points_strongly_at_each_other(world):
    dataset, engine = world("n:1")
    engine = Engine(engine.schema, engine.backend, publish="action")
    engine.create_release("r1")
    engine.submit([{"create": {"_id": "a9", "_type": "author"}}], perspective="r1")
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a9")}}}], perspective="r1")
    outcome = engine.publish(["b1", "a9"], perspective="r1")
    assert dataset.get("b1")["author"] == ref("a9")
    assert (outcome.reads, outcome.writes, list(engine.audit())) == (2, 1, [])


@pytest.mark.parametrize("mode", ["atomic", "action"])
def test_a_version_that_only_marks_its_document_for_unpublishing_is_not_published(world, mode):
    # In one transaction the mark, a copy, was put in the place of the published document, and was gone itself.
    dataset, engine = world("n:1")
    engine.publish_mode = mode
    engine.create_release("r1")
    action = "sanity.action.document.version.unpublish"
    dataset.actions([{"actionType": action, "versionId": "versions.r1.b1", "publishedId": "b1"}])
    before = dataset.get("b1")
    with pytest.raises(IntentError, match='to be unpublished by the release "r1"'):
        engine.publish("b1", perspective="r1")
    assert (dataset.get("b1"), dataset.get("versions.r1.b1")["_system"]) == (before, {"delete": True})
