"""The log of requests, and the control that shows it."""

import asyncio

import httpx2
import pytest

from lakesim.server.request_kind import kind_of
from lakesim.server.request_log import REQUESTS_MAX, RequestLog, RequestLogging

REQUESTS = "/_lake/requests"
QUERY = "/v1/data/query/production"


def logged(direct, **filters):
    answer = direct.get(REQUESTS, params=filters)
    assert answer.status_code == 200, answer.text
    return answer.json()["requests"]


def test_a_request_is_described(direct):
    body = {"mutations": [{"create": {"_id": "a", "_type": "book"}}]}
    answer = direct.post(
        "/v1/data/mutate/production?tag=my.app", json=body, headers={"x-sanity-project-id": "p1", "x-request-id": "r-7"}
    )
    (entry,) = logged(direct)
    assert answer.headers["x-request-id"] == "r-7"
    assert entry.pop("ms") > 0
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "id": 1,
        "requestId": "r-7",
        "method": "POST",
        "path": "/v1/data/mutate/production",
        "query": "tag=my.app",
        "kind": "mutate",
        "dataset": "production",
        "project": "p1",
        "tag": "my.app",
        "status": 200,
        "bytesIn": int(answer.request.headers["content-length"]),
        "bytesOut": len(answer.content),
        "done": True,
        "faults": [],
    }


def test_requests_that_fail_are_logged_and_those_to_the_controls_are_not(direct):
    direct.get("/v1/nonsense")
    direct.get(QUERY, params={"query": "*["})
    direct.get("/_lake/health")
    assert [(entry["status"], entry["requestId"]) for entry in logged(direct)] == [
        (404, "request-1"),
        (400, "request-2"),
    ]


def test_a_fault_is_named_and_a_broken_connection_has_no_status(client, lake):
    placed = lake.faults.add({"effect": {"drop": "before"}})
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
        client.get(QUERY)
    (entry,) = logged(client)
    assert (entry["status"], entry["done"], entry["faults"]) == (None, True, [placed.id])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [1, 2, 3, 4]),
        ({"method": "POST"}, [2]),
        ({"kind": "query"}, [1, 3]),
        ({"kind": "dataset"}, [4]),
        ({"dataset": "nope"}, [3]),
        ({"status": "404"}, [3]),
        ({"status": "2xx"}, [1, 2, 4]),
        ({"tag": "one"}, [1]),
        ({"path": "/v1/data/*"}, [1, 2, 3]),
        ({"requestId": "request-4"}, [4]),
        ({"since": "2"}, [3, 4]),
        ({"limit": "1"}, [4]),
        ({"limit": "0"}, []),
        ({"since": "1", "kind": "query"}, [3]),
    ],
)
def test_the_log_is_filtered(direct, filters, expected):
    direct.get(QUERY, params={"query": "*", "tag": "one"})
    direct.post("/v1/data/mutate/production", json={"mutations": []})
    direct.get("/v1/data/query/nope", params={"query": "*"})
    direct.get("/v1/datasets")
    assert [entry["id"] for entry in logged(direct, **filters)] == expected


@pytest.mark.parametrize(
    ("filters", "fragment"),
    [
        ({"kind": "qery"}, 'Did you mean "query"'),
        ({"sinse": "1"}, 'Did you mean "since"'),
        ({"status": "abc"}, 'right would be "404" or "4xx"'),
        ({"since": "-1"}, "Invalid value for since"),
    ],
)
def test_a_filter_that_does_not_exist_is_not_taken_for_one_that_finds_all(direct, filters, fragment):
    answer = direct.get(REQUESTS, params=filters)
    assert answer.status_code == 400
    assert fragment in answer.json()["error"]["description"]


def test_the_log_is_cleared_and_its_numbers_go_on(direct):
    direct.get(QUERY)
    assert direct.get(REQUESTS).json()["last"] == 1
    assert direct.delete(REQUESTS).json() == {"deleted": 1}
    assert direct.get(REQUESTS).json() == {"requests": [], "last": 1}
    direct.get(QUERY)
    assert [entry["id"] for entry in logged(direct, since="1")] == [2]


def test_a_reset_clears_rules_and_log(direct, lake):
    lake.faults.add({"effect": {"status": 503}})
    direct.get(QUERY)
    direct.post("/_lake/reset")
    assert (logged(direct), len(lake.faults)) == ([], 0)


def test_an_open_stream_is_in_the_log(client, listening):
    with listening() as (_, blocks):
        next(blocks)
        (entry,) = logged(client)
        assert (entry["kind"], entry["status"], entry["done"], entry["ms"]) == ("listen", 200, False, None)


def test_the_log_is_bounded():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"xy"})

    async def send(message):
        pass

    log = RequestLog()
    logging = RequestLogging(app, log)

    async def ask():
        for number in range(REQUESTS_MAX + 5):
            scope = {"type": "http", "method": "GET", "path": f"/{number}", "query_string": b"", "headers": []}
            await logging(scope, None, send)

    asyncio.run(ask())
    kept = log.entries(lambda entry: True)
    assert (len(kept), kept[0].path, log.last) == (REQUESTS_MAX, "/5", REQUESTS_MAX + 5)
    assert {entry.bytes_out for entry in kept} == {2}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/data/query/d", ("query", "d", None)),
        ("/vX/data/actions/d", ("action", "d", None)),
        ("/v2025-02-19/data/live/events/d", ("live", "d", None)),
        ("/v1/data/history/d/documents/a", ("history", "d", None)),
        ("/v1/data/unheard-of/d", ("other", "d", None)),
        ("/v1/data/ping", ("ping", None, None)),
        ("/v1/ping", ("ping", None, None)),
        ("/v1/projects/p/datasets/d/mutate", ("mutate", "d", "p")),
        ("/v1/projects/p/datasets/d/acl", ("dataset", "d", "p")),
        ("/v1/projects/p/datasets/d", ("dataset", "d", "p")),
        ("/v1/projects/p/datasets", ("dataset", None, "p")),
        ("/v1/projects/p/users/u", ("user", None, "p")),
        ("/v1/projects/p", ("project", None, "p")),
        ("/v1/projects", ("project", None, None)),
        ("/v1/datasets/d", ("dataset", "d", None)),
        ("/v1/users/me", ("user", None, None)),
        ("/v1/assets/images/d", ("asset", "d", None)),
        ("/images/p/d/abc-1x1.png", ("asset", "d", "p")),
        ("/", ("other", None, None)),
        ("/nonsense", ("other", None, None)),
    ],
)
def test_a_path_tells_what_it_is_about(path, expected):
    about = kind_of(path)
    assert (about.kind, about.dataset, about.project) == expected
