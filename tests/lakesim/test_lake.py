"""The façade: datasets on request, JSON that belongs to the caller, the same run from the same seed, threads."""

from threading import Thread
from typing import Any

import pytest
from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

import lakesim
from lakesim import BadRequestError, Dataset, Lake, LakeError, NotSupportedError
from lakesim.errors import InvalidValueError
from lakesim.jsonvalue import copy, dump_bytes
from lakesim.testing.strategies import transactions

SEED = {"_id": "a", "_type": "t", "list": [{"deep": {"x": [1]}}], "ref": {"_ref": "a"}}


def test_the_package_exports_what_it_says() -> None:
    for name in lakesim.__all__:
        assert getattr(lakesim, name) is not None
    assert {"Lake", "Dataset", "LakeError", "MutationError"} <= set(lakesim.__all__)


def test_a_dataset_is_made_on_request_and_stays_the_same(lake: Lake) -> None:
    assert lake.datasets() == []
    assert lake.dataset("production") is lake.dataset("production")
    assert lake.dataset("staging") is not lake.dataset("production")
    lake.dataset("staging").mutate([{"create": SEED}])
    assert lake.dataset("production").get("a") is None
    assert lake.datasets() == ["production", "staging"]
    assert repr(lake.dataset("staging")) == "<Dataset 'staging': 1 documents>"
    assert "staging" in repr(lake)


@pytest.mark.parametrize("name", ["", "-a", "UPPER", "a b", "x" * 65, "é", None, 5, ["a"]])
def test_a_malformed_dataset_name_is_refused(lake: Lake, name: Any) -> None:
    with pytest.raises(BadRequestError, match="Invalid dataset name"):
        lake.dataset(name)
    assert lake.datasets() == []


def test_a_durable_lake_is_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"lake\.sqlite.*interchange"):
        Lake(data="lake.sqlite")


def test_a_lake_without_seed_follows_the_machine_s_clock() -> None:
    with freeze_time("2024-05-06T07:08:09Z"), Lake() as lake:
        lake.dataset("production").mutate([{"create": SEED}])
        assert lake.dataset("production").query("*[0]{_createdAt, 'now': now()}") == {
            "_createdAt": "2024-05-06T07:08:09Z",
            "now": "2024-05-06T07:08:09.000Z",
        }


def test_queries_know_time_project_and_dataset(dataset: Dataset) -> None:
    assert dataset.query("[now(), sanity::projectId(), sanity::dataset(), $x]", {"x": [1]}) == [
        "2026-01-01T00:00:00.000Z",
        "lakesim",
        "production",
        [1],
    ]


def test_get_takes_stored_ids(dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "t"}}])
    assert (dataset.get("drafts.a") or {})["_id"] == "drafts.a"
    assert dataset.get("a") is None
    for ask in (dataset.get, dataset.last_revision, lambda key: dataset.fetch([key]), lambda key: dataset.at(key, "x")):
        with pytest.raises(InvalidValueError, match="Malformed document ID"):
            ask("no such id!")


def test_fetch_names_what_it_leaves_out(dataset: Dataset) -> None:
    keys = ("a", "drafts.a", "versions.r1.a", "b")
    dataset.mutate([{"create": {"_id": key, "_type": "t"}} for key in keys])
    answer = dataset.fetch(["b", "nowhere", "a", "b"])
    assert [document["_id"] for document in answer["documents"]] == ["b", "a", "b"]
    assert answer["omitted"] == [{"id": "nowhere", "reason": "existence"}]
    everything = dataset.fetch(["a", "c"], include_all_versions=True)
    assert [document["_id"] for document in everything["documents"]] == ["a", "drafts.a", "versions.r1.a"]
    assert everything["omitted"] == []


def scribble(value: Any) -> None:
    """Ruin a JSON value wherever it can be reached."""
    if isinstance(value, dict):
        for inner in list(value.values()):
            scribble(inner)
        value.clear()
        value["scribbled"] = True
    elif isinstance(value, list):
        for inner in value:
            scribble(inner)
        value[:] = ["scribbled"]


GIVEN_OUT = {
    "get": lambda dataset: dataset.get("a"),
    "fetch": lambda dataset: dataset.fetch(["a"]),
    "query": lambda dataset: dataset.query("*"),
    "a query's inner value": lambda dataset: dataset.query("*[0].list"),
    "a perspective": lambda dataset: dataset.query("*", perspective="drafts"),
    "documents": lambda dataset: list(dataset.documents()),
    "revision": lambda dataset: dataset.revision("a", "tx1"),
    "at": lambda dataset: dataset.at("a", "2030-01-01T00:00:00Z"),
    "last revision": lambda dataset: dataset.last_revision("a"),
    "transactions": lambda dataset: dataset.transactions(),
    "an answer": lambda dataset: dataset.mutate([{"patch": {"id": "a"}}], transaction_id="tx2", return_documents=True),
    "a dry run": lambda dataset: dataset.mutate([{"patch": {"id": "a"}}], dry_run=True, return_documents=True),
}


@pytest.mark.parametrize("ask", GIVEN_OUT.values(), ids=GIVEN_OUT)
def test_what_the_lake_gives_belongs_to_the_caller(ask: Any) -> None:
    datasets = []
    for ruined in (False, True):
        dataset = Lake(seed=0).dataset("production")
        dataset.mutate([{"create": SEED}], transaction_id="tx1")
        answer = ask(dataset)
        if ruined:
            scribble(answer)
        datasets.append((list(dataset.documents()), dataset.transactions()))
    assert datasets[0] == datasets[1]


def test_what_the_lake_takes_stays_the_caller_s(dataset: Dataset) -> None:
    events = dataset.listen(include_result=True, include_previous_revision=True)
    mutations: list[dict[str, Any]] = [
        {"create": copy(SEED)},
        {"patch": {"id": "a", "set": {"more": {"y": [1]}}, "insert": {"after": "list[-1]", "items": [{"z": [2]}]}}},
        {"patch": {"query": "*[_id == $id]", "params": {"id": "a"}, "set": {"third": [[3]]}}},
    ]
    params: dict[str, Any] = {"x": {"y": [1]}}
    listener = dataset.listen("*[more.y[0] in $x.y]", params)
    for mutation in mutations:
        dataset.mutate([mutation])
    stored, log = list(dataset.documents()), dataset.transactions()
    scribble(mutations)
    scribble(params)
    scribble(events.drain())
    assert (list(dataset.documents()), dataset.transactions()) == (stored, log)
    listener.drain()
    dataset.mutate([{"patch": {"id": "a", "set": {"n": 1}}}])
    assert [event["transition"] for event in listener.drain()] == ["update"], "the filter changed with its parameters"


@given(st.lists(transactions(size_max=3), max_size=6), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_the_same_seed_replays_the_same_run_byte_for_byte(requests: list[list[dict[str, Any]]], seed: int) -> None:
    def run() -> bytes:
        with Lake(seed=seed) as lake:
            dataset = lake.dataset("production")
            listener = dataset.listen(include_result=True, include_previous_revision=True)
            answers: list[Any] = []
            for mutations in [[{"create": {"_type": "t", "list": [{}]}}], *requests]:
                try:
                    answers.append(
                        dataset.mutate(mutations, return_ids=True, return_documents=True, auto_generate_array_keys=True)
                    )
                except LakeError as error:
                    answers.append(error.body())
            return dump_bytes([answers, list(dataset.documents()), dataset.transactions(), listener.drain()])

    assert run() == run()


def test_different_seeds_give_different_ids() -> None:
    ids = {Lake(seed=seed).dataset("p").mutate([{"create": {"_type": "t"}}])["transactionId"] for seed in range(20)}
    assert len(ids) == 20


def test_readers_in_other_threads_never_see_half_a_transaction(dataset: Dataset) -> None:
    """Two counters are always raised together; a reader that sees them differ saw the middle of a transaction."""
    keys = ["one", "two", "drafts.one"]
    dataset.mutate([{"create": {"_id": key, "_type": "t", "n": 0}} for key in keys])
    torn: list[Any] = []
    done = False

    def read(ask: Any) -> None:
        while not done:
            numbers = ask()
            if len(set(numbers)) != 1:
                torn.append(numbers)

    asks = [
        lambda: dataset.query("*.n"),
        lambda: dataset.query('*[_type == "t"].n', perspective="drafts"),
        lambda: [document["n"] for document in dataset.fetch(keys)["documents"]],
        lambda: [document["n"] for document in dataset.documents()],
    ]
    readers = [Thread(target=read, args=(ask,)) for ask in asks]
    for reader in readers:
        reader.start()
    writers = [
        Thread(
            target=lambda: [
                dataset.mutate([{"patch": {"id": key, "inc": {"n": 1}}} for key in keys]) for _ in range(40)
            ]
        )
        for _ in range(2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=60)
    done = True
    for reader in readers:
        reader.join(timeout=60)
    assert torn == []
    assert dataset.query("*.n") == [80, 80, 80]


def test_a_transaction_costs_what_it_touches(dataset: Dataset) -> None:
    """Index operations per transaction are the same on ten documents and on five thousand."""

    def operations(mutations: list[dict[str, Any]]) -> int:
        before = dataset._store.indexes.updates
        dataset.mutate(mutations)
        return dataset._store.indexes.updates - before

    def costs(name: str) -> list[int]:
        document = {"_id": name, "_type": "t", "title": "x", "ref": {"_type": "reference", "_ref": "n0"}}
        return [
            operations([{"create": document}]),
            operations([{"patch": {"id": name, "set": {"title": "y"}}}]),
            operations([{"patch": {"id": name, "set": {"other": 1}}}]),
            operations([{"delete": {"id": name}}]),
        ]

    def grow(start: int, stop: int) -> None:
        dataset.mutate([{"create": {"_id": f"n{n}", "_type": "t", "title": "x"}} for n in range(start, stop)])

    grow(0, 10)
    small = costs("first")
    grow(10, 5000)
    assert costs("second") == small
    assert small[1] < small[2] < small[0]
