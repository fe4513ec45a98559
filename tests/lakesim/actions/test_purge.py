"""`purge`: the documents go with their history, everything else keeps its own."""

from typing import Any

import pytest

from lakesim import Lake


def action(name: str, **fields: Any) -> dict[str, Any]:
    return {"actionType": f"sanity.action.{name}", **fields}


@pytest.fixture
def dataset():
    dataset = Lake(seed=0).dataset("production")
    for number in range(3):
        dataset.mutate(
            [{"createOrReplace": {"_id": key, "_type": "t", "n": number}} for key in ("a", "drafts.a", "b")],
            transaction_id=f"t{number}",
        )
    return dataset


def ids_in_the_log(dataset):
    return {change.document_id for row in dataset.log() for change in row.changes}


def test_delete_with_purge_erases_the_whole_group(dataset):
    dataset.actions([action("document.delete", publishedId="a", includeDrafts=["drafts.a"], purge=True)])
    assert ids_in_the_log(dataset) == {"b"}
    assert dataset.last_revision("a") is dataset.last_revision("drafts.a") is None
    assert dataset.revision("a", "t1") is None
    assert [dataset.revision("b", f"t{number}")["n"] for number in range(3)] == [0, 1, 2]
    assert dataset.transactions(["a", "drafts.a"]) == []
    assert len(dataset.log()) == 4


@pytest.mark.parametrize(
    "discarding",
    [action("document.version.discard", versionId="drafts.a"), action("document.discard", draftId="drafts.a")],
)
def test_discard_with_purge_erases_one_version(dataset, discarding):
    dataset.actions([{**discarding, "purge": True}])
    assert ids_in_the_log(dataset) == {"a", "b"}
    assert dataset.last_revision("drafts.a") is None
    assert dataset.last_revision("a")["n"] == 2


def test_without_purge_the_history_stays(dataset):
    dataset.actions([action("document.delete", publishedId="a", includeDrafts=["drafts.a"], purge=False)])
    assert dataset.last_revision("a")["n"] == 2


def test_a_purge_also_finds_versions_that_are_gone_already(dataset):
    dataset.mutate([{"delete": {"id": "drafts.a"}}])
    dataset.actions([action("document.delete", publishedId="a", includeDrafts=["drafts.a"], purge=True)])
    assert ids_in_the_log(dataset) == {"b"}


def test_a_dry_run_and_a_refused_request_erase_nothing(dataset):
    purging = action("document.version.discard", versionId="drafts.a", purge=True)
    dataset.actions([purging], dry_run=True)
    with pytest.raises(Exception, match="was not found"):
        dataset.actions([purging, purging])
    assert dataset.last_revision("drafts.a")["n"] == 2
    assert dataset.revision("drafts.a", "t0")["n"] == 0


def test_what_the_same_request_makes_anew_begins_its_own_history(dataset):
    body = {"_id": "drafts.a", "_type": "t", "n": 9}
    making = action("document.version.create", publishedId="a", document=body)
    purging = action("document.version.discard", versionId="drafts.a", purge=True)
    answer = dataset.actions([purging, making])
    assert dataset.get("drafts.a")["n"] == 9
    assert [row["id"] for row in dataset.transactions(["drafts.a"])] == [answer["transactionId"]]
    assert dataset.revision("drafts.a", "t1") is None
    dataset.mutate([{"patch": {"id": "drafts.a", "set": {"n": 10}}}])
    assert dataset.revision("drafts.a", answer["transactionId"])["n"] == 9


def test_a_purged_log_still_rebuilds_the_dataset(dataset):
    body = {"_id": "drafts.a", "_type": "t", "n": 9}
    making = action("document.version.create", publishedId="a", document=body)
    dataset.actions([action("document.version.discard", versionId="drafts.a", purge=True), making])
    assert list(dataset.replay().documents()) == list(dataset.documents())
    dataset.actions([action("document.delete", publishedId="a", includeDrafts=["drafts.a"], purge=True)])
    rebuilt = dataset.replay()
    assert list(rebuilt.documents()) == list(dataset.documents())
    assert [one["_id"] for one in rebuilt.documents()] == ["b"]
