"""Whole releases through the engine: what it adds before and after the lake's own action."""

import pytest

from bidir.backends import LakeBackend
from bidir.errors import Refused, Unavailable


def ref(target, **more):
    return {"_type": "reference", "_ref": target, **more}


def test_a_release_the_lake_cannot_publish_is_an_error_and_nothing_is_published(world):
    dataset, engine = world()
    engine.create_release("rSpring", title="Spring")
    engine.create_version("b1", "rSpring")
    # Strong, of no relation, and its target exists in the release only: it goes before the release is published.
    dataset.mutate([{"create": {"_id": "versions.rSpring.x", "_type": "note"}}])
    dataset.mutate([{"patch": {"id": "versions.rSpring.b1", "set": {"note": ref("x")}}}])
    dataset.mutate(
        [
            {"delete": {"id": "versions.rSpring.x"}},
            {
                "patch": {
                    "id": "versions.rSpring.b1",
                    "set": {"note": ref("x", _weak=True, _strengthenOnPublish={"type": "note"})},
                }
            },
        ]
    )
    before = dataset.get("b1")
    with pytest.raises(Refused, match=r"rSpring.*not published"):
        engine.publish_release("rSpring")
    assert dataset.get("b1") == before
    assert dataset.get("_.releases.rSpring")["state"] == "active"


def test_publishing_a_release_brings_the_drafts_above_into_step(world):
    dataset, engine = world()
    engine.create_release("rSpring", title="Spring")
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="rSpring")
    engine.submit([{"patch": {"id": "b2", "set": {"author": ref("a1")}}}], perspective="drafts")
    outcome = engine.publish_release("rSpring")
    assert (dataset.get("b1")["author"]["_ref"], dataset.get("a1")["books"]["_ref"]) == ("a1", "b1")
    assert list(engine.audit()) == []
    assert outcome.writes == 2


def test_a_document_the_release_unpublishes_does_not_block_it(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    engine.create_release("rSpring", title="Spring")
    dataset.actions(
        [
            {
                "actionType": "sanity.action.document.version.unpublish",
                "versionId": "versions.rSpring.a1",
                "publishedId": "a1",
            }
        ]
    )
    engine.publish_release("rSpring")
    assert dataset.get("a1") is None
    assert dataset.get("drafts.a1") is not None
    assert dataset.get("b1")["author"]["_weak"] is True


def test_deleting_an_archived_release_forgets_what_lived_only_there(world):
    dataset, engine = world()
    engine.create_release("rSpring", title="Spring")
    engine.submit([{"create": {"_id": "b9", "_type": "book"}}], perspective="rSpring")
    engine.submit([{"patch": {"id": "b1", "set": {"text": "x"}}}], perspective="published")
    dataset.mutate([{"patch": {"id": "a1", "set": {"books": ref("b9", _weak=True)}}}])
    engine.archive_release("rSpring")
    assert dataset.get("a1")["books"]["_ref"] == "b9"
    engine.delete_release("rSpring")
    assert "books" not in dataset.get("a1")


def test_a_release_scheduled_for_a_time_that_is_past_is_published_with_all_that_follows(world):
    # The lake publishes it at once; nobody else would bring the drafts above into step.
    dataset, engine = world()
    engine.create_release("rSpring", title="Spring")
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="rSpring")
    engine.submit([{"patch": {"id": "b2", "set": {"author": ref("a1")}}}], perspective="drafts")
    engine.schedule_release("rSpring", "2001-01-01T00:00:00Z")
    assert dataset.get("_.releases.rSpring")["state"] == "published"
    assert dataset.get("a1")["books"]["_ref"] == "b1"
    assert list(engine.audit()) == []


class SlowBackend(LakeBackend):
    """Shows a release as still being published, as often as it is told."""

    slow = 0

    def documents(self, ids):
        found = super().documents(ids)
        if self.slow and any(one.startswith("_.releases.") for one in ids):
            self.slow -= 1
            return {key: {**one, "state": "publishing"} for key, one in found.items()}
        return found


def test_a_release_that_takes_its_time_is_waited_for(world):
    _, engine = world(backend=SlowBackend)
    engine.create_release("rSpring", title="Spring")
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="rSpring")
    engine.submit([{"patch": {"id": "b2", "set": {"author": ref("a1")}}}], perspective="drafts")
    engine.backend.slow = 3
    engine.publish_release("rSpring")
    assert (engine.backend.slow, list(engine.audit())) == (0, [])


def test_a_release_that_never_comes_to_rest_is_an_error_that_says_what_is_left(world):
    _, engine = world(backend=SlowBackend)
    engine.create_release("rSpring", title="Spring")
    engine.create_version("b1", "rSpring")
    engine.backend.slow = 1_000
    with pytest.raises(Unavailable, match="still publishing after 60 seconds"):
        engine.publish_release("rSpring")
