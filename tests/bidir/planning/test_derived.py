"""Derived relations in the life cycle: nothing is stored at the target, but pointers at it must not break or block."""

import pytest

from bidir import Engine
from bidir.backends import LakeBackend
from bidir.errors import LockedReleaseError, TooLargeError
from bidir.relations import Schema
from lakesim import Lake

STAMP = {"type": "studio"}


def ref(target, **more):
    return {"_type": "reference", "_ref": target, **more}


def schema(**options):
    studio = {"type": "reference", "to": [{"type": "studio"}]}
    declared = {"targetField": "films", "derived": True, **options}
    backers = {"targetField": "backed", "derived": True, **options}
    members = [{"type": "object", "name": "backer", "fields": [{"name": "by", **studio}]}]
    return [
        {
            "name": "film",
            "type": "document",
            "fields": [
                {"name": "title", "type": "string"},
                {"name": "studio", **studio, "bidirectional": declared},
                {"name": "backers", "type": "array", "of": members, "bidirectional": backers},
            ],
        },
        {"name": "studio", "type": "document", "fields": [{"name": "title", "type": "string"}]},
    ]


@pytest.fixture
def house():
    """(dataset, engine) with films f1–f3 and studios s1, s2 published."""

    def make(**options):
        dataset = Lake(seed=0).dataset("production")
        dataset.mutate(
            [{"create": {"_id": f"f{number}", "_type": "film"}} for number in (1, 2, 3)]
            + [{"create": {"_id": f"s{number}", "_type": "studio"}} for number in (1, 2)]
        )
        return dataset, Engine(Schema.load(schema(**options)), LakeBackend(dataset))

    return make


def everywhere(dataset, engine):
    """f1 in published, f2 in drafts and f3 in a release point at s1, f3 also as its backer."""
    engine.create_release("r1")
    dataset.mutate([{"patch": {"id": "f1", "set": {"studio": ref("s1")}}}])
    engine.submit([{"patch": {"id": "f2", "set": {"studio": ref("s1")}}}])
    backers = [{"_key": "k1", "by": ref("s2")}, {"_key": "k2", "by": ref("s1"), "_type": "backer"}]
    engine.submit([{"patch": {"id": "f3", "set": {"studio": ref("s1"), "backers": backers}}}], perspective="r1")


def test_a_delete_takes_every_pointer_of_a_derived_relation_along(house):
    dataset, engine = house()
    everywhere(dataset, engine)
    outcome = engine.delete("s1")
    assert dataset.get("s1") is None
    assert "studio" not in dataset.get("f1")
    assert "studio" not in dataset.get("drafts.f2")
    version = dataset.get("versions.r1.f3")
    assert ("studio" not in version, [item["_key"] for item in version["backers"]]) == (True, ["k1"])
    assert (outcome.reads, outcome.writes, outcome.documents_written) == (1, 1, 4)


def test_a_delete_leaves_weak_pointers_where_they_are_to_be_kept(house):
    dataset, engine = house(onDelete="keep")
    everywhere(dataset, engine)
    engine.delete("s1")
    assert dataset.get("s1") is None
    assert dataset.get("f1")["studio"] == ref("s1", _weak=True, _strengthenOnPublish=STAMP)
    assert dataset.get("versions.r1.f3")["backers"][1]["by"]["_weak"] is True


def test_a_delete_is_refused_while_there_are_partners_and_goes_through_with_consent(house):
    dataset, engine = house(onDelete="block")
    everywhere(dataset, engine)
    outcome = engine.delete("s1")
    assert {(one.kind, one.holder) for one in outcome.conflicts} == {("blocked", f"f{n}") for n in (1, 2, 3)}
    assert (dataset.get("s1") is not None, outcome.writes) == (True, 0)
    engine.delete("s1", consent=[one.token for one in outcome.conflicts])
    assert dataset.get("s1") is None


def test_an_unpublish_is_not_blocked_and_publishing_again_makes_the_pointers_strong(house):
    dataset, engine = house()
    everywhere(dataset, engine)
    outcome = engine.unpublish("s1")
    assert (dataset.get("s1"), outcome.reads, outcome.writes) == (None, 1, 1)
    for name in ("f1", "drafts.f2", "versions.r1.f3"):
        assert dataset.get(name)["studio"] == ref("s1", _weak=True, _strengthenOnPublish=STAMP)
    engine.publish("s1")
    assert dataset.get("f1")["studio"] == ref("s1")


def test_an_unpublish_clears_what_is_published_where_that_is_asked_for(house):
    dataset, engine = house(onUnpublish="clear")
    everywhere(dataset, engine)
    engine.unpublish("s1")
    assert "studio" not in dataset.get("f1")
    assert dataset.get("drafts.f2")["studio"]["_weak"] is True


@pytest.mark.parametrize("mode", ["atomic", "action"])
def test_a_pointer_at_a_draft_is_weak_until_both_are_published(house, mode):
    dataset, engine = house()
    engine.publish_mode = mode
    engine.submit([{"create": {"_id": "s9", "_type": "studio"}}])
    outcome = engine.submit([{"patch": {"id": "f1", "set": {"studio": ref("s9")}}}])
    assert dataset.get("drafts.f1")["studio"] == ref("s9", _weak=True, _strengthenOnPublish=STAMP)
    assert (outcome.reads, outcome.writes, outcome.documents_written, outcome.pending) == (1, 1, 1, ())
    first = engine.publish("f1")
    assert dataset.get("f1")["studio"] == ref("s9", _weak=True, _strengthenOnPublish=STAMP)
    engine.publish("s9")
    assert dataset.get("f1")["studio"] == ref("s9")
    assert (first.reads, first.writes) == ((1, 1) if mode == "atomic" else (2, 2))


def test_a_pointer_at_what_is_published_is_the_users_own(house):
    dataset, engine = house()
    outcome = engine.submit([{"patch": {"id": "f1", "set": {"studio": ref("s1")}}}])
    assert dataset.get("drafts.f1")["studio"] == ref("s1")
    assert (outcome.notices, outcome.documents_written) == ((), 1)


def test_a_pointer_at_nothing_is_made_weak_and_told(house):
    dataset, engine = house()
    outcome = engine.submit([{"patch": {"id": "f1", "set": {"studio": ref("ghost")}}}])
    assert dataset.get("drafts.f1")["studio"]["_weak"] is True
    assert [one.kind for one in outcome.notices] == ["weakened"]


def test_a_release_that_unpublishes_the_target_is_not_blocked(house):
    dataset, engine = house()
    everywhere(dataset, engine)
    action = "sanity.action.document.version.unpublish"
    dataset.actions([{"actionType": action, "versionId": "versions.r1.s1", "publishedId": "s1"}])
    engine.publish_release("r1")
    assert dataset.get("s1") is None
    assert {dataset.get(name)["studio"].get("_weak") for name in ("f1", "f3", "drafts.f2")} == {True}


def test_a_scheduled_release_that_points_at_it_is_named(house):
    dataset, engine = house()
    everywhere(dataset, engine)
    engine.schedule_release("r1", "2030-01-01T00:00:00Z")
    with pytest.raises(LockedReleaseError, match=r'"f3" points at it strongly .* in the release "r1"'):
        engine.delete("s1")


def test_more_referrers_than_a_transaction_takes_are_refused_before_anything_is_written(house, monkeypatch):
    dataset, engine = house()
    dataset.mutate([{"create": {"_id": f"g{n}", "_type": "film", "studio": ref("s1")}} for n in range(10)])
    monkeypatch.setattr("bidir.planning.bounds.DOCUMENTS_MAX", 10)
    with pytest.raises(TooLargeError, match="11 documents"):
        engine.delete("s1")
    assert dataset.get("g0")["studio"] == ref("s1")
    monkeypatch.setattr("bidir.planning.bounds.DOCUMENTS_MAX", 11)
    assert engine.delete("s1").documents_written == 11


def test_a_switched_off_derived_relation_is_left_to_the_lake(house):
    dataset, engine = house(enabled=False)
    engine.submit([{"patch": {"id": "f1", "set": {"studio": ref("s1")}}}])
    assert engine.schema.pointers_of("film") == ()
    assert dataset.get("drafts.f1")["studio"] == ref("s1")


def test_a_target_that_others_delete_is_forgotten_and_one_they_publish_makes_its_pointers_strong(house):
    dataset, engine = house()
    engine.submit([{"create": {"_id": "s9", "_type": "studio"}}])
    engine.submit([{"patch": {"id": "f1", "set": {"studio": ref("s9")}}}])
    engine.publish("f1")
    dataset.mutate([{"patch": {"id": "f2", "set": {"studio": ref("s2", _weak=True)}}}])
    with engine.follow(debounce=0) as follower:
        names = {"publishedId": "s9", "draftId": "drafts.s9"}
        dataset.actions([{"actionType": "sanity.action.document.publish", **names}])
        dataset.mutate([{"delete": {"id": "s2"}}])
        follower.settle()
        assert dataset.get("f1")["studio"] == ref("s9")
        assert "studio" not in dataset.get("f2")
        assert follower.settle() == []
