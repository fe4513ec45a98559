"""What the Studio asks for besides documents, as its inventory lists it, and the headers of every answer."""

import pytest

V = "/v2025-02-19"

ANSWERS = {
    "/features": ["contentReleases", "privateDataset"],
    "/projects/p1/user-applications": [],
    "/user-applications": [],
    "/users/me/keyvalue/a,b": [{"key": "a", "value": None}, {"key": "b", "value": None}],
    "/ping": {"pong": True},
    "/intake/telemetry-status": {"status": "denied"},
    "/journey/announcements": [],
    "/journey/trial": None,
    "/help?m=sanity@6": None,
    "/schedules/p1/production?limit=1": {"schedules": []},
    "/auth/providers": {"providers": []},
    "/projects/p1/datasets?datasetProfile=comments&addonFor=production": [],
    "/check/cors": {"result": {"allowed": True, "withCredentials": True}},
    "/data/history/production/events/documents/drafts.a?limit=100": {"events": {"drafts.a": []}, "nextCursor": ""},
    "/data/history/production/events/releases/r1": {"events": [], "nextCursor": ""},
    "/datasets/production/settings/embeddings": {"enabled": False, "status": "disabled", "datasetName": "production"},
}


@pytest.mark.parametrize("path", ANSWERS)
def test_the_studio_is_answered(direct, path):
    answer = direct.get(V + path)
    assert (answer.status_code, answer.json()) == (200, ANSWERS[path])


def test_settings_are_kept_by_user(direct_app):
    app = direct_app("one", "two")
    save = [{"key": "studio.layout", "value": {"x": 1}}]
    bearer = {name: {"authorization": f"Bearer {name}"} for name in ("one", "two")}
    assert app.request("PUT", f"{V}/users/me/keyvalue", json=save, headers=bearer["one"]).json() == save
    path = f"{V}/users/me/keyvalue/studio.layout"
    assert app.get(path, headers=bearer["one"]).json() == save
    assert app.get(path, headers=bearer["two"]).json() == [{"key": "studio.layout", "value": None}]
    assert app.get(path).status_code == 401
    assert app.request("PUT", f"{V}/users/me/keyvalue", json={"key": 1}, headers=bearer["one"]).status_code == 400


def test_the_quota_of_releases_counts_those_under_way(direct, dataset):
    create = {"actionType": "sanity.action.release.create", "releaseId": "r1", "metadata": {}}
    dataset.actions([create])
    dataset.actions([{**create, "releaseId": "r2"}])
    dataset.actions([{"actionType": "sanity.action.release.archive", "releaseId": "r2"}])
    data = direct.get("/vX/projects/lakesim/new-content-release-allowed").json()["data"]
    assert (data["orgActiveReleaseCount"], data["datasetReleaseLimit"]) == (1, 100)


@pytest.mark.parametrize("enabled", [True, False])
def test_embeddings_stay_off(direct, enabled):
    path = f"{V}/datasets/production/settings/embeddings"
    assert direct.request("PUT", path, json={"enabled": enabled}).status_code == (400 if enabled else 200)
    created = direct.request("PUT", f"{V}/datasets/d{int(enabled)}", json={"embeddings": {"enabled": enabled}})
    assert created.status_code == (400 if enabled else 200)


def test_an_alias_is_not_found_by_that_name(direct):
    answer = direct.get(f"{V}/data/query/~live", params={"query": "*"})
    assert answer.json() == {
        "statusCode": 404,
        "error": "Dataset alias not found",
        "message": 'Dataset alias "live" not found for project ID "lakesim"',
    }


def test_every_answer_of_the_api_carries_the_headers_of_the_service(direct):
    found, missing = direct.get(f"{V}/data/query/production?query=1"), direct.get(f"{V}/nonsense")
    for answer in (found, missing):
        assert answer.headers["ratelimit-limit"] == "500"
        assert answer.headers["x-sanity-shard"] == "lakesim"
        assert answer.headers["server-timing"].startswith("api;dur=")
    traces = {answer.headers["traceparent"] for answer in (found, missing)}
    assert len(traces) == 2
    assert all(len(trace) == 55 and trace.startswith("00-") for trace in traces)
    assert "traceparent" not in direct.get("/_lake/health").headers
