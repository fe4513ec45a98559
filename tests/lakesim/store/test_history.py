"""History: documents at a revision and at a time, the log as the endpoint shows it, and a store rebuilt from it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import BadRequestError, Dataset, Lake, LakeError
from lakesim.clock import parse_time
from lakesim.jsonvalue import dump_bytes
from lakesim.store.replay import replay
from lakesim.testing.strategies import transactions


@pytest.fixture(name="told")
def dataset_with_a_past(lake: Lake) -> Dataset:
    """One document created, edited, deleted and created again, ten seconds apart; another beside it."""
    dataset = lake.dataset("production")
    steps: list[tuple[str, str, list[dict[str, Any]]]] = [
        ("tx1", "ada", [{"create": {"_id": "a", "_type": "t", "v": 1}}]),
        ("tx2", "ben", [{"patch": {"id": "a", "set": {"v": 2}}}, {"create": {"_id": "b", "_type": "t"}}]),
        ("tx3", "ada", [{"delete": {"id": "a"}}]),
        ("tx4", "ben", [{"patch": {"id": "b", "set": {"v": 4}}}]),
        ("tx5", "ada", [{"create": {"_id": "a", "_type": "t", "v": 5}}]),
    ]
    for transaction_id, author, mutations in steps:
        dataset.mutate(mutations, transaction_id=transaction_id, author=author)
        lake.clock.advance(10)
    return dataset


def value(document: dict[str, Any] | None) -> int | None:
    return None if document is None else document.get("v")


def test_a_document_at_a_revision_is_as_it_stood_then(told: Dataset) -> None:
    assert [value(told.revision("a", f"tx{n}")) for n in range(1, 6)] == [1, 2, None, None, 5]
    assert told.revision("b", "tx1") is None
    assert (told.revision("b", "tx3") or {})["_rev"] == "tx2"
    assert told.revision("never", "tx1") is None


def test_a_document_at_a_time_counts_transactions_up_to_that_very_instant(told: Dataset) -> None:
    times = [row["timestamp"] for row in told.transactions()]
    assert [value(told.at("a", time)) for time in times] == [1, 2, None, None, 5]
    first = parse_time(times[0])
    assert told.at("a", first - timedelta(microseconds=1)) is None
    assert value(told.at("a", first + timedelta(seconds=5))) == 1
    assert value(told.at("a", datetime(2100, 1, 1, tzinfo=UTC))) == 5


def test_the_last_revision_is_the_present_or_the_one_before_deletion(told: Dataset) -> None:
    assert value(told.last_revision("a")) == 5
    told.mutate([{"delete": {"id": "a"}}])
    assert value(told.last_revision("a")) == 5
    assert told.last_revision("never") is None


def test_the_log_is_in_the_endpoint_s_shape(told: Dataset) -> None:
    assert told.transactions(["a"])[1] == {
        "id": "tx2",
        "timestamp": "2026-01-01T00:00:10.002000Z",
        "author": "ben",
        "documentIDs": ["a", "b"],
        "mutations": [
            {"patch": {"id": "a", "set": {"v": 2}}},
            {
                "create": {
                    "_createdAt": "2026-01-01T00:00:10Z",
                    "_id": "b",
                    "_rev": "tx2",
                    "_type": "t",
                    "_updatedAt": "2026-01-01T00:00:10Z",
                }
            },
        ],
    }
    (only,) = told.transactions(
        ["a"], from_transaction="tx2", to_transaction="tx2", include_identified_documents_only=True
    )
    assert only["documentIDs"] == ["a"]
    assert only["mutations"] == [{"patch": {"id": "a", "set": {"v": 2}}}]
    assert "mutations" not in told.transactions(exclude_mutations=True)[0]


SELECTIONS: list[tuple[dict[str, Any], str]] = [
    ({}, "12345"),
    ({"document_ids": ["a"]}, "1235"),
    ({"document_ids": ["b"]}, "24"),
    ({"document_ids": ["a", "b"]}, "12345"),
    ({"document_ids": []}, ""),
    ({"document_ids": ["never"]}, ""),
    ({"from_transaction": "tx2", "to_transaction": "tx4"}, "234"),
    ({"from_transaction": "tx4"}, "45"),
    ({"to_transaction": "tx1"}, "1"),
    ({"from_time": "2026-01-01T00:00:10.002Z"}, "2345"),
    ({"from_time": "2026-01-01T00:00:10.003Z", "to_time": datetime(2026, 1, 1, 0, 0, 31, tzinfo=UTC)}, "34"),
    ({"authors": ["ben"]}, "24"),
    ({"authors": ["ben", "ada"], "document_ids": ["a"], "reverse": True}, "5321"),
    ({"reverse": True, "limit": 2}, "54"),
    ({"limit": 0}, ""),
]


@pytest.mark.parametrize(("selection", "expected"), SELECTIONS)
def test_the_log_can_be_selected_from(told: Dataset, selection: dict[str, Any], expected: str) -> None:
    assert "".join(row["id"].removeprefix("tx") for row in told.transactions(**selection)) == expected


@pytest.mark.parametrize(
    "ask",
    [
        lambda dataset: dataset.revision("a", "never"),
        lambda dataset: dataset.at("a", "yesterday"),
        lambda dataset: dataset.at("a", datetime(2026, 1, 1)),
        lambda dataset: dataset.at("a", 5),
        lambda dataset: dataset.transactions(limit=-1),
        lambda dataset: dataset.transactions(from_transaction="never"),
        lambda dataset: dataset.transactions(to_time="2026"),
    ],
)
def test_bad_requests_are_named(told: Dataset, ask: Any) -> None:
    with pytest.raises(BadRequestError):
        ask(told)


def test_a_clock_set_back_does_not_turn_the_log_round(lake: Lake, told: Dataset) -> None:
    lake.clock.set(datetime(2020, 1, 1, tzinfo=UTC))
    told.mutate([{"patch": {"id": "b", "set": {"v": 6}}}], transaction_id="tx6")
    times = [row["timestamp"] for row in told.transactions()]
    assert times == sorted(times)
    assert value(told.at("b", times[-1])) == 6


@given(st.lists(transactions(size_max=3), max_size=8))
@settings(max_examples=60, deadline=None)
def test_replaying_the_log_rebuilds_the_dataset(requests: list[list[dict[str, Any]]]) -> None:
    dataset = Lake(seed=0).dataset("production")
    for mutations in requests:
        try:
            dataset.mutate(mutations)
        except LakeError:
            continue
    rebuilt = dataset.replay()
    assert list(rebuilt.documents()) == list(dataset.documents())
    assert rebuilt.transactions() == dataset.transactions()
    ours, theirs = dataset._store.indexes, rebuilt._store.indexes
    assert list(ours.ids) == list(theirs.ids)
    assert ours.attributes == theirs.attributes
    for mine, other in ((ours.types, theirs.types), (ours.strong, theirs.strong), (ours.weak, theirs.weak)):
        assert {key: list(mine.ids(key)) for key in mine} == {key: list(other.ids(key)) for key in other}
    for document in dataset.documents():
        assert dataset._store.facts_of(document["_id"]).bytes_bound >= len(dump_bytes(document))
    for row in dataset.transactions():
        for key in row["documentIDs"]:
            assert rebuilt.revision(key, row["id"]) == dataset.revision(key, row["id"])


def test_a_log_with_a_row_missing_is_not_replayed(told: Dataset) -> None:
    rows = told.log()
    with pytest.raises(ValueError, match='"tx3" does not continue'):
        replay([rows[0], *rows[2:]], told.limits)


def test_the_log_shares_what_did_not_change(told: Dataset) -> None:
    told.mutate([{"create": {"_id": "big", "_type": "t", "list": list(range(1000)), "inner": {"deep": [{}]}}}])
    told.mutate([{"patch": {"id": "big", "set": {"title": "x"}}}])
    (change,) = told.log()[-1].changes
    assert change.before is not None
    assert change.after is not None
    assert change.after["list"] is change.before["list"]
    assert change.after["inner"] is change.before["inner"]


def test_looking_back_into_a_large_transaction_does_not_search_it_each_time(dataset: Dataset) -> None:
    """An import of thousands is one row of the log; asking for each of its documents searched all of it each time."""
    dataset.mutate([{"create": {"_id": f"a{n}", "_type": "t", "n": n}} for n in range(3000)], transaction_id="tx1")
    history = dataset._store.history
    assert [(dataset.revision(f"a{n}", "tx1") or {})["n"] for n in range(0, 3000, 7)] == list(range(0, 3000, 7))
    assert list(history._large) == [0]
    index = history._large[0]
    dataset.last_revision("a1")
    assert history._large[0] is index
