"""The past and the actions over HTTP."""

import itertools
import json

import pytest

V = "/v2025-02-19"
ACTIONS = f"{V}/data/actions/production"
HISTORY = f"{V}/data/history/production"


@pytest.fixture
def edited(dataset):
    """The document "a" as three transactions a minute apart left it: made, changed, deleted."""
    for number, mutation in enumerate(
        [
            {"create": {"_id": "a", "_type": "book", "n": 0}},
            {"patch": {"id": "a", "set": {"n": 1}}},
            {"delete": {"id": "a"}},
        ]
    ):
        dataset.clock.advance(60)
        dataset.mutate([mutation], transaction_id=f"tx{number}", author=f"user{number}")
    return dataset


@pytest.mark.parametrize(
    ("params", "numbers"),
    [
        ({"revision": "tx0"}, [0]),
        ({"revision": "tx1"}, [1]),
        ({"revision": "tx2"}, []),
        ({"time": "2026-01-01T00:01:30Z"}, [0]),
        ({"time": "2026-01-01T00:00:30Z"}, []),
        ({"lastRevision": "true"}, [1]),
        ({"lastRevision": "false"}, []),
    ],
)
def test_documents_are_given_as_they_stood(client, edited, params, numbers):
    answer = client.get(f"{HISTORY}/documents/a,zz", params=params)
    assert [document["n"] for document in answer.json()["documents"]] == numbers


@pytest.mark.parametrize(
    "params", [{}, {"revision": "tx0", "time": "2026-01-01T00:00:00Z"}, {"revision": "tx9"}, {"time": "noon"}]
)
def test_a_point_in_the_past_is_named_once_and_exists(client, edited, params):
    answer = client.get(f"{HISTORY}/documents/a", params=params)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "httpBadRequest")


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({}, ["tx0", "tx1", "tx2"]),
        ({"reverse": "true", "limit": "2"}, ["tx2", "tx1"]),
        ({"fromTransaction": "tx1"}, ["tx1", "tx2"]),
        ({"toTransaction": "tx1"}, ["tx0", "tx1"]),
        ({"fromTime": "2026-01-01T00:02:30Z"}, ["tx2"]),
        ({"toTime": "2026-01-01T00:01:30Z"}, ["tx0"]),
        ({"authors": "user0,user2"}, ["tx0", "tx2"]),
    ],
)
def test_the_log_is_chosen_from(client, edited, params, ids):
    answer = client.get(f"{HISTORY}/transactions/a", params=params)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["id"] for line in answer.text.splitlines()] == ids


def test_the_log_is_given_without_contents_or_mutations_on_request(client, edited):
    def first(**params):
        return json.loads(client.get(f"{HISTORY}/transactions/a", params=params).text.splitlines()[0])

    assert first()["mutations"][0]["create"]["n"] == 0
    assert "n" not in first(excludeContent="true")["mutations"][0]["create"]
    assert first(excludeContent="true")["mutations"][0]["create"]["_id"] == "a"
    assert "mutations" not in first(excludeMutations="true")
    assert "mutations" not in first(excludeMutations="true", excludeContent="true")


def test_effects_of_another_format_are_refused_by_name(client, edited):
    answer = client.get(f"{HISTORY}/transactions/a", params={"effectFormat": "diff"})
    assert answer.json()["error"]["type"] == "notSupportedError"


def test_effects_lead_from_each_state_to_the_next_and_back(client, edited):
    answer = client.get(f"{HISTORY}/transactions/a", params={"effectFormat": "mendoza"})
    effects = [json.loads(line)["effects"]["a"] for line in answer.text.splitlines()]
    assert effects[0]["revert"] == [0, None]
    for earlier, later in itertools.pairwise(effects):
        assert later["revert"] == earlier["apply"]
    assert "_rev" not in effects[0]["apply"][1]


def test_a_draft_is_published(client, dataset):
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "book"}}])
    publish = {"actionType": "sanity.action.document.publish", "publishedId": "a", "draftId": "drafts.a"}
    dry = client.post(ACTIONS, json={"actions": [publish], "dryRun": True})
    assert (dry.status_code, dataset.get("a")) == (200, None)
    answer = client.post(ACTIONS, json={"actions": [publish], "transactionId": "tx1"})
    assert answer.json() == {"transactionId": "tx1"}
    assert dataset.get("a")["_rev"] == "tx1"
    assert dataset.get("drafts.a") is None
    assert dataset.transactions()[-1]["author"] == "pAdministrator"


@pytest.mark.parametrize(
    ("version", "actions", "status", "said"),
    [
        ("v2024-05-22", [{"actionType": "sanity.action.document.publish"}], 400, "action index 0: not supported"),
        ("v2025-02-18", [{"actionType": "sanity.action.release.create", "releaseId": "r"}], 400, "index 0: not sup"),
        ("vX", [{"actionType": "sanity.action.document.publsh"}], 400, "publsh"),
        ("vX", ["publish"], 400, "expected an object"),
        ("vX", {}, 400, "actions: expected an array"),
        (
            "vX",
            [{"actionType": "sanity.action.document.publish", "publishedId": "zz", "draftId": "drafts.zz"}],
            404,
            "was not found",
        ),
    ],
)
def test_what_is_no_action_here_is_refused(client, version, actions, status, said):
    answer = client.post(f"/{version}/data/actions/production", json={"actions": actions})
    assert answer.status_code == status, answer.text
    assert said in answer.json()["error"]["description"]


@pytest.mark.parametrize("body", [{"actions": [], "dryRun": "yes"}, {"actions": [], "foo": 1}, {}])
def test_the_envelope_of_actions_is_checked(client, body):
    answer = client.post(ACTIONS, json=body)
    assert answer.json()["error"]["type"] == "httpInvalidRequestBody"


def test_no_actions_make_no_transaction(client, dataset):
    assert client.post(ACTIONS, json={"actions": []}).status_code == 200
    assert dataset.transactions() == []


def test_studios_may_probe_for_actions(client):
    assert client.get(ACTIONS).json() == {"enabled": True, "compatibleStudioVersions": "*"}
