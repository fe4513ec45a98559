"""Scheduled releases: published by the clock, once, in their order, whoever looks first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import Lake
from lakesim.clock import SEEDED_START, Clock, format_micros
from lakesim.lake import Dataset

HOUR = 3600.0


def action(name: str, **fields: Any) -> dict[str, Any]:
    return {"actionType": f"sanity.action.{name}", **fields}


def release(dataset: Dataset, name: str, *, after: float | None, group: str = "a", number: int = 1) -> None:
    version = {"_id": f"versions.{name}.{group}", "_type": "t", "n": number}
    dataset.actions(
        [
            action("release.create", releaseId=name),
            action("document.version.create", publishedId=group, document=version),
        ]
    )
    if after is not None:
        at = format_micros(SEEDED_START + timedelta(seconds=after))
        dataset.actions([action("release.schedule", releaseId=name, publishAt=at)])


def state(dataset: Dataset, name: str) -> Any:
    # Straight from the store: reading through the dataset would move what is due.
    return dataset._store.documents[f"_.releases.{name}"]["state"]


@pytest.fixture
def lake():
    return Lake(seed=0)


@pytest.fixture
def dataset(lake):
    return lake.dataset("production")


def test_moving_the_clock_past_the_time_publishes(lake, dataset):
    release(dataset, "r1", after=HOUR)
    lake.clock.advance(HOUR - 1)
    assert state(dataset, "r1") == "scheduled"
    lake.clock.advance(1)
    assert state(dataset, "r1") == "published"
    assert dataset.get("a")["n"] == 1
    assert dataset.get("a")["_updatedAt"] == "2026-01-01T01:00:00Z"


def test_setting_the_clock_does_it_too(lake, dataset):
    release(dataset, "r1", after=HOUR)
    lake.clock.set(datetime(2026, 1, 2, tzinfo=UTC))
    assert state(dataset, "r1") == "published"


def test_a_clock_set_back_publishes_nothing(lake, dataset):
    release(dataset, "r1", after=HOUR)
    lake.clock.set(datetime(2025, 1, 1, tzinfo=UTC))
    assert state(dataset, "r1") == "scheduled"


@pytest.mark.parametrize("is_back", [False, True])
def test_publishing_at_once_does_not_wait_for_a_clock_that_was_set_back(lake, dataset, is_back):
    release(dataset, "r1", after=None)
    if is_back:
        lake.clock.set(datetime(2025, 1, 1, tzinfo=UTC))
    dataset.actions([action("release.publish", releaseId="r1")])
    assert state(dataset, "r1") == "published"


def test_publishing_at_once_does_not_wait_for_a_clock_that_lags_behind_the_log(dataset, monkeypatch):
    release(dataset, "r1", after=None)
    monkeypatch.setattr(Clock, "now", lambda clock: SEEDED_START - timedelta(days=1))
    dataset.actions([action("release.publish", releaseId="r1")])
    assert state(dataset, "r1") == "published"


LOOKS = {
    "get": lambda dataset: dataset.get("a"),
    "fetch": lambda dataset: dataset.fetch(["a"]),
    "query": lambda dataset: dataset.query("*"),
    "view": lambda dataset: dataset.view(),
    "documents": lambda dataset: dataset.documents(),
    "len": len,
    "listen": lambda dataset: dataset.listen("*"),
    "at": lambda dataset: dataset.at("a", SEEDED_START),
    "last_revision": lambda dataset: dataset.last_revision("a"),
    "transactions": lambda dataset: dataset.transactions(),
    "log": lambda dataset: dataset.log(),
    "mutate": lambda dataset: dataset.mutate([{"delete": {"id": "x"}}]),
    "dry mutate": lambda dataset: dataset.mutate([{"delete": {"id": "x"}}], dry_run=True),
    "actions": lambda dataset: dataset.actions([]),
    "run_due": lambda dataset: dataset.run_due(),
    "replay": lambda dataset: dataset.replay(),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_whoever_looks_first_finds_the_release_published(look, lake, dataset):
    release(dataset, "r1", after=HOUR)
    # Time passes with transactions elsewhere, or on the machine's clock, without anybody being told.
    lake.clock.tick(SEEDED_START + timedelta(seconds=HOUR))
    assert state(dataset, "r1") == "scheduled"
    look(dataset)
    assert state(dataset, "r1") == "published"


def test_run_due_names_what_it_moved_in_order(lake, dataset):
    release(dataset, "r1", after=3 * HOUR, number=3)
    release(dataset, "r2", after=HOUR, number=2)
    release(dataset, "r3", after=9 * HOUR, number=9)
    release(dataset, "r0", after=HOUR, number=1)
    lake.clock.tick(SEEDED_START + timedelta(hours=5))
    assert dataset.run_due() == ["r0", "r2", "r1"]
    assert dataset.run_due() == []
    # The later release had the last word.
    assert dataset.get("a")["n"] == 3
    assert state(dataset, "r3") == "scheduled"


def test_every_arrow_is_a_transaction_that_listeners_hear(lake, dataset):
    release(dataset, "r1", after=None)
    heard = dataset.listen("*", include_result=True)
    heard.drain()
    at = format_micros(SEEDED_START + timedelta(hours=1))
    answer = dataset.actions([action("release.schedule", releaseId="r1", publishAt=at)], author="ada")
    scheduling, scheduled = heard.drain()
    assert scheduling["transactionId"] == answer["transactionId"] != scheduled["transactionId"]
    assert [scheduling["result"]["state"], scheduled["result"]["state"]] == ["scheduling", "scheduled"]
    assert scheduling["result"]["workflowId"].startswith("release-r1-")
    assert answer["transactionId"] not in scheduling["result"]["workflowId"]
    assert "workflowId" not in scheduled["result"]
    lake.clock.advance(HOUR)
    publishing, *rest = heard.drain()
    assert publishing["result"]["state"] == "publishing"
    assert publishing["result"]["workflowId"] != scheduling["result"]["workflowId"]
    assert {event["documentId"] for event in rest} == {"a", "versions.r1.a", "_.releases.r1"}
    assert len({event["transactionId"] for event in rest}) == 1
    # The clock works in the name of whoever scheduled.
    assert {event["identity"] for event in (scheduling, scheduled, publishing, *rest)} == {"ada"}


@pytest.mark.parametrize(
    ("name", "fields", "states"),
    [
        ("publish", {}, ["scheduling", "scheduled", "publishing", "published"]),
        ("archive", {}, ["archiving", "archived"]),
        ("schedule", {"publishAt": "2099-01-01T00:00:00Z"}, ["scheduling", "scheduled"]),
        ("schedule", {"publishAt": "2001-01-01T00:00:00Z"}, ["scheduling", "scheduled", "publishing", "published"]),
    ],
)
def test_history_has_each_state_as_its_own_revision(dataset, name, fields, states):
    release(dataset, "r1", after=None)
    count = len(dataset.log())
    answer = dataset.actions([action(f"release.{name}", releaseId="r1", **fields)], author="ada")
    rows = dataset.log()[count:]
    assert rows[0].transaction_id == answer["transactionId"]
    assert [dataset.revision("_.releases.r1", row.transaction_id)["state"] for row in rows] == states
    assert {row.author for row in rows} == {"ada"}
    assert [row.timestamp for row in rows] == sorted({row.timestamp for row in rows})
    assert dataset.get("_.releases.r1")["userId"] == "ada"


def test_the_way_back_is_in_the_history_too(dataset):
    release(dataset, "r1", after=HOUR)
    count = len(dataset.log())
    dataset.actions([action("release.unschedule", releaseId="r1")])
    dataset.actions([action("release.archive", releaseId="r1")])
    dataset.actions([action("release.unarchive", releaseId="r1")])
    states = [dataset.revision("_.releases.r1", row.transaction_id)["state"] for row in dataset.log()[count:]]
    assert states == ["unscheduling", "active", "archiving", "archived", "unarchiving", "active"]


def test_only_the_first_caller_signs_the_release(dataset):
    release(dataset, "r1", after=None)
    at = "2099-01-01T00:00:00Z"
    dataset.actions([action("release.schedule", releaseId="r1", publishAt=at)], author="ada")
    dataset.actions([action("release.unschedule", releaseId="r1")], author="bob")
    assert dataset.get("_.releases.r1")["userId"] == "ada"
    assert [row.author for row in dataset.log()[-4:]] == ["ada", "ada", "bob", "bob"]


def test_callbacks_see_resting_releases_only_and_may_write(dataset):
    release(dataset, "r1", after=None)
    seen = []

    def look(event: dict[str, Any]) -> None:
        if event["type"] == "mutation" and event["documentId"] == "_.releases.r1":
            seen.append((event["result"]["state"], dataset.get("_.releases.r1")["state"]))
            dataset.mutate([{"createIfNotExists": {"_id": f"seen-{len(seen)}", "_type": "t"}}])

    dataset.listen("*", include_result=True, on_event=look)
    dataset.actions([action("release.publish", releaseId="r1")])
    assert seen == [(one, "published") for one in ("scheduling", "scheduled", "publishing", "published")]
    assert dataset.get("seen-4") is not None


def test_an_unmanned_clock_publishes_at_the_next_call():
    # The machine's clock: nothing tells the lake, so the call itself finds that the time has passed.
    dataset = Lake().dataset("production")
    release(dataset, "r1", after=-HOUR * 24 * 365 * 100)
    assert state(dataset, "r1") == "published"
    dataset.actions([action("release.create", releaseId="r2")])
    later = format_micros(dataset.clock.now() + timedelta(days=1))
    dataset.actions([action("release.schedule", releaseId="r2", publishAt=later)])
    assert dataset.run_due() == []
    dataset.clock.set(dataset.clock.now() + timedelta(days=2))
    assert state(dataset, "r2") == "published"


def test_each_dataset_of_a_lake_has_its_own_releases(lake):
    one, two = lake.dataset("one"), lake.dataset("two")
    release(one, "r1", after=HOUR)
    release(two, "r1", after=2 * HOUR)
    lake.clock.advance(1.5 * HOUR)
    assert (state(one, "r1"), state(two, "r1")) == ("published", "scheduled")


def test_a_rebuilt_dataset_knows_what_is_due(lake, dataset):
    release(dataset, "r1", after=HOUR)
    rebuilt = dataset.replay()
    lake.clock.advance(HOUR)
    assert rebuilt.run_due() == ["r1"]
    assert rebuilt.get("a")["n"] == dataset.get("a")["n"] == 1


def test_an_imported_schedule_runs_too(lake, dataset):
    body = {"state": "scheduled", "publishAt": format_micros(SEEDED_START + timedelta(hours=1))}
    dataset.actions([action("release.import", releaseId="r1", attributes=body)])
    lake.clock.advance(HOUR)
    assert state(dataset, "r1") == "published"


@settings(deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.lists(st.integers(0, 3), max_size=6))
def test_each_release_is_published_once_when_its_time_has_come(times, steps):
    lake = Lake(seed=0)
    dataset = lake.dataset("production")
    for number, hours in enumerate(times):
        release(dataset, f"r{number}", after=hours * HOUR, group=f"g{number}")
    for hours in steps:
        lake.clock.advance(hours * HOUR)
        passed = lake.clock.now() - SEEDED_START
        for number, due in enumerate(times):
            expected = "published" if timedelta(hours=due) <= passed else "scheduled"
            assert state(dataset, f"r{number}") == expected
            written = len(dataset._store.history.rows_of([f"g{number}"]))
            assert written == (1 if expected == "published" else 0)


def test_nothing_is_looked_up_while_no_release_waits(dataset, monkeypatch):
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}])
    calls = []
    monkeypatch.setattr(type(dataset._core.keeper), "settle", lambda *args, **options: calls.append(args) or [])
    for look in LOOKS.values():
        if look is not LOOKS["actions"]:
            look(dataset)
    assert calls == []
