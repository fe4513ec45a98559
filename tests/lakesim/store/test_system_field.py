"""`_system`: absent by default; switched on, the lake's own word about every document, whatever clients send."""

from typing import Any

import pytest

from lakesim import Lake, LakeChoices


def action(name: str, **fields: Any) -> dict[str, Any]:
    return {"actionType": f"sanity.action.{name}", **fields}


def dataset_with(**choices: Any) -> Any:
    return Lake(seed=0, choices=LakeChoices(**choices)).dataset("production")


@pytest.fixture
def dataset():
    made = dataset_with(system_fields=True)
    made.actions([action("release.create", releaseId="r1")])
    return made


GROUP = {"_ref": "a.b", "_weak": True}
RELEASE = {"_ref": "_.releases.r1", "_weak": True}
FAMILIES = [
    ("a.b", {"group": GROUP}),
    ("drafts.a.b", {"group": GROUP, "bundleId": "drafts"}),
    ("versions.r1.a.b", {"group": GROUP, "bundleId": "r1", "release": RELEASE}),
    ("versions.agent.a.b", {"group": GROUP, "bundleId": "agent"}),
]


@pytest.mark.parametrize(("document_id", "expected"), FAMILIES)
@pytest.mark.parametrize("kind", ["create", "createIfNotExists", "createOrReplace"])
def test_every_family_has_its_own(dataset, kind, document_id, expected):
    sent = {"bundleId": "wrong", "base": {"id": "x", "rev": "y"}, "delete": False}
    dataset.mutate([{kind: {"_id": document_id, "_type": "t", "_system": sent}}])
    assert dataset.get(document_id)["_system"] == expected


def test_release_documents_have_none(dataset):
    assert "_system" not in dataset.get("_.releases.r1")


def test_by_default_mutations_store_what_they_are_given():
    dataset = dataset_with()
    dataset.mutate(
        [{"create": {"_id": "a", "_type": "t"}}, {"create": {"_id": "b", "_type": "t", "_system": {"x": 1}}}]
    )
    assert "_system" not in dataset.get("a")
    assert dataset.get("b")["_system"] == {"x": 1}


def test_a_copy_remembers_what_it_was_copied_from(dataset):
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}], transaction_id="t1")
    copying = action("document.version.create", publishedId="a", baseId="a", versionId="versions.r1.a")
    dataset.actions([copying])
    assert dataset.get("versions.r1.a")["_system"]["base"] == {"id": "a", "rev": "t1"}
    # Edits, by whomever, leave that alone.
    dataset.mutate([{"patch": {"id": "versions.r1.a", "set": {"_system": {"base": 1, "x": 2}, "n": 1}}}])
    assert dataset.get("versions.r1.a")["_system"]["base"] == {"id": "a", "rev": "t1"}
    replacing = action("document.version.replace", document={"_id": "versions.r1.a", "_type": "t"})
    dataset.actions([replacing])
    assert dataset.get("versions.r1.a")["_system"]["base"] == {"id": "a", "rev": "t1"}


def test_without_the_switch_a_copy_remembers_nothing():
    dataset = dataset_with()
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    dataset.actions([action("document.version.create", publishedId="a", baseId="a", versionId="versions.r1.a")])
    assert "_system" not in dataset.get("versions.r1.a")


def test_the_mark_comes_and_goes_beside_the_rest(dataset):
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}], transaction_id="t1")
    dataset.actions([action("document.version.unpublish", publishedId="a", versionId="versions.r1.a")])
    expected = {
        "group": {"_ref": "a", "_weak": True},
        "bundleId": "r1",
        "release": RELEASE,
        "base": {"id": "a", "rev": "t1"},
    }
    assert dataset.get("versions.r1.a")["_system"] == {**expected, "delete": True}
    patch = {"unset": ["_system.delete"]}
    dataset.actions([action("document.edit", publishedId="a", draftId="versions.r1.a", patch=patch)])
    assert dataset.get("versions.r1.a")["_system"] == expected


def test_what_is_published_belongs_to_no_bundle(dataset):
    dataset.mutate([{"create": {"_id": "versions.r1.a", "_type": "t"}}])
    dataset.actions([action("release.publish", releaseId="r1")])
    assert dataset.get("a")["_system"] == {"group": {"_ref": "a", "_weak": True}}


def test_archived_versions_come_back_with_theirs(dataset):
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    dataset.actions([action("document.version.create", publishedId="a", baseId="a", versionId="versions.r1.a")])
    before = dataset.get("versions.r1.a")["_system"]
    dataset.actions([action("release.archive", releaseId="r1")])
    dataset.actions([action("release.unarchive", releaseId="r1")])
    assert dataset.get("versions.r1.a")["_system"] == before


def test_events_lead_to_what_is_stored(dataset):
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "t"}}])
    listener = dataset.listen("*", include_result=True)
    listener.drain()
    dataset.mutate([{"patch": {"id": "drafts.a", "unset": ["_system"]}}])
    (event,) = listener.drain()
    assert event["mutations"][-1] == {"patch": {"id": "drafts.a", "set": {"_system": event["result"]["_system"]}}}
    assert event["result"]["_system"]["bundleId"] == "drafts"


def test_a_patch_elsewhere_says_nothing_about_it(dataset):
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "t"}}])
    listener = dataset.listen("*")
    listener.drain()
    dataset.mutate([{"patch": {"id": "drafts.a", "set": {"n": 1}}}])
    (event,) = listener.drain()
    assert event["mutations"] == [{"patch": {"id": "drafts.a", "set": {"n": 1}}}]


def test_documents_refer_to_their_own_group_weakly(dataset):
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    assert dataset.query('*[references("a")]._id') == ["a"]
    dataset.mutate([{"delete": {"id": "a"}}])
    assert dataset.get("a") is None
