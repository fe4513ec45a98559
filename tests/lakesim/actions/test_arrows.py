"""What the lake does with a release by itself where that is not plain: failures, returns, restored versions."""

from typing import Any

import pytest

from lakesim import ActionError, Lake, LakeChoices, LakeError, Limits
from lakesim.lake import Dataset
from lakesim.patch import Create

FAR = "2099-01-01T00:00:00Z"
STRENGTHENING = {"_ref": "b", "_weak": True, "_strengthenOnPublish": {"type": "t"}}


def action(name: str, **fields: Any) -> dict[str, Any]:
    return {"actionType": f"sanity.action.{name}", **fields}


def made(*versions: dict[str, Any], choices: LakeChoices | None = None) -> Dataset:
    dataset = Lake(seed=0, choices=choices).dataset("production")
    dataset.actions([action("release.create", releaseId="r1")])
    if versions:
        dataset.mutate([{"create": version} for version in versions])
    return dataset


def do(dataset: Dataset, name: str, **fields: Any) -> dict[str, Any]:
    dataset.actions([action(f"release.{name}", releaseId="r1", **fields)])
    return dataset.get("_.releases.r1") or {}


def contents(dataset: Dataset) -> dict[str, Any]:
    return {one["_id"]: one for one in dataset.documents() if one["_type"] != "system.release"}


def test_a_refused_publication_leaves_every_document_as_it_was():
    dataset = made({"_id": "versions.r1.a", "_type": "t", "to": STRENGTHENING}, {"_id": "versions.r1.c", "_type": "t"})
    before = contents(dataset)
    release = do(dataset, "publish")
    assert contents(dataset) == before
    assert release["state"] == "active"
    assert release["error"] == {"message": 'Document "a" references non-existent document "b"'}
    assert {"publishAt", "workflowId", "publishedAt", "finalDocumentStates"}.isdisjoint(release)
    states = [dataset.revision("_.releases.r1", row.transaction_id)["state"] for row in dataset.log()[-4:]]
    assert states == ["scheduling", "scheduled", "publishing", "active"]


def test_a_refused_publication_can_be_mended_and_tried_again():
    dataset = made({"_id": "versions.r1.a", "_type": "t", "to": STRENGTHENING})
    do(dataset, "publish")
    dataset.mutate([{"create": {"_id": "b", "_type": "t"}}])
    release = do(dataset, "publish")
    assert release["state"] == "published"
    assert "error" not in release
    assert dataset.get("a")["to"] == {"_ref": "b"}


def test_a_refused_scheduled_publication_unlocks_the_release():
    dataset = made({"_id": "versions.r1.a", "_type": "t", "to": STRENGTHENING})
    do(dataset, "schedule", publishAt="2026-01-01T00:01:00Z")
    dataset.clock.advance(60)
    release = dataset.get("_.releases.r1")
    assert (release["state"], "publishAt" in release) == ("active", False)
    assert "non-existent" in release["error"]["message"]
    dataset.mutate([{"patch": {"id": "versions.r1.a", "unset": ["to"]}}])
    assert dataset.run_due() == []


def test_what_was_drafted_after_scheduling_does_not_change_what_is_published():
    dataset = made({"_id": "versions.r1.a", "_type": "t", "n": 1})
    do(dataset, "schedule", publishAt="2026-01-01T00:01:00Z")
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "t", "n": 2}}])
    dataset.clock.advance(60)
    assert [dataset.get(key)["n"] for key in ("a", "drafts.a")] == [1, 2]


def test_published_versions_are_found_in_the_history():
    dataset = made({"_id": "versions.r1.a", "_type": "t", "n": 1})
    release = do(dataset, "publish")
    (final,) = release["finalDocumentStates"]
    assert dataset.last_revision(final["id"])["n"] == 1


def test_published_arrays_get_keys_and_the_release_document_none():
    dataset = made({"_id": "versions.r1.a", "_type": "t", "list": [{"n": 1}, {"n": 2, "_key": "own"}]})
    release = do(dataset, "publish")
    first, second = dataset.get("a")["list"]
    assert len(first["_key"]) == 12
    assert second == {"n": 2, "_key": "own"}
    assert release["finalDocumentStates"] == [{"id": "versions.r1.a"}]


def test_actions_give_keys_wherever_they_write():
    dataset = made()
    body = {"_id": "drafts.a", "_type": "t", "list": [{"n": 1}]}
    dataset.actions([action("document.create", publishedId="a", attributes=body)])
    patch = {"insert": {"after": "list[-1]", "items": [{"n": 2}]}}
    dataset.actions([action("document.edit", publishedId="a", draftId="drafts.a", patch=patch)])
    keys = [item["_key"] for item in dataset.get("drafts.a")["list"]]
    assert len(set(keys)) == 2
    dataset.actions([action("document.publish", publishedId="a", draftId="drafts.a")])
    assert [item["_key"] for item in dataset.get("a")["list"]] == keys


def test_archived_versions_come_back_as_they_were():
    dataset = made({"_id": "versions.r1.a", "_type": "t", "n": 1}, {"_id": "versions.r1.b", "_type": "t"})
    before = contents(dataset)
    do(dataset, "archive")
    assert contents(dataset) == {}
    dataset.clock.advance(1000)
    do(dataset, "edit", patch={"set": {"metadata.title": "still there"}})
    do(dataset, "unarchive")
    after = contents(dataset)
    assert {key: {**one, "_rev": ""} for key, one in after.items()} == {
        key: {**one, "_rev": ""} for key, one in before.items()
    }


def test_a_second_archive_keeps_what_was_there_the_second_time():
    dataset = made({"_id": "versions.r1.a", "_type": "t", "n": 1})
    do(dataset, "archive")
    do(dataset, "unarchive")
    dataset.mutate(
        [{"patch": {"id": "versions.r1.a", "set": {"n": 2}}}, {"create": {"_id": "versions.r1.b", "_type": "t"}}]
    )
    do(dataset, "archive")
    do(dataset, "unarchive")
    assert {key: one.get("n") for key, one in contents(dataset).items()} == {"versions.r1.a": 2, "versions.r1.b": None}


def test_a_rebuilt_dataset_can_unarchive():
    dataset = made({"_id": "versions.r1.a", "_type": "t", "n": 1})
    do(dataset, "archive")
    rebuilt = dataset.replay()
    do(rebuilt, "unarchive")
    assert rebuilt.get("versions.r1.a")["n"] == 1


def test_a_new_release_of_an_old_name_does_not_inherit_versions():
    dataset = made({"_id": "versions.r1.a", "_type": "t"})
    do(dataset, "archive")
    do(dataset, "delete")
    dataset.actions([action("release.import", releaseId="r1", attributes={"state": "archived"})])
    assert do(dataset, "unarchive")["state"] == "active"
    assert contents(dataset) == {}


def test_unarchiving_what_lost_its_target_meanwhile_fails_whole_and_can_be_repeated():
    dataset = made()
    dataset.mutate([{"create": {"_id": "b", "_type": "t"}}])
    dataset.mutate(
        [
            {"create": {"_id": "versions.r1.a", "_type": "t", "to": {"_ref": "b"}}},
            {"create": {"_id": "versions.r1.c", "_type": "t"}},
        ]
    )
    do(dataset, "archive")
    dataset.mutate([{"delete": {"id": "b"}}])
    release = do(dataset, "unarchive")
    assert release["state"] == "archived"
    assert 'references non-existent document "b"' in release["error"]["message"]
    assert contents(dataset) == {}
    dataset.mutate([{"create": {"_id": "b", "_type": "t"}}])
    assert do(dataset, "unarchive")["state"] == "active"
    assert set(contents(dataset)) == {"b", "versions.r1.a", "versions.r1.c"}


def test_deleting_a_release_takes_versions_along_that_came_in_by_other_ways():
    dataset = made()
    do(dataset, "publish")
    document = {"_id": "versions.r1.a", "_type": "t"}
    dataset.transact(
        lambda transaction: transaction.apply(0, Create(document)),
        transaction_id=None,
        author=None,
        dry_run=False,
        auto_generate_array_keys=False,
        system=True,
    )
    do(dataset, "delete")
    assert len(dataset) == 0


def test_a_dataset_at_its_attribute_limit_still_writes_down_where_its_releases_are():
    dataset = Lake(seed=0, limits=Limits(dataset_attributes_max=30)).dataset("production")
    dataset.actions([action("release.create", releaseId="r1")])
    dataset.mutate([{"create": {"_id": "versions.r1.a", "_type": "t", "m": 1, "n": 1}}])
    do(dataset, "archive")
    # One attribute is left, which the transition takes; the note about its failure needs two.
    missing = 29 - len(dataset._store.indexes.attributes)
    dataset.mutate([{"create": {"_id": "filler", "_type": "t", **{f"f{number}": 1 for number in range(missing)}}}])
    release = do(dataset, "unarchive")
    assert release["state"] == "archived"
    assert "exceeds limit of 30" in release["error"]["message"]
    assert len(dataset._store.indexes.attributes) == 31


def test_a_publication_over_the_limit_is_refused_and_said_so():
    dataset = made({"_id": "versions.r1.a", "_type": "t"})
    count = len(dataset._store.indexes.attributes)
    # Room for the transition, none for publishedAt and finalDocumentStates.
    dataset = Lake(seed=0, limits=Limits(dataset_attributes_max=count + 2)).dataset("production")
    dataset.actions([action("release.create", releaseId="r1")])
    dataset.mutate([{"create": {"_id": "versions.r1.a", "_type": "t"}}])
    release = do(dataset, "publish")
    assert release["state"] == "active"
    assert "exceeds limit" in release["error"]["message"]
    assert set(contents(dataset)) == {"versions.r1.a"}


def test_a_bundle_may_lack_a_release_unless_the_choices_say_otherwise():
    strict = made(choices=LakeChoices(versions_need_release=True))
    for body in ({"document": {"_id": "versions.r2.a", "_type": "t"}}, {"baseId": "a", "versionId": "versions.r2.a"}):
        strict.mutate([{"createIfNotExists": {"_id": "a", "_type": "t"}}])
        request = [action("document.version.create", publishedId="a", **body)]
        with pytest.raises(ActionError, match='Release "r2" was not found'):
            strict.actions(request)
    marking = action("document.version.unpublish", publishedId="a", versionId="versions.r2.a")
    with pytest.raises(ActionError, match='Release "r2" was not found'):
        strict.actions([marking])
    strict.actions([{**marking, "versionId": "versions.r1.a"}])


def test_editing_makes_versions_only_if_the_choices_say_so():
    editing = action("document.edit", publishedId="a", draftId="versions.r1.a", patch={"set": {"n": 2}})
    for choices, is_made in ((LakeChoices(), False), (LakeChoices(edit_creates_versions=True), True)):
        dataset = made(choices=choices)
        dataset.mutate([{"create": {"_id": "a", "_type": "t", "n": 1}}])
        if is_made:
            dataset.actions([editing])
            assert dataset.get("versions.r1.a")["n"] == 2
        else:
            with pytest.raises(LakeError):
                dataset.actions([editing])
