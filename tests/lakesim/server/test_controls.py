"""What all controls have in common, and seeding."""

import json

import pytest

from lakesim import Lake
from lakesim.server.admin_routes import ADMIN_ROUTES

CONTROLS = sorted({(method, path.replace("{rule}", "fault-1")) for method, path, _ in ADMIN_ROUTES})
"""Every control there is: a new one is tried here without being named."""
OPEN = {("GET", "/_lake/health")}
ELSEWHERE = "http://page.example"
SEED = "/_lake/seed"
QUERY = "/v1/data/query/production"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ELSEWHERE},
        {"origin": "null"},
        {"origin": ELSEWHERE, "content-type": "text/plain"},
        {"sec-fetch-site": "cross-site", "content-type": "text/plain"},
        {"sec-fetch-site": "same-site"},
        # A page whose own name was pointed at this machine; older browsers say nothing else about themselves.
        {"host": "evil.example"},
        {"host": "evil.example:3333", "sec-fetch-site": "same-origin"},
        {"host": "evil.example", "origin": "http://evil.example", "authorization": "Bearer anything"},
        {"host": "evil.127.0.0.1.nip.io", "origin": "http://evil.127.0.0.1.nip.io"},
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), CONTROLS, ids=str)
def test_no_control_is_open_to_a_foreign_page(direct, lake, dataset, method, path, headers):
    dataset.mutate([{"create": {"_id": "a", "_type": "book"}}])
    lake.faults.add({"effect": {"status": 503}})
    before = lake.clock.now()
    answer = direct.request(method, path, headers=headers, content=b'{"advance": 5}')
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert (lake.clock.now(), len(lake.faults), len(dataset)) == (before, 1, 1)


@pytest.mark.parametrize("host", ["localhost:3333", "p1.localhost", "127.0.0.1", "[::1]:80", "lakesim", "lakesim:3333"])
def test_the_controls_are_open_by_local_names(direct, host):
    assert direct.get("/_lake/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(("method", "path"), [one for one in CONTROLS if one not in OPEN], ids=str)
def test_every_control_needs_an_administrator_where_there_are_tokens(direct_app, method, path):
    direct = direct_app("boss", "writer:editor")
    for headers, status in [({}, 403), ({"authorization": "Bearer writer"}, 403), ({"authorization": "Bearer x"}, 401)]:
        assert direct.request(method, path, headers=headers, content=b"{}").status_code == status
    admitted = direct.request(method, path, headers={"authorization": "Bearer boss"}, content=b"{}")
    assert admitted.status_code not in (401, 403)


@pytest.mark.parametrize(("method", "path"), [one for one in CONTROLS if one not in OPEN], ids=str)
def test_no_control_takes_a_parameter_that_it_does_not_have(direct, method, path):
    answer = direct.request(method, path, params={"datset": "x"}, content=b"{}")
    assert (answer.status_code, "datset" in answer.text) == (400, True)


def lines(*documents):
    return "".join(json.dumps(document) + "\n" for document in documents)


A, B = {"_id": "a", "_type": "book"}, {"_id": "b", "_type": "book", "of": {"_ref": "a"}}


@pytest.mark.parametrize(
    "body",
    [lines(B, A), json.dumps([B, A]), json.dumps([B, A], indent=2), lines(B, A).replace("\n", "\n\n")],
    ids=["ndjson", "list", "indented", "blank lines"],
)
def test_documents_are_seeded_in_any_order_and_form(direct, dataset, body):
    answer = direct.post(SEED, content=body)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report.pop("transactionId")
    assert report == {"dataset": "production", "created": 2, "replaced": 0, "unchanged": 0, "skipped": 0}
    assert dataset.get("b")["of"] == {"_ref": "a"}


def test_one_document_may_stand_alone_and_nothing_seeds_nothing(direct, dataset):
    assert direct.post(SEED, json=A).json()["created"] == 1
    assert direct.post(SEED, content=json.dumps(B, indent=4)).json()["created"] == 1
    assert direct.post(SEED, json=[]).json()["created"] == 0
    assert direct.post(SEED, content=b"").json()["created"] == 0
    assert len(dataset) == 2


def test_a_dataset_and_a_project_are_made_if_need_be(direct_app):
    direct = direct_app()
    direct.get("/v1/ping", headers={"x-sanity-project-id": "first"})
    answer = direct.post(SEED, params={"dataset": "staging", "project": "second"}, json=[A])
    assert answer.json()["dataset"] == "staging"

    def stored(project):
        return direct.get(f"/v1/projects/{project}/datasets/staging/query", params={"query": "*._id"})

    assert stored("second").json()["result"] == ["a"]
    assert stored("first").status_code == 404


@pytest.mark.parametrize(
    ("mode", "status", "title"),
    [("replace", 200, "new"), ("missing", 200, "old"), ("create", 400, "old"), (None, 200, "new")],
)
def test_what_happens_to_ids_that_are_taken(direct, dataset, mode, status, title):
    dataset.mutate([{"create": {**A, "title": "old"}}])
    params = {} if mode is None else {"mode": mode}
    assert direct.post(SEED, params=params, json=[{**A, "title": "new"}]).status_code == status
    assert dataset.get("a")["title"] == title


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        (lines(A) + "{", "line 2"),
        (json.dumps([A, {"_id": "b"}]), "line 2"),
        ("[1", "invalid JSON"),
        ("nonsense", "one whole JSON document per line"),
        (lines(B), "non-existent document"),
        (lines(A, A), "occurs on line 1 already"),
    ],
)
def test_a_seed_that_is_faulty_is_refused_whole(direct, dataset, body, fragment):
    answer = direct.post(SEED, content=body)
    assert answer.status_code == 400
    assert fragment in answer.json()["error"]["description"]
    assert len(dataset) == 0


def test_an_unknown_mode_is_refused(direct):
    answer = direct.post(SEED, params={"mode": "mising"}, json=[])
    assert 'Did you mean "missing"' in answer.json()["error"]["description"]


def ids_made(direct):
    answer = direct.post(
        "/v1/data/mutate/production?returnIds=true", json={"mutations": [{"create": {"_type": "book"}}]}
    )
    return answer.json()["results"][0]["id"], answer.json()["transactionId"]


def test_the_clocks_seed_decides_the_ids(direct):
    made = []
    for _ in range(2):
        assert direct.post("/_lake/clock", json={"seed": 42}).json() == {
            "now": "2026-01-01T00:00:00.000000Z",
            "manual": True,
            "seed": 42,
        }
        made.append(ids_made(direct)[0])
        direct.post("/_lake/reset")
    assert made[0] == made[1]


def test_a_clock_is_frozen_where_it_stands(direct_app):
    direct = direct_app(make_lake=lambda project_id: Lake())
    assert direct.get("/_lake/clock").json()["manual"] is False
    frozen = direct.post("/_lake/clock", json={"freeze": True}).json()
    assert frozen["manual"] is True
    assert direct.get("/_lake/clock").json() == frozen


@pytest.mark.parametrize("body", [{"freeze": False}, {"freeze": 1}, {"seed": "1"}, {"seed": True}, {"seed": 1.5}])
def test_a_clock_is_neither_frozen_nor_seeded_by_nonsense(direct, body):
    assert direct.post("/_lake/clock", json=body).status_code == 400
