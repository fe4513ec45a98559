"""Actions as listeners and the history see them: mutations that lead from each document to the stored one."""

from typing import Any

import pytest

from lakesim import Lake, TransactionAlreadyExistsError
from lakesim.lake import Dataset


def action(name: str, **fields: Any) -> dict[str, Any]:
    return {"actionType": f"sanity.action.{name}", **fields}


@pytest.fixture
def dataset():
    return Lake(seed=0).dataset("production")


def heard(dataset: Dataset, actions: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    listener = dataset.listen("*", include_result=True, include_previous_revision=True)
    listener.drain()
    dataset.actions(actions, **options)
    return listener.drain()


def test_an_edit_that_makes_a_draft_is_a_create_and_then_the_patch(dataset):
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "n": 1}}])
    patch = {"set": {"n": 2}}
    editing = action("document.edit", publishedId="a", draftId="drafts.a", patch=patch)
    (event,) = heard(dataset, [editing], transaction_id="mine")
    assert (event["transactionId"], event["resultRev"], event["transition"]) == ("mine", "mine", "appear")
    assert event["previous"] is None
    assert "previousRev" not in event
    created, patched = event["mutations"]
    assert created["create"] == {
        "_id": "drafts.a",
        "_type": "t",
        "n": 1,
        "_rev": "mine",
        "_createdAt": "2026-01-01T00:00:00Z",
        "_updatedAt": "2026-01-01T00:00:00Z",
    }
    assert patched == {"patch": {"id": "drafts.a", **patch}}
    assert event["result"] == {**created["create"], "n": 2}


def test_a_publish_is_a_replacement_and_a_delete_in_two_events(dataset):
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}, {"create": {"_id": "drafts.a", "_type": "t", "n": 1}}])
    events = heard(dataset, [action("document.publish", publishedId="a", draftId="drafts.a")], author="ada")
    assert [event["documentId"] for event in events] == ["a", "drafts.a"]
    assert [event["transition"] for event in events] == ["update", "disappear"]
    assert [event["transactionTotalEvents"] for event in events] == [2, 2]
    assert {event["identity"] for event in events} == {"ada"}
    assert events[0]["mutations"] == [{"createOrReplace": events[0]["result"]}]
    assert events[1]["mutations"] == [{"delete": {"id": "drafts.a"}}]


def test_an_unpublish_is_a_create_and_a_delete(dataset):
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    draft, gone = heard(dataset, [action("document.unpublish", publishedId="a", draftId="drafts.a")])
    assert draft["mutations"] == [{"create": draft["result"]}]
    assert gone["mutations"] == [{"delete": {"id": "a"}}]


def test_what_a_request_makes_and_removes_again_gives_no_event(dataset):
    body = {"_id": "drafts.a", "_type": "t"}
    making = action("document.create", publishedId="a", attributes=body)
    assert heard(dataset, [making, action("document.version.discard", versionId="drafts.a")]) == []


def test_several_edits_of_one_document_are_one_event(dataset):
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "t"}}])
    patches = [{"unset": ["_empty_action_guard_pseudo_field_"]}, {"setIfMissing": {"to": {}}}, {"set": {"to.n": 1}}]
    edits = [action("document.edit", publishedId="a", draftId="drafts.a", patch=patch) for patch in patches]
    (event,) = heard(dataset, edits)
    assert event["mutations"] == [{"patch": {"id": "drafts.a", **patch}} for patch in patches]
    assert event["result"]["to"] == {"n": 1}


def test_generated_keys_are_part_of_the_mutations(dataset):
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "t"}}])
    patch = {"set": {"list": [{"n": 1}]}}
    (event,) = heard(dataset, [action("document.edit", publishedId="a", draftId="drafts.a", patch=patch)])
    (item,) = event["result"]["list"]
    assert event["mutations"][1] == {"patch": {"id": "drafts.a", "set": {"list[0]._key": item["_key"]}}}


def test_an_empty_request_and_a_dry_run_are_heard_by_nobody(dataset):
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "t"}}])
    publishing = action("document.publish", publishedId="a", draftId="drafts.a")
    assert heard(dataset, []) == []
    assert heard(dataset, [publishing], dry_run=True) == []
    assert heard(dataset, [action("release.create", releaseId="r1")], dry_run=True) == []
    assert len(dataset.log()) == 1


def test_an_empty_request_answers_with_the_callers_id(dataset):
    assert dataset.actions([], transaction_id="mine") == {"transactionId": "mine"}
    assert dataset.actions([], transaction_id="mine") == {"transactionId": "mine"}


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_transaction_id_is_used_once(dataset, dry_run):
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "t"}}], transaction_id="mine")
    publishing = action("document.publish", publishedId="a", draftId="drafts.a")
    with pytest.raises(TransactionAlreadyExistsError, match='"mine" already exists'):
        dataset.actions([publishing], transaction_id="mine", dry_run=dry_run)
    assert dataset.get("a") is None


def test_a_dry_run_answers_with_the_id_that_the_real_run_will_have(dataset):
    making = action("release.create", releaseId="r1")
    publishing = action("release.publish", releaseId="r1")
    for request in ([making], [publishing]):
        tried = dataset.actions(request, dry_run=True)
        assert dataset.actions(request) == tried


def test_references_into_other_datasets_are_not_checked_either_way(dataset):
    far = {"_type": "crossDatasetReference", "_ref": "x", "_dataset": "other", "_projectId": "p"}
    for group, skips in (("a", False), ("b", True)):
        body = {"_id": f"drafts.{group}", "_type": "t", "to": far}
        making = action("document.create", publishedId=group, attributes=body)
        dataset.actions([making], skip_cross_dataset_reference_validation=skips)
        assert dataset.get(body["_id"])["to"] == far
