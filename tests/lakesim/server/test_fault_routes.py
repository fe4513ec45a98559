"""Faults over HTTP: what clients meet, and the control that says so."""

import os
import threading

import httpx2
import pytest

from lakesim import Lake
from lakesim.faults.operation import KINDS

MUTATE = "/v1/data/mutate/production"
QUERY = "/v1/data/query/production?query=*"
FAULTS = "/_lake/faults"


@pytest.fixture
def fault(direct):
    """Add a rule over HTTP to the test's lake and return what the control answers."""

    def fault(effect, match=None, **rest):
        answer = direct.post(FAULTS, json={"match": match or {}, "effect": effect, **rest})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return fault


def create(client, document_id, **options):
    body = {"mutations": [{"create": {"_id": document_id, "_type": "book"}}]}
    return client.post(MUTATE, json=body, **options)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (QUERY, "query"),
        ("/v1/projects/lakesim/datasets/production/query?query=*", "query"),
        ("/v1/data/doc/production/a", "doc"),
        ("/v1/data/listen/production?query=*", "listen"),
        ("/v2025-02-19/data/live/events/production", "live"),
        ("/v1/data/history/production/transactions/a", "history"),
        ("/v1/data/export/production", "export"),
        ("/v1/data/ping", "ping"),
        ("/v1/datasets", "dataset"),
        ("/v1/projects/lakesim", "project"),
        ("/v1/users/me", "user"),
    ],
)
def test_an_endpoint_is_hit_by_the_rule_of_its_kind_only(direct, fault, path, kind):
    for other in KINDS:
        fault({"status": 503 if other == kind else 500, "retryAfter": 4}, {"kind": other})
    answer = direct.get(path)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "4"
    assert answer.json()["error"] == "Service Unavailable"
    assert [one["match"]["kind"] for one in direct.get(FAULTS).json()["faults"] if one["hits"]] == [kind]


@pytest.mark.parametrize("match", [{"endpoint": "/data/query/{dataset}"}, {"path": "/data/query/*"}, {"method": "GET"}])
def test_a_rule_matches_what_the_route_table_and_the_path_say(direct, fault, match):
    fault({"status": 429}, match)
    answer = direct.get(QUERY)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert create(direct, "a").status_code == 200


def test_a_fault_can_be_read_by_a_page_of_another_origin(direct, fault):
    fault({"status": 503})
    answer = direct.get(QUERY, headers={"origin": "http://page.example"})
    assert answer.headers["access-control-allow-origin"] == "http://page.example"


@pytest.mark.parametrize(("when", "is_there"), [("before", False), ("after", True)])
def test_a_dropped_connection_gives_no_answer_at_all(client, dataset, fault, when, is_there):
    fault({"drop": when}, {"kind": "mutate"}, count=1)
    with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
        create(client, "a")
    assert (dataset.get("a") is not None) == is_there
    # The same server goes on.
    assert create(client, "b").status_code == 200


def test_a_dropped_stream_does_not_open(client, dataset, fault):
    for when in ("before", "after"):
        fault({"drop": when}, {"kind": "listen"}, count=1)
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get("/v1/data/listen/production?query=*")
    assert len(dataset._core.hub) == 0


def test_many_dropped_connections_leave_no_open_files_behind(client, fault):
    def drop():
        with pytest.raises(httpx2.RemoteProtocolError):
            create(client, "a")

    fault({"drop": "before"}, {"kind": "mutate"})
    drop()
    before = len(os.listdir("/dev/fd"))
    for _ in range(20):
        drop()
    assert len(os.listdir("/dev/fd")) <= before + 2


def test_a_delay_on_a_manual_clock_takes_no_time_but_the_clocks(direct, lake, fault):
    before = lake.clock.now()
    fault({"delay": 3600}, {"kind": "query"})
    assert direct.get(QUERY).status_code == 200
    assert (lake.clock.now() - before).total_seconds() == 3600


def test_a_delay_on_the_machines_clock_holds_up_that_request_and_no_other(serve):
    with serve(make_lake=lambda project_id: Lake()) as client:
        client.post(FAULTS, json={"match": {"kind": "query"}, "effect": {"delay": 0.3}})
        statuses = []
        asking = threading.Thread(target=lambda: statuses.append(client.get(QUERY).status_code))
        asking.start()
        assert create(client, "a").status_code == 200
        assert statuses == []
        asking.join()
        assert statuses == [200]


def test_rules_made_in_process_act_over_http_and_a_request_is_judged_once(direct, lake):
    placed = lake.faults.add({"match": {"kind": "query"}, "effect": {"status": 503}, "after": 1, "count": 1})
    assert [direct.get(QUERY).status_code for _ in range(3)] == [200, 503, 200]
    # Once for the request, not a second time for the call that serves it.
    assert (placed.seen, placed.hits) == (2, 1)


@pytest.mark.parametrize(
    ("events", "expected"),
    [("drop", ["a", "c"]), ("duplicate", ["a", "b", "b", "c"]), ("reorder", ["a", "c", "b"])],
)
def test_the_events_of_a_stream_meet_faults(fault, listening, mutate, events, expected):
    with listening() as (_, blocks):
        assert next(blocks)["event"] == "welcome"
        fault({"events": events}, {"kind": "listen"}, after=1, count=1)
        for document_id in "abc":
            mutate({"create": {"_id": document_id, "_type": "book"}})
        found = [next(blocks)["data"]["documentId"] for _ in expected]
    assert found == expected


def test_late_events_come_when_the_clock_is_moved_over_http(client, fault, listening, mutate):
    with listening() as (_, blocks):
        next(blocks)
        fault({"events": "delay", "delay": 5}, count=1)
        mutate({"create": {"_id": "a", "_type": "book"}})
        client.post("/_lake/clock", json={"advance": 5})
        assert next(blocks)["data"]["documentId"] == "a"


@pytest.mark.parametrize("kind", ["listen", "live"])
def test_a_stream_that_is_cut_off_ends_without_another_word(client, fault, mutate, kind):
    path = {"listen": "/data/listen/production?query=*", "live": "/data/live/events/production"}[kind]
    with client.stream("GET", f"/v2025-02-19{path}", headers={"accept": "text/event-stream"}) as response:
        lines = response.iter_lines()
        assert "welcome" in next(lines) + next(lines)
        fault({"events": "disconnect"}, {"kind": kind})
        mutate({"create": {"_id": "a", "_type": "book"}})
        assert not [line for line in lines if "mutation" in line or "message" in line or "error" in line]


def test_live_events_meet_faults(client, fault, mutate):
    with client.stream(
        "GET", "/v2025-02-19/data/live/events/production", headers={"accept": "text/event-stream"}
    ) as response:
        lines = (line for line in response.iter_lines() if line.startswith("event:"))
        assert next(lines) == "event: welcome"
        fault({"events": "duplicate"}, {"kind": "live"}, count=1)
        mutate({"create": {"_id": "a", "_type": "book"}})
        assert [next(lines), next(lines)] == ["event: message", "event: message"]


def test_rules_are_listed_with_their_hits_and_removed_one_by_one_or_all(direct, fault):
    first, second = fault({"status": 503}, {"kind": "query"}), fault({"delay": 1}, id="slow")
    direct.get(QUERY)
    listed = direct.get(FAULTS).json()["faults"]
    assert [(one["id"], one["hits"], one["spent"]) for one in listed] == [(first["id"], 1, False), ("slow", 0, False)]
    assert direct.get(f"{FAULTS}/slow").json() == {**second, "seen": 0}
    assert direct.delete(f"{FAULTS}/slow").json() == {"deleted": 1}
    assert direct.delete(f"{FAULTS}/slow").status_code == 404
    assert direct.delete(FAULTS).json() == {"deleted": 1}
    assert direct.get(FAULTS).json() == {"faults": []}
    assert direct.get(QUERY).status_code == 200


def test_a_list_of_rules_is_added_whole_or_not_at_all(direct):
    good, bad = {"effect": {"status": 503}}, {"effect": {"status": 5}}
    refused = direct.post(FAULTS, json=[good, bad])
    assert refused.status_code == 400
    assert refused.json()["error"]["description"].startswith("[1] effect.status")
    assert direct.get(FAULTS).json() == {"faults": []}
    assert len(direct.post(FAULTS, json=[good, good]).json()["faults"]) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"7", b'"x"', b'{"effect": 503}', b"[[]]"])
def test_a_body_that_is_no_rule_is_refused(direct, content):
    assert direct.post(FAULTS, content=content).status_code == 400


def test_the_controls_work_whatever_the_rules_say(client, fault):
    fault({"drop": "before"})
    assert client.get("/_lake/health").status_code == 200
    assert client.post("/_lake/reset").status_code == 200
    assert client.get(QUERY).status_code == 200
