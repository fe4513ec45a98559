"""Tokens and roles: who may read, write and manage, through every endpoint."""

import json

import pytest

from lakesim import BadRequestError
from lakesim.server.access import ADMINISTRATOR, parse_token, role_named

V = "/v2025-02-19"
CREATE = {"mutations": [{"create": {"_id": "a", "_type": "book", "secret": "s3cret"}}], "transactionId": "tx1"}
READS = [
    f"{V}/data/query/production?query=*",
    f"{V}/data/query/production?query=*&perspective=raw",
    f"{V}/data/doc/production/a",
    f"{V}/data/export/production",
    f"{V}/data/history/production/documents/a?lastRevision=true",
    f"{V}/data/history/production/documents/a?time=2026-06-01T00:00:00Z",
    f"{V}/data/history/production/transactions/a",
    f"{V}/projects/p1/datasets/production/query?query=*",
    f"{V}/projects/p1/datasets/production/doc/a",
]


def bearer(token):
    return {"authorization": f"Bearer {token}", "x-sanity-project-id": "p1"}


@pytest.fixture
def guarded(serve):
    with serve("root", "ed:editor", "eyes:viewer") as client:
        client.headers["x-sanity-project-id"] = "p1"
        assert client.post(f"{V}/data/mutate/production", json=CREATE, headers=bearer("root")).status_code == 200
        private = {"aclMode": "private"}
        assert client.patch(f"{V}/datasets/production", json=private, headers=bearer("root")).status_code == 200
        yield client


@pytest.mark.parametrize("path", READS)
def test_readers_find_the_document_and_others_nothing(guarded, path):
    for token in ("root", "ed", "eyes"):
        assert "s3cret" in guarded.get(path, headers=bearer(token)).text
    answer = guarded.get(path)
    assert answer.status_code == 200
    assert "s3cret" not in answer.text


@pytest.mark.parametrize(("groq", "empty"), [("*", []), ("count(*)", 0), ('*[_id == "a"][0]', None), ("1 + 1", 2)])
def test_a_query_without_a_right_to_read_succeeds_over_nothing(guarded, groq, empty):
    answer = guarded.get(f"{V}/data/query/production", params={"query": groq})
    assert (answer.status_code, answer.json()["result"]) == (200, empty)


def test_a_revision_cannot_be_guessed_without_a_right_to_read(guarded):
    path = f"{V}/data/history/production/documents/a?revision="
    assert "s3cret" in guarded.get(path + "tx1", headers=bearer("eyes")).text
    known, unknown = guarded.get(path + "tx1"), guarded.get(path + "tx9")
    assert known.status_code == unknown.status_code == 400
    assert known.text.replace("tx1", "tx9") == unknown.text


@pytest.mark.parametrize(
    "path", [*READS, f"{V}/data/listen/production?query=*", "/v1/users/me", "/v1/ping", "/_lake/health"]
)
@pytest.mark.parametrize("authorization", ["Bearer wrong", "Bearer", "Basic cm9vdDo="])
def test_a_wrong_token_is_refused_everywhere(guarded, path, authorization):
    answer = guarded.get(path, headers={"authorization": authorization})
    assert answer.status_code == 401
    assert answer.json() == {
        "statusCode": 401,
        "error": "Unauthorized",
        "message": "Session not found",
        "errorCode": "SIO-401-ANF",
    }


@pytest.mark.parametrize(
    ("mutation", "permission"),
    [
        ({"create": {"_type": "book"}}, "create"),
        ({"createOrReplace": {"_id": "a", "_type": "book"}}, "create"),
        ({"patch": {"id": "a", "set": {"x": 1}}}, "update"),
        ({"delete": {"query": "*"}}, "update"),
    ],
)
@pytest.mark.parametrize("headers", [{}, bearer("eyes")])
def test_who_may_not_write_is_refused_and_nothing_changes(guarded, mutation, permission, headers):
    answer = guarded.post(f"{V}/data/mutate/production", json={"mutations": [mutation]}, headers=headers)
    description = f'Insufficient permissions; permission "{permission}" required'
    assert answer.status_code == 403
    assert answer.json() == {
        "error": {
            "type": "mutationError",
            "description": f"Mutation failed: {description}",
            "items": [
                {
                    "error": {
                        "type": "insufficientPermissionsError",
                        "permission": permission,
                        "description": description,
                    },
                    "index": 0,
                }
            ],
        }
    }
    log = guarded.get("/_lake/transactions", headers=bearer("root")).text.splitlines()
    assert [json.loads(row)["id"] for row in log] == ["tx1"]


def test_the_form_of_mutations_is_judged_before_the_right_to_send_them(guarded):
    body = {"mutations": [{"creat": {}}]}
    assert guarded.post(f"{V}/data/mutate/production", json=body, headers=bearer("eyes")).status_code == 400


@pytest.mark.parametrize(
    ("action", "permission"),
    [
        ({"actionType": "sanity.action.document.publish", "publishedId": "a", "draftId": "drafts.a"}, "update"),
        ({"actionType": "sanity.action.release.create", "releaseId": "r1"}, "create"),
    ],
)
def test_actions_of_who_may_not_write_are_refused(guarded, action, permission):
    answer = guarded.post(f"{V}/data/actions/production", json={"actions": [action]}, headers=bearer("eyes"))
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert error["type"] == "actionError"
    assert error["items"][0]["error"]["permission"] == permission


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/datasets/new", None),
        ("PATCH", "/v1/datasets/production", {"aclMode": "private"}),
        ("DELETE", "/v1/datasets/production", None),
        ("POST", "/_lake/reset", None),
        ("GET", "/_lake/clock", None),
        ("POST", "/_lake/clock", {"advance": 1}),
        ("GET", "/_lake/transactions", None),
    ],
)
@pytest.mark.parametrize("token", ["ed", "eyes", None])
def test_only_administrators_manage(guarded, method, path, body, token):
    headers = {} if token is None else bearer(token)
    answer = guarded.request(method, path, json=body, headers=headers)
    assert answer.status_code == 403
    assert "needs an administrator" in answer.json()["message"]
    assert "s3cret" in guarded.get(READS[0], headers=bearer("root")).text


def test_callers_are_told_who_they_are(guarded):
    users = {token: guarded.get("/v1/users/me", headers=bearer(token)).json() for token in ("root", "ed", "eyes")}
    assert [user["role"] for user in users.values()] == ["administrator", "editor", "viewer"]
    assert len({user["id"] for user in users.values()}) == 3
    assert guarded.get("/v1/users/me").status_code == 401
    log = guarded.get("/_lake/transactions", headers=bearer("root")).json()
    assert log["author"] == users["root"]["id"]


def test_access_lists_follow_the_role(guarded):
    path = "/v1/projects/p1/datasets/production/acl"
    assert guarded.get(path).json() == []
    assert guarded.get("/v1/datasets").json() == []
    assert guarded.get(path, headers=bearer("eyes")).json()[0]["permissions"] == ["read", "history"]


def test_without_tokens_any_token_is_an_administrators(serve):
    with serve() as client:
        assert client.get("/v1/users/me", headers={"authorization": "Bearer x"}).json()["role"] == "administrator"
        assert client.get("/v1/users/me").json()["role"] == "administrator"


def test_callers_without_a_token_have_the_role_that_was_named(serve):
    with serve("root", anonymous="viewer") as client:
        client.post(f"{V}/data/mutate/production", json=CREATE, headers=bearer("root"))
        client.headers["x-sanity-project-id"] = "p1"
        assert "s3cret" in client.get(READS[0]).text
        assert client.post(f"{V}/data/mutate/production", json=CREATE).status_code == 403


def test_callers_without_a_token_read_public_datasets_unless_they_are_nobody(serve):
    for anonymous, found in ((None, True), ("public", True), ("none", False)):
        with serve("root", anonymous=anonymous) as client:
            client.post(f"{V}/data/mutate/production", json=CREATE, headers=bearer("root"))
            client.headers["x-sanity-project-id"] = "p1"
            assert ("s3cret" in client.get(READS[0]).text) is found


@pytest.mark.parametrize(
    ("text", "token", "role"),
    [
        ("secret", "secret", "administrator"),
        ("a:b:viewer", "a:b", "viewer"),
        ("secret:none", "secret", "none"),
        ("secret:robot", "secret", "write-only"),
    ],
)
def test_a_token_is_written_with_or_without_its_role(text, token, role):
    assert parse_token(text) == (token, role_named(role))
    assert role_named("administrator") is ADMINISTRATOR


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("", BadRequestError, "Not a token"),
        (":viewer", BadRequestError, "Not a token"),
        ("t:vewer", BadRequestError, 'Did you mean "viewer"'),
        ("t:custom", BadRequestError, 'Unknown role "custom"'),
    ],
)
def test_a_token_of_an_unknown_role_is_refused(text, error, said):
    with pytest.raises(error, match=said):
        parse_token(text)
