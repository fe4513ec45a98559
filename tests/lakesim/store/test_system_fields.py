"""System fields: what the lake sets, what it keeps of a submitted document, and when they move (section 1.5)."""

from typing import Any

import pytest

from lakesim import Dataset, Lake, LakeChoices

THEN = "2019-05-05T05:05:05Z"
T0, T1 = "2026-01-01T00:00:00Z", "2026-01-01T00:00:10Z"
"""The second of the first transaction of a seeded lake, and ten seconds later."""


def dates(document: dict[str, Any] | None) -> tuple[str, str]:
    assert document is not None
    return document["_createdAt"], document["_updatedAt"]


@pytest.mark.parametrize("kind", ["create", "createIfNotExists", "createOrReplace"])
@pytest.mark.parametrize(
    ("submitted", "stored"),
    [
        ({}, (T0, T0)),
        ({"_createdAt": THEN}, (THEN, T0)),
        ({"_updatedAt": THEN}, (T0, THEN)),
        ({"_createdAt": THEN, "_updatedAt": THEN}, (THEN, THEN)),
        ({"_createdAt": 5, "_updatedAt": None}, (T0, T0)),
    ],
)
def test_a_creation_keeps_submitted_dates_that_are_strings(
    dataset: Dataset, kind: str, submitted: dict[str, Any], stored: tuple[str, str]
) -> None:
    dataset.mutate([{kind: {"_id": "a", "_type": "t", **submitted}}])
    assert dates(dataset.get("a")) == stored


def test_a_submitted_revision_is_ignored_and_the_transaction_s_id_is_the_revision(dataset: Dataset) -> None:
    answer = dataset.mutate([{"create": {"_id": "a", "_type": "t", "_rev": "mine"}}], transaction_id="tx1")
    assert answer["transactionId"] == "tx1"
    assert dataset.get("a") == {"_id": "a", "_type": "t", "_rev": "tx1", "_createdAt": T0, "_updatedAt": T0}


def test_a_replacement_keeps_the_old_creation_date_and_moves_the_other(lake: Lake, dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "_createdAt": THEN, "x": 1}}])
    lake.clock.advance(10)
    dataset.mutate([{"createOrReplace": {"_id": "a", "_type": "t", "_createdAt": T1, "_updatedAt": THEN}}])
    assert dates(dataset.get("a")) == (THEN, T1)
    assert "x" not in (dataset.get("a") or {})


def test_row_8_the_other_way_the_submitted_creation_date_wins() -> None:
    lake = Lake(seed=0, choices=LakeChoices(replace_keeps_created_at=False))
    dataset = lake.dataset("production")
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    dataset.mutate([{"createOrReplace": {"_id": "a", "_type": "t", "_createdAt": THEN}}])
    assert dates(dataset.get("a"))[0] == THEN


def test_deleting_and_creating_anew_starts_with_new_dates(lake: Lake, dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    lake.clock.advance(10)
    dataset.mutate([{"delete": {"id": "a"}}, {"create": {"_id": "a", "_type": "t"}}])
    assert dates(dataset.get("a")) == (T1, T1)


@pytest.mark.parametrize("patch", [{}, {"unset": []}, {"set": {}}, {"unset": ["_revision_lock_pseudo_field_"]}])
def test_a_patch_without_effect_is_a_write(lake: Lake, dataset: Dataset, patch: dict[str, Any]) -> None:
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "_createdAt": THEN}}])
    lake.clock.advance(10)
    dataset.mutate([{"patch": {"id": "a", **patch}}], transaction_id="tx2")
    assert dataset.get("a") == {"_id": "a", "_type": "t", "_rev": "tx2", "_createdAt": THEN, "_updatedAt": T1}


def test_row_10_the_other_way_it_leaves_the_document_and_the_log_alone() -> None:
    dataset = Lake(seed=0, choices=LakeChoices(no_effect_patch_touches=False)).dataset("production")
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}], transaction_id="tx1")
    answer = dataset.mutate([{"patch": {"id": "a", "unset": ["nothing"]}}], return_ids=True)
    assert answer["results"] == [{"id": "a", "operation": "none"}]
    assert (dataset.get("a") or {})["_rev"] == "tx1"
    assert dataset.transactions(["a"], exclude_mutations=True)[-1]["id"] == "tx1"


@pytest.mark.parametrize(
    ("patch", "created_at"),
    [
        ({"set": {"_createdAt": THEN}}, THEN),
        ({"set": {"_createdAt": 5}}, T0),
        ({"unset": ["_createdAt"]}, T0),
        ({"set": {"_updatedAt": THEN, "_rev": "mine"}}, T0),
        ({"unset": ["_updatedAt", "_rev"]}, T0),
    ],
)
def test_row_9_a_patch_may_set_the_creation_date_and_nothing_else(
    dataset: Dataset, patch: dict[str, Any], created_at: str
) -> None:
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    dataset.mutate([{"patch": {"id": "a", **patch}}], transaction_id="tx2")
    stored = dataset.get("a") or {}
    assert stored == {"_id": "a", "_type": "t", "_rev": "tx2", "_createdAt": created_at, "_updatedAt": T0}
    assert list(stored) == sorted(stored)


def test_all_documents_of_a_transaction_share_one_reading_of_the_clock(dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": f"a{n}", "_type": "t"}} for n in range(50)], transaction_id="tx1")
    stamps = {(document["_rev"], *dates(document)) for document in dataset.documents()}
    assert stamps == {("tx1", T0, T0)}


@pytest.mark.parametrize(("given", "made"), [(None, r"[0-9A-Za-z]{22}"), ("py.", r"py\.[0-9A-Za-z]{22}")])
def test_ids_left_to_the_lake_are_generated(dataset: Dataset, given: str | None, made: str) -> None:
    import re

    document = {"_type": "t"} if given is None else {"_type": "t", "_id": given}
    (first, second) = dataset.mutate([{"create": document}, {"create": document}], return_ids=True)["results"]
    assert re.fullmatch(made, first["id"])
    assert first["id"] != second["id"]
    assert dataset.get(first["id"]) is not None


def test_keys_come_back_in_alphabetical_order_at_every_level(dataset: Dataset) -> None:
    from lakesim.jsonvalue import dump_bytes

    messy = {"z": 1, "B": [{"y": 1, "a": {"d": 1, "c": 2}}], "_type": "t", "a": {"c": 1, "b": 2}, "_id": "a"}
    answers = [
        dataset.mutate([{"create": messy}], return_documents=True)["results"][0]["document"],
        dataset.mutate(
            [{"patch": {"id": "a", "set": {"A": {"q": 1, "p": 2}, "B[0].Z": 0, "a.a": 1}}}], return_documents=True
        )["results"][0]["document"],
        dataset.get("a"),
    ]
    for document in answers:
        assert dump_bytes(document) == dump_bytes(document, sort_keys=True)
    assert answers[-1] == {**messy, **answers[-1], "A": {"p": 2, "q": 1}}
