"""Which project a request means, and the management of datasets."""

import pytest

from lakesim import BadRequestError, Lake
from lakesim.server import projects as projects_module
from lakesim.server.access import Access, parse_token
from lakesim.server.app import make_app
from lakesim.server.gateway import ForbiddenError
from lakesim.server.projects import Projects, parse_datasets

QUERY = "/v2025-02-19/data/query/production"


@pytest.mark.parametrize(
    ("path", "headers", "project"),
    [
        ("/v1/projects/p1", {}, "p1"),
        ("/v1/projects/p1", {"x-sanity-project-id": "p2", "host": "p3.localhost:80"}, "p1"),
        ("/v1/projects", {"x-sanity-project-id": "p2", "host": "p3.localhost:80"}, "p2"),
        ("/v1/projects", {"host": "P3.localhost:3333"}, "p3"),
        ("/v1/projects", {"host": "p3.api.lake.test"}, "p3"),
        ("/v1/projects", {"host": "localhost:3333"}, "lakesim"),
        ("/v1/projects", {"host": "127.0.0.1:3333"}, "lakesim"),
        ("/v1/projects", {"host": "[::1]:3333"}, "lakesim"),
    ],
)
def test_the_project_comes_from_path_header_or_host(serve, path, headers, project):
    with serve() as client:
        answer = client.get(path, headers=headers).json()
    assert (answer if isinstance(answer, dict) else answer[0])["id"] == project


def test_projects_share_nothing(serve):
    with serve() as client:
        made = {"mutations": [{"create": {"_id": "a", "_type": "book"}}]}
        client.post("/v1/data/mutate/production", json=made, headers={"x-sanity-project-id": "p1"})
        counts = [
            client.get(QUERY, params={"query": "count(*)"}, headers={"x-sanity-project-id": name}).json()["result"]
            for name in ("p1", "p2")
        ]
    assert counts == [1, 0]


def test_who_names_no_project_means_the_one_that_was_named_first(serve):
    """The official client names the project in its requests and not in its streams, which so heard nothing."""
    query = {"query": "[count(*), sanity::projectId()]"}
    with serve() as client:
        client.post("/v1/data/mutate/production", json={"mutations": [{"create": {"_type": "book"}}]})
        assert client.get(QUERY, params=query).json()["result"] == [1, "lakesim"]
        for headers, expected in [
            ({"x-sanity-project-id": "p1"}, [1, "p1"]),
            ({"x-sanity-project-id": "p2"}, [0, "p2"]),
            ({"x-sanity-project-id": "lakesim"}, [0, "lakesim"]),
            ({}, [1, "p1"]),
        ]:
            assert client.get(QUERY, params=query, headers=headers).json()["result"] == expected


def test_a_malformed_project_id_is_refused(client, serve):
    with serve() as alone:
        answer = alone.get("/v1/projects", headers={"x-sanity-project-id": "a b"})
    assert answer.status_code == 400
    assert "Invalid project ID" in answer.json()["error"]["description"]


def test_datasets_named_at_the_start_are_in_every_project_and_after_a_reset():
    projects = Projects(
        lambda project_id: Lake(seed=0), datasets=parse_datasets(["production:private", "blog", "notes:custom"])
    )
    expected = {"blog": "public", "notes": "custom", "production": "private"}
    for _ in range(2):
        for name in (None, "p1", "p2"):
            modes = {record.dataset.name: record.acl_mode for record in projects.project(name).records()}
            assert modes == expected
        projects.project("p1").edit("production", "public")
        projects.project("p1").delete("blog")
        projects.reset()


def test_a_private_dataset_is_private_from_the_first_request(direct_client):
    projects = Projects(lambda project_id: Lake(seed=0), datasets=[("production", "private")])
    projects.project(None).lake.dataset("production").mutate([{"create": {"_id": "a", "_type": "t"}}])
    client = direct_client(make_app(projects, Access([parse_token("root")])))
    found = [
        client.get(QUERY, params={"query": "*._id"}, headers=headers).json()["result"]
        for headers in ({}, {"authorization": "Bearer root"})
    ]
    assert found == [[], ["a"]]


def test_a_project_that_gets_its_name_late_says_so_in_every_callers_dataset():
    """What callers see was made with the name of that moment, and had to be made anew."""
    project = Projects(lambda project_id: Lake(seed=0, project_id=project_id)).project(None)
    seen = project.record("production").as_used_by(Access([parse_token("eyes:viewer")]).caller("Bearer eyes"))
    project.rename("p1")
    assert seen.project_id == seen.query("sanity::projectId()") == "p1"


def test_a_server_holds_a_bounded_number_of_projects(monkeypatch):
    monkeypatch.setattr(projects_module, "PROJECTS_MAX", 2)
    projects = Projects(lambda project_id: Lake(seed=0))
    assert projects.project("a") is projects.project("a")
    projects.project("b")
    with pytest.raises(ForbiddenError, match="2 projects"):
        projects.project("c")
    projects.reset()
    projects.project("c")


@pytest.mark.parametrize("prefix", ["/v1/datasets", "/v1/projects/p1/datasets"])
def test_datasets_are_made_listed_edited_and_deleted(serve, prefix):
    with serve() as client:
        client.headers["x-sanity-project-id"] = "p1"
        names = lambda: [(item["name"], item["aclMode"]) for item in client.get(prefix).json()]  # noqa: E731
        assert names() == [("production", "public")]
        assert client.put(f"{prefix}/staging", json={"aclMode": "private"}).json() == {
            "datasetName": "staging",
            "aclMode": "private",
        }
        assert client.put(f"{prefix}/plain").json()["aclMode"] == "public"
        assert client.patch(f"{prefix}/plain", json={"aclMode": "custom"}).json()["aclMode"] == "custom"
        assert names() == [("plain", "custom"), ("production", "public"), ("staging", "private")]
        assert client.delete(f"{prefix}/staging").json() == {"deleted": True}
        assert names() == [("plain", "custom"), ("production", "public")]
        assert client.get("/v1/data/query/staging", params={"query": "*"}).status_code == 404


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("PUT", "production", None, 409),
        ("PUT", "Bad!", None, 400),
        ("PUT", "new", {"aclMode": "secret"}, 400),
        ("PUT", "new", {"aclMode": ["public"]}, 400),
        ("PUT", "new", {"mode": "public"}, 400),
        ("PATCH", "production", {}, 400),
        ("PATCH", "nope", {"aclMode": "private"}, 404),
        ("DELETE", "nope", None, 404),
    ],
)
def test_what_cannot_be_managed_is_refused(client, lake, method, name, body, status):
    assert client.request(method, f"/v1/datasets/{name}", json=body).status_code == status
    assert lake.datasets() == ["production"]


def test_a_dataset_that_was_deleted_starts_empty_when_made_again(client, lake):
    client.put("/v1/datasets/again")
    lake.dataset("again").mutate([{"create": {"_id": "a", "_type": "book"}}])
    client.delete("/v1/datasets/again")
    client.put("/v1/datasets/again")
    assert client.get("/v1/data/query/again", params={"query": "count(*)"}).json()["result"] == 0


def test_a_lake_forgets_a_dataset_once(lake):
    lake.dataset("staging")
    lake.delete_dataset("staging")
    with pytest.raises(Exception, match='Dataset "staging" not found'):
        lake.delete_dataset("staging")
    with pytest.raises(BadRequestError):
        lake.dataset("")


def test_the_project_and_its_access_list_are_shown(client):
    project = client.get("/v1/projects/p1").json()
    me = client.get("/v1/users/me").json()
    assert [member["id"] for member in project["members"]] == [me["id"]]
    assert me["role"] == "administrator"
    assert client.get("/v1/projects/p1/datasets/production/acl").json() == [
        {"filter": '_id in path("**")', "permissions": ["read", "history", "create", "update"]}
    ]
    assert client.get("/v1/check/cors").json() == {"result": {"allowed": True, "withCredentials": True}}
