"""What is sent again and what is not: attempts, waits and the error in the end, against a lake that fails on cue."""

import httpx2
import pytest

from bidir.errors import (
    BackendError,
    DocumentMissing,
    PermissionRefused,
    RateLimited,
    Refused,
    RevisionConflict,
    Unavailable,
    UnknownOutcome,
)

MUTATIONS = [{"create": {"_id": "b1", "_type": "book"}}]
COMMITTED = (200, {"transactionId": "tx-1", "results": [{"id": "b1", "operation": "create"}]})
FOUND = (200, {"result": 1, "ms": 1})
BUSY = (503, {"statusCode": 503, "error": "Service Unavailable", "message": "busy"})
BROKEN = (500, {"error": {"type": "internalError", "description": "Internal server error"}})
LIMITED = (429, {"statusCode": 429, "error": "Too Many Requests", "message": "slow down"}, {"retry-after": "2"})
EXISTS = (409, {"error": {"type": "transactionAlreadyExistsError", "description": 'Transaction "tx-1" exists'}})
TAKEN = (
    409,
    {
        "error": {
            "type": "mutationError",
            "description": "Mutation failed: taken",
            "items": [
                {"index": 0, "error": {"type": "documentAlreadyExistsError", "id": "b1", "description": "taken"}}
            ],
        }
    },
)
OURS = (200, {"documents": [{"_id": "b1", "_type": "book", "_rev": "tx-1"}], "omitted": []})
THEIRS = (200, {"documents": [{"_id": "b1", "_type": "book", "_rev": "tx-9"}], "omitted": []})
NOT_KNOWN = (400, {"error": {"type": "httpBadRequest", "description": "unknown transaction"}})
IN_HISTORY = (200, '{"id":"tx-1","documentIDs":["b1"],"timestamp":"2026-01-01T00:00:00Z"}\n')
REFUSED = httpx2.ConnectError("connection refused")
SILENT = httpx2.ReadTimeout("timed out")


def paths(script):
    return [request.url.path.rsplit("/data/")[1].split("/")[0] for request in script.requests]


@pytest.mark.parametrize("failure", [BUSY, BROKEN, LIMITED, SILENT], ids=["503", "500", "429", "silence"])
def test_a_query_is_asked_again(scripted, failure):
    backend, script = scripted(failure, FOUND)
    assert backend.query("1", {}) == 1
    assert (len(script.requests), backend.requests["query"]) == (2, 2)


def test_attempts_end_and_waits_double(scripted, clock):
    backend, script = scripted(BUSY, retries=4)
    with pytest.raises(Unavailable):
        backend.query("1", {})
    assert len(script.requests) == 5
    assert clock.slept == [0.1, 0.2, 0.4, 0.8]


def test_waiting_ends_with_the_callers_patience(scripted, clock):
    backend, script = scripted(BUSY, patience=0.35)
    with pytest.raises(Unavailable):
        backend.query("1", {})
    assert clock.slept == [0.1, 0.2]
    assert len(script.requests) == 3


def test_without_patience_there_is_one_attempt(scripted, clock):
    backend, script = scripted(BUSY, patience=0)
    with pytest.raises(Unavailable):
        backend.query("1", {})
    assert (len(script.requests), clock.slept) == (1, [])


ADVICE = {
    "seconds": ({"retry-after": "2"}, 2.0),
    "a date": (
        {"retry-after": "Wed, 21 Oct 2026 07:28:05 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"},
        5.0,
    ),
    "the service's own header": ({"ratelimit-reset": "3"}, 3.0),
    "nothing": ({}, 1.0),
    "nonsense": ({"retry-after": "soon"}, 1.0),
    "the past": ({"retry-after": "-5"}, 0.1),
}


@pytest.mark.parametrize("name", ADVICE)
def test_the_lakes_advice_on_when_to_come_back_is_taken(scripted, clock, name):
    headers, seconds = ADVICE[name]
    backend, _ = scripted((429, {"message": "slow down"}, headers), FOUND)
    backend.query("1", {})
    assert clock.slept == [seconds]


def test_where_an_editor_waits_nothing_is_repeated_for_longer_than_there_is_time(scripted, clock):
    backend, script = scripted(*[(429, {"message": "slow down"}, {"retry-after": "2"})] * 2, FOUND)
    with backend.hurried(0.2), pytest.raises(RateLimited):
        backend.commit([{"delete": {"id": "b1"}}], transaction_id="tx-1")
    assert (clock.slept, len(script.requests)) == ([], 1)
    backend.query("1", {})
    assert clock.slept == [2.0]


def test_who_cannot_wait_so_long_is_told_how_long(scripted, clock):
    backend, script = scripted((429, {"message": "slow down"}, {"retry-after": "60"}), patience=5)
    with pytest.raises(RateLimited) as refused:
        backend.query("1", {})
    assert (refused.value.retry_after, clock.slept, len(script.requests)) == (60.0, [], 1)


def test_a_lake_that_never_answered_is_not_waited_for(scripted, clock):
    backend, script = scripted(REFUSED)
    with pytest.raises(Unavailable, match=r"http://127.0.0.1:3333.*connection refused"):
        backend.query("1", {})
    assert (len(script.requests), clock.slept) == (1, [])


def test_a_lake_that_was_there_is_waited_for(scripted):
    backend, _ = scripted(FOUND, REFUSED, REFUSED, FOUND)
    backend.query("1", {})
    assert backend.query("1", {}) == 1


# ------------------------------------------------------------------------------------------------------------- writes


@pytest.mark.parametrize("failure", [BUSY, BROKEN, SILENT], ids=["503", "500", "silence"])
def test_a_write_without_a_name_is_sent_once(scripted, failure):
    backend, script = scripted(failure, COMMITTED)
    with pytest.raises(Unavailable if failure is BUSY else UnknownOutcome):
        backend.commit(MUTATIONS, transaction_id=None)
    assert len(script.requests) == 1


def test_what_was_turned_away_at_the_door_is_sent_again_without_a_name_too(scripted):
    backend, script = scripted(LIMITED, COMMITTED)
    assert backend.commit(MUTATIONS, transaction_id=None).documents == ("b1",)
    assert len(script.requests) == 2


@pytest.mark.parametrize("failure", [BUSY, BROKEN, SILENT], ids=["503", "500", "silence"])
def test_a_write_with_a_name_is_sent_again_under_the_same_name(scripted, failure):
    backend, script = scripted(failure, COMMITTED)
    assert backend.commit(MUTATIONS, transaction_id="tx-1").transaction_id == "tx-1"
    first, second = script.requests
    assert first.content == second.content
    assert b'"transactionId":"tx-1"' in first.content


@pytest.mark.parametrize("refusal", [EXISTS, TAKEN], ids=["the name is taken", "the document is"])
def test_a_write_whose_answer_was_lost_is_found_done(scripted, refusal):
    backend, script = scripted(SILENT, refusal, OURS)
    done = backend.commit(MUTATIONS, transaction_id="tx-1")
    assert (done.transaction_id, done.documents) == ("tx-1", ("b1",))
    assert paths(script) == ["mutate", "mutate", "doc"]


def test_a_write_whose_traces_were_overwritten_stands_in_the_history(scripted):
    backend, script = scripted(SILENT, EXISTS, THEIRS, IN_HISTORY)
    assert backend.commit(MUTATIONS, transaction_id="tx-1").documents == ("b1",)
    assert paths(script) == ["mutate", "mutate", "doc", "history"]


def test_a_conflict_after_a_lost_answer_that_is_somebody_elses_is_a_conflict(scripted):
    backend, _ = scripted(SILENT, TAKEN, THEIRS, NOT_KNOWN)
    with pytest.raises(RevisionConflict):
        backend.commit(MUTATIONS, transaction_id="tx-1")


def test_the_same_conflict_at_once_needs_no_look(scripted):
    backend, script = scripted(TAKEN)
    with pytest.raises(RevisionConflict):
        backend.commit(MUTATIONS, transaction_id="tx-1")
    assert paths(script) == ["mutate"]


def test_a_name_used_twice_is_refused(scripted):
    backend, script = scripted(EXISTS)
    with pytest.raises(Refused) as refused:
        backend.commit(MUTATIONS, transaction_id="tx-1")
    assert (refused.value.type, len(script.requests)) == ("transactionAlreadyExistsError", 1)


@pytest.mark.parametrize("last", [SILENT, REFUSED, BUSY, LIMITED], ids=["silence", "gone", "503", "429"])
def test_a_write_that_stays_unanswered_has_an_unknown_outcome(scripted, last):
    backend, script = scripted(SILENT, *[last] * 5, THEIRS, NOT_KNOWN, patience=100)
    with pytest.raises(UnknownOutcome):
        backend.commit(MUTATIONS, transaction_id="tx-1")
    assert paths(script).count("mutate") <= 6


def test_an_unanswered_write_that_took_place_is_done(scripted):
    backend, _ = scripted(*[SILENT] * 6, OURS)
    assert backend.commit(MUTATIONS, transaction_id="tx-1").documents == ("b1",)


def test_a_look_that_fails_leaves_the_outcome_unknown(scripted):
    backend, _ = scripted(SILENT, TAKEN, BUSY, patience=0.5)
    with pytest.raises(UnknownOutcome):
        backend.commit(MUTATIONS, transaction_id="tx-1")


def test_actions_are_repeated_under_one_name(scripted):
    history = (200, '{"id":"nonce-1","documentIDs":["b1","drafts.b1"],"timestamp":"2026-01-01T00:00:00Z"}\n')
    backend, script = scripted(SILENT, (200, {"transactionId": "nonce-1"}), history)
    action = {"actionType": "sanity.action.document.publish", "publishedId": "b1", "draftId": "drafts.b1"}
    assert backend.act([action]).documents == ("b1", "drafts.b1")
    assert script.requests[0].content == script.requests[1].content


def test_actions_that_are_done_stay_done_where_the_history_fails(scripted):
    backend, _ = scripted((200, {"transactionId": "nonce-1"}), NOT_KNOWN)
    action = {"actionType": "sanity.action.document.publish", "publishedId": "b1", "draftId": "drafts.b1"}
    assert backend.act([action]).documents == ("b1", "drafts.b1")


# ------------------------------------------------------------------------------------------------------------ answers

UNAUTHORIZED = {"statusCode": 401, "error": "Unauthorized", "message": "Session not found", "errorCode": "SIO-401-ANF"}
NO_DATASET = {"statusCode": 404, "error": "Dataset not found", "message": 'Dataset "d" not found for project ID "p"'}


def item(kind, **more):
    error = {"type": kind, "description": f"said of {kind}", **more}
    return {
        "error": {"type": "mutationError", "description": "Mutation failed", "items": [{"index": 0, "error": error}]}
    }


ANSWERS = {
    "unknown token": (401, UNAUTHORIZED, PermissionRefused, "SIO-401-ANF", None, "Session not found"),
    "forbidden": (
        403,
        {"statusCode": 403, "error": "Forbidden", "message": "no"},
        PermissionRefused,
        "forbidden",
        None,
        "no",
    ),
    "no dataset": (404, NO_DATASET, Refused, "datasetNotFoundError", None, 'Dataset "d" not found'),
    "not a member": (
        401,
        {"error": {"type": "projectUserNotFoundError", "description": "project user not found"}},
        PermissionRefused,
        "projectUserNotFoundError",
        None,
        "project user not found",
    ),
    "may not write": (
        403,
        item("insufficientPermissionsError", permission="create"),
        PermissionRefused,
        "insufficientPermissionsError",
        "b1",
        "said of",
    ),
    "revision": (
        409,
        item("documentRevisionIDDoesNotMatchError"),
        RevisionConflict,
        "documentRevisionIDDoesNotMatchError",
        "b1",
        "said of",
    ),
    "missing": (404, item("documentNotFoundError", id="b7"), DocumentMissing, "documentNotFoundError", "b7", "said of"),
    "write conflict": (
        409,
        {"error": {"type": "transactionConflictError", "description": "conflict"}},
        RevisionConflict,
        "transactionConflictError",
        None,
        "conflict",
    ),
    "plan": (
        403,
        {"error": {"type": "documentLimitExceededError", "description": "too many"}},
        Refused,
        "documentLimitExceededError",
        None,
        "too many",
    ),
    "another server": (404, "<html>nginx</html>", Refused, "notALake", None, "is that the address of a lake"),
    "a page instead of an answer": (200, "<html>log in</html>", Refused, "notALake", None, "is that the address"),
    "moved": (301, "", Refused, "notALake", None, "is that the address of a lake"),
    "too large": (413, {"statusCode": 413, "error": "Payload Too Large"}, Refused, "gatewayError", None, "Too Large"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_family_of_refusals_is_understood(scripted, name):
    status, body, kind, error_type, document_id, said = ANSWERS[name]
    backend, script = scripted((status, body), token="sk-very-secret")
    with pytest.raises(BackendError) as refused:
        backend.commit(MUTATIONS, transaction_id="tx-1")
    assert type(refused.value) is kind
    assert (refused.value.type, refused.value.document_id) == (error_type, document_id)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
    assert len(script.requests) == 1


@pytest.mark.parametrize(("token", "advice"), [(None, "a token is needed"), ("sk-1", "not (or no longer) valid")])
def test_an_unknown_caller_is_told_what_to_do(scripted, token, advice):
    backend, _ = scripted((401, UNAUTHORIZED), token=token)
    with pytest.raises(PermissionRefused) as refused:
        backend.query("1", {})
    assert advice in str(refused.value)


@pytest.mark.parametrize("body", [{"ms": 3}, [], None, 5])
def test_an_answer_of_another_shape_is_no_lakes(scripted, body):
    backend, _ = scripted((200, body))
    for ask in (lambda: backend.query("1", {}), lambda: backend.documents(["b1"])):
        with pytest.raises(Refused, match="is that the address of a lake"):
            ask()


def test_an_export_that_breaks_off_is_taken_up_again(scripted):
    error = '{"error":{"type":"internalError","description":"too slow"}}\n'
    lines = [f'{{"_id":"b{number}","_type":"book"}}\n' for number in range(3)]
    backend, script = scripted((200, lines[0] + lines[1] + error), (200, "".join(lines)))
    assert [one["_id"] for one in backend.scan(["book"])] == ["b0", "b1", "b2"]
    assert len(script.requests) == 2


def test_an_export_that_always_breaks_off_ends(scripted):
    backend, script = scripted((200, '{"error":{"type":"internalError","description":"too slow"}}\n'), retries=2)
    with pytest.raises(Unavailable, match="too slow"):
        list(backend.scan(["book"]))
    assert len(script.requests) == 3


def test_every_request_says_who_and_where(scripted):
    backend, script = scripted(FOUND, url="http://lake:80", project="abc", token="sk-1", dataset="staging")
    backend.query("1", {})
    (request,) = script.requests
    assert request.headers["authorization"] == "Bearer sk-1"
    assert request.headers["x-sanity-project-id"] == "abc"
    assert str(request.url).startswith("http://lake/v2025-02-19/data/query/staging?perspective=raw")
