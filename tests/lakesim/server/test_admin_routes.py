"""The emulator's own controls."""

import json

import pytest

from lakesim import Lake
from lakesim.interchange import import_lines

QUERY = "/v2025-02-19/data/query/production"


def test_health(client):
    assert client.get("/_lake/health").json() == {"status": "ok"}


def test_a_reset_brings_back_the_start(serve):
    def make_lake(project_id):
        lake = Lake(seed=0, project_id=project_id)
        import_lines(lake.dataset("production"), ['{"_id": "first", "_type": "book"}'])
        return lake

    with serve(make_lake=make_lake) as client:
        create = {"mutations": [{"create": {"_type": "book"}}]}
        runs = []
        for _ in range(2):
            client.put("/v1/datasets/staging")
            client.post("/v1/data/mutate/production", json=create)
            runs.append(client.get(QUERY, params={"query": "*"}).json()["result"])
            assert client.post("/_lake/reset").json() == {"reset": True}
            assert client.get(QUERY, params={"query": "*._id"}).json()["result"] == ["first"]
            assert [item["name"] for item in client.get("/v1/datasets").json()] == ["production"]
    assert runs[0] == runs[1]
    assert len(runs[0]) == 2


def test_a_reset_empties_the_lake_of_a_test(client, dataset, lake):
    dataset.mutate([{"create": {"_id": "a", "_type": "book"}}])
    client.post("/_lake/reset")
    assert client.get(QUERY, params={"query": "*"}).json()["result"] == []
    assert lake.dataset("production").get("a") is None


def test_the_clock_is_set_and_advanced(client, lake):
    assert client.get("/_lake/clock").json() == {"now": "2026-01-01T00:00:00.000000Z", "manual": True, "seed": 0}
    assert client.post("/_lake/clock", json={"advance": 1.5}).json()["now"] == "2026-01-01T00:00:01.500000Z"
    assert client.post("/_lake/clock", json={"set": "2027-01-01T00:00:00Z"}).status_code == 200
    made = {"mutations": [{"create": {"_id": "a", "_type": "book"}}]}
    client.post("/v1/data/mutate/production", json=made)
    assert lake.dataset("production").get("a")["_createdAt"] == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"set": "2027-01-01T00:00:00Z", "advance": 1},
        {"set": "tomorrow"},
        {"set": 7},
        {"set": "2027-01-01T00:00:00"},
        {"advance": -1},
        {"advance": "1"},
        {"advance": True},
        {"advance": 1e300},
        {"sett": 1},
    ],
)
def test_a_clock_is_not_moved_by_nonsense(client, body):
    answer = client.post("/_lake/clock", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "httpInvalidRequestBody"
    assert client.get("/_lake/clock").json()["now"] == "2026-01-01T00:00:00.000000Z"


def test_a_clock_that_follows_the_machines_is_set_before_it_is_advanced(serve):
    with serve(make_lake=lambda project_id: Lake()) as client:
        refused = client.post("/_lake/clock", json={"advance": 1})
        assert refused.status_code == 400
        assert "--seed" in refused.json()["error"]["description"]
        client.post("/_lake/clock", json={"set": "2027-01-01T00:00:00Z"})
        assert client.post("/_lake/clock", json={"advance": 1}).json()["now"] == "2027-01-01T00:00:01.000000Z"


def test_the_log_of_transactions_is_shown(client, dataset, mutate):
    for number in range(3):
        mutate({"create": {"_id": f"a{number}", "_type": "book"}})
    rows = [json.loads(line) for line in client.get("/_lake/transactions").text.splitlines()]
    assert rows == dataset.transactions()
    last = client.get("/_lake/transactions", params={"limit": "1"}).text.splitlines()
    assert [json.loads(line) for line in last] == rows[2:]
    assert client.get("/_lake/transactions", params={"dataset": "nope"}).status_code == 404
    assert client.get("/_lake/transactions", params={"limit": "-1"}).status_code == 400
