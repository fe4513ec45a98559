"""Every endpoint under every role: which documents it tells of, whom it lets write, whom it refuses.

The endpoints are those of the application's own table, so that a new one fails here until it is said what it may tell.
"""

import json
import re
from pathlib import Path

import pytest

from lakesim import Lake
from lakesim.access import Roles, role_from
from lakesim.server import app
from lakesim.server.access import Access, parse_token
from lakesim.server.app import make_app
from lakesim.server.projects import Projects

V = "/v2025-02-19"
P = f"{V}/projects/p1"
D = f"{P}/datasets/production"

CUSTOM = [
    {
        "name": "poster",
        "grants": [{"filter": '_type == "post"', "permissions": ["read", "history", "create", "update"]}],
    },
    {"name": "reader-of-drafts", "grants": [{"filter": '_id in path("drafts.**")', "permissions": ["read"]}]},
    {"name": "own", "grants": [{"filter": "owner == identity()", "permissions": ["read", "history"]}]},
]
ROLES = Roles([role_from(role) for role in CUSTOM])
TOKENS = {
    "root": "administrator",
    "dev": "developer",
    "ed": "editor",
    "con": "contributor",
    "eyes": "viewer",
    "bot": "write-only",
    "session": "create-session",
    "deploy": "deploy-studio",
    "nobody": "none",
    "poster": "poster",
    "drafter": "reader-of-drafts",
    "own": "own",
}
DOCUMENTS = {
    "a": {"_type": "post", "owner": "pOwn12"},
    "m": {"_type": "memo", "ref": {"_type": "reference", "_ref": "a"}},
    "x.y": {"_type": "post"},
    "drafts.a": {"_type": "post"},
    "drafts.m": {"_type": "memo"},
    "versions.r1.a": {"_type": "post"},
    "_.releases.r1": None,
}
EVERYTHING = frozenset(DOCUMENTS)
NOTHING = frozenset()
POSTS = {"a", "x.y", "drafts.a", "versions.r1.a"}
READABLE = {
    **dict.fromkeys(("root", "dev", "ed", "con", "eyes"), EVERYTHING),
    **dict.fromkeys(("bot", "session", "deploy", "nobody"), NOTHING),
    "poster": POSTS,
    "drafter": {"drafts.a", "drafts.m"},
    "own": {"a"},
    None: {"a", "m"},
}
"""What each token's caller may read; None is a caller without one, on the public dataset."""
REMEMBERED = {
    **READABLE,
    "con": {"drafts.a", "drafts.m", "versions.r1.a"},
    "drafter": set(),
    None: set(),
}
"""Of which documents each may know the past."""

ALL_IDS = ",".join(DOCUMENTS)
RAW = "query=*&perspective=raw"
READS = {
    ("GET", "/v{version}/data/query/{dataset}"): (f"{V}/data/query/production?{RAW}", None, READABLE),
    ("POST", "/v{version}/data/query/{dataset}"): (
        f"{V}/data/query/production?perspective=raw",
        {"query": "*{..., 'by': *[references(^._id)]{_id, mark}}"},
        READABLE,
    ),
    ("GET", "/v{version}/projects/{project}/datasets/{dataset}/query"): (f"{D}/query?{RAW}", None, READABLE),
    ("POST", "/v{version}/projects/{project}/datasets/{dataset}/query"): (
        f"{D}/query?perspective=raw",
        {"query": "*"},
        READABLE,
    ),
    ("GET", "/v{version}/data/doc/{dataset}/{ids}"): (f"{V}/data/doc/production/{ALL_IDS}", None, READABLE),
    ("GET", "/v{version}/projects/{project}/datasets/{dataset}/doc/{ids}"): (f"{D}/doc/{ALL_IDS}", None, READABLE),
    ("GET", "/v{version}/data/export/{dataset}"): (f"{V}/data/export/production", None, READABLE),
    ("GET", "/v{version}/projects/{project}/datasets/{dataset}/export"): (f"{D}/export?nextCursor=", None, READABLE),
    ("GET", "/v{version}/data/history/{dataset}/documents/{ids}"): (
        f"{V}/data/history/production/documents/{ALL_IDS}?lastRevision=true",
        None,
        REMEMBERED,
    ),
    ("GET", "/v{version}/data/history/{dataset}/transactions/{ids}"): (
        f"{V}/data/history/production/transactions/{ALL_IDS}?effectFormat=mendoza",
        None,
        REMEMBERED,
    ),
}
"""Endpoints that show documents: address, body, and what each caller may see there."""

BODIES = {
    "mutate": {"mutations": [{"create": {"_id": "new", "_type": "memo"}}]},
    "actions": {
        "actions": [
            {
                "actionType": "sanity.action.document.create",
                "publishedId": "new",
                "attributes": {"_id": "new", "_type": "memo"},
            }
        ]
    },
}
WRITES = {
    ("POST", "/v{version}/data/mutate/{dataset}"): (f"{V}/data/mutate/production", "mutate"),
    ("POST", "/v{version}/projects/{project}/datasets/{dataset}/mutate"): (f"{D}/mutate", "mutate"),
    ("POST", "/v{version}/data/actions/{dataset}"): (f"{V}/data/actions/production", "actions"),
    ("POST", "/v{version}/projects/{project}/datasets/{dataset}/actions"): (f"{D}/actions", "actions"),
    ("POST", "/v{version}/assets/images/{dataset}"): (f"{V}/assets/images/production", "image"),
    ("POST", "/v{version}/assets/files/{dataset}"): (f"{V}/assets/files/production", "file"),
}
"""Endpoints that write a new memo or asset, which these callers may do:"""
WRITERS = {"root", "dev", "ed", "bot"}

MANAGING = {
    ("PUT", "/v{version}/datasets/{dataset}"): f"{V}/datasets/new",
    ("PATCH", "/v{version}/datasets/{dataset}"): f"{V}/datasets/production",
    ("DELETE", "/v{version}/datasets/{dataset}"): f"{V}/datasets/production",
    ("PUT", "/v{version}/projects/{project}/datasets/{dataset}"): f"{P}/datasets/new",
    ("PATCH", "/v{version}/projects/{project}/datasets/{dataset}"): f"{P}/datasets/production",
    ("DELETE", "/v{version}/projects/{project}/datasets/{dataset}"): f"{P}/datasets/production",
}
"""Endpoints for those who manage datasets: administrators and developers."""

SESSION_ONLY = {
    "/v{version}/users/me": f"{V}/users/me",
    "/v{version}/users/{ids}": f"{V}/users/me,pOwn12",
    "/v{version}/projects/{project}/users": f"{P}/users",
    "/v{version}/projects/{project}/users/{ids}": f"{P}/users/pOwn12",
    "/v{version}/projects/{project}/members": f"{P}/members",
    "/v{version}/projects/{project}/acl": f"{P}/acl",
    "/v{version}/projects/{project}/acl/{user}": f"{P}/acl/me",
    "/v{version}/projects/{project}/roles": f"{P}/roles",
    "/v{version}/projects/{project}/roles/{role}": f"{P}/roles/poster",
    "/v{version}/projects/{project}/permissions": f"{P}/permissions",
}
"""Endpoints for any caller with a token."""

ELSEWHERE = {
    "/data/listen/": "test_listeners_hear_only_of_what_they_may_read",
    "/listen": "test_listeners_hear_only_of_what_they_may_read",
    "/live/events": "test_live_events_come_only_for_what_may_be_read",
    "/history/{dataset}/events/": "test_what_happened_to_a_hidden_document_is_not_told",
    "/data/references/": "test_hidden_referrers_are_not_listed",
    "/data/stats/": "test_statistics_are_of_what_may_be_read",
    "/_lake/": "the tests of the controls, and test_the_controls_are_for_administrators",
    "/images/": "files are served to everybody who knows the address, as on the service",
    "/files/": "files are served to everybody who knows the address, as on the service",
}
"""Endpoints, by a part of their path, that are tried in another way, and where."""
HARMLESS = (
    *("/ping", "/data/ping", "/data/ping/{dataset}", "/check/cors", "/projects", "/projects/{project}", "/datasets"),
    *("/projects/{project}/datasets", "/projects/{project}/grants", "/projects/{project}/datasets/{dataset}/acl"),
    "/projects/{project}/datasets/{dataset}/grants",
)
"""Endpoints, below the version, that tell of no document and of nothing but the caller's own rights."""
STUDIO_STATE = (
    *("keyvalue", "/features", "/user-applications", "/auth/", "/journey", "/intake", "/schedules", "/help"),
    "/new-content-release-allowed",
)
"""Parts of the Studio's own endpoints, which know of no document (but for a number of releases)."""


def headers(token):
    return {} if token is None else {"authorization": f"Bearer {token}"}


class Site:
    """An application with one token per role and the documents above, asked without a server between."""

    def __init__(self, direct_client):
        self.lake = Lake(seed=0, project_id="p1")
        access = Access([parse_token(f"{token}:{role}", ROLES) for token, role in TOKENS.items()], roles=ROLES)
        self.app = make_app(Projects(lambda project_id: self.lake, default_id="p1"), access)
        self._client = direct_client(self.app)
        dataset = self.lake.dataset("production")
        dataset.actions(
            [
                {
                    "actionType": "sanity.action.release.create",
                    "releaseId": "r1",
                    "metadata": {"title": mark("_.releases.r1")},
                }
            ]
        )
        for key, fields in DOCUMENTS.items():
            if fields is not None:
                dataset.mutate([{"create": {"_id": key, **fields, "mark": mark(key)}}])
        self.dataset = dataset

    def ask(self, method, path, token, *, body=None, **options):
        content = {} if body is None else {"json": body}
        return self._client.request(
            method, path, headers={"x-sanity-project-id": "p1", **headers(token)}, **content, **options
        )

    def routes(self):
        for route in self.app.routes:
            for method in sorted(route.methods - {"HEAD"}):
                yield method, route.path


def mark(document_id):
    return f"mark<{document_id}>"


def marked(text):
    return {key for key in DOCUMENTS if mark(key) in text}


@pytest.fixture(scope="module")
def site(direct_client):
    return Site(direct_client)


@pytest.fixture
def fresh_site(direct_client):
    return Site(direct_client)


def is_judged(method, path):
    below = path.removeprefix("/v{version}")
    return (
        (method, path) in READS
        or (method, path) in WRITES
        or (method, path) in MANAGING
        or path in SESSION_ONLY
        or (method == "GET" and below in HARMLESS)
        or any(part in path for part in (*ELSEWHERE, *STUDIO_STATE))
        or below.endswith("/settings/embeddings")
        or (method, below) == ("GET", "/data/actions/{dataset}")
    )


def test_every_endpoint_is_judged(site):
    assert [route for route in site.routes() if not is_judged(*route)] == []


def test_every_judgement_is_of_an_endpoint(site):
    known = set(site.routes())
    assert [route for route in (*READS, *WRITES, *MANAGING) if route not in known] == []
    assert [path for path in SESSION_ONLY if ("GET", path) not in known] == []


@pytest.mark.parametrize("token", READABLE, ids=str)
@pytest.mark.parametrize("route", READS, ids=lambda route: f"{route[0]}-{route[1]}")
def test_an_endpoint_tells_each_caller_of_what_it_may_read(site, route, token):
    path, body, expected = READS[route]
    answer = site.ask(route[0], path, token, body=body)
    assert answer.status_code == 200
    assert marked(answer.text.replace("\\u003c", "<")) == expected[token]


@pytest.mark.parametrize("token", READABLE, ids=str)
@pytest.mark.parametrize(("mode", "read"), [("public", True), ("private", False), ("custom", False)])
def test_the_mode_of_a_dataset_is_for_callers_without_a_token(fresh_site, token, mode, read):
    assert fresh_site.ask("PATCH", f"{V}/datasets/production", "root", body={"aclMode": mode}).status_code == 200
    answer = fresh_site.ask("GET", f"{V}/data/query/production?{RAW}", token)
    assert answer.status_code == 200
    assert marked(answer.text) == (READABLE[token] if read or token is not None else set())


@pytest.mark.parametrize("perspective", ["published", "drafts", "r1,drafts"])
@pytest.mark.parametrize("token", [None, "poster", "drafter", "bot"], ids=str)
def test_an_invisible_draft_does_not_shadow(site, token, perspective):
    answer = site.ask("GET", f"{V}/data/query/production?query=*[_id=='a'].mark&perspective={perspective}", token)
    layers = {"published": ["a"], "drafts": ["drafts.a", "a"], "r1,drafts": ["versions.r1.a", "drafts.a", "a"]}
    shown = [key for key in layers[perspective] if key in READABLE[token]][:1]
    assert answer.json()["result"] == [mark(key) for key in shown]


@pytest.mark.parametrize("token", READABLE, ids=str)
@pytest.mark.parametrize("route", WRITES, ids=lambda route: route[1])
def test_an_endpoint_lets_those_write_who_may(fresh_site, route, token):
    path, kind = WRITES[route]
    before = [row.transaction_id for row in fresh_site.dataset.log()]
    if kind in BODIES:
        answer = fresh_site.ask(route[0], path, token, body=BODIES[kind])
    else:
        answer = fresh_site.ask(route[0], path, token, content=PIXEL if kind == "image" else b"text")
    if token in WRITERS:
        assert answer.status_code in (200, 201), answer.text
        return
    assert answer.status_code == 403, answer.text
    assert answer.json()["error"]["items"][0]["error"] == {
        "type": "insufficientPermissionsError",
        "permission": "create",
        "description": 'Insufficient permissions; permission "create" required',
    }
    assert [row.transaction_id for row in fresh_site.dataset.log()] == before


@pytest.mark.parametrize("token", READABLE, ids=str)
@pytest.mark.parametrize("route", MANAGING, ids=lambda route: f"{route[0]}-{route[1]}")
def test_datasets_are_for_those_who_manage_them(fresh_site, route, token):
    answer = fresh_site.ask(route[0], MANAGING[route], token, body={"aclMode": "private"})
    assert answer.status_code == (200 if token in ("root", "dev") else 403)
    if answer.status_code == 403:
        assert answer.json()["statusCode"] == 403
        assert "needs an administrator" in answer.json()["message"]


@pytest.mark.parametrize("path", SESSION_ONLY)
def test_members_are_told_of_members_and_others_nothing(site, path):
    for token in TOKENS:
        assert site.ask("GET", SESSION_ONLY[path], token).status_code == 200
    answer = site.ask("GET", SESSION_ONLY[path], None)
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "SIO-401-ANF")


def test_a_wrong_token_is_refused_by_every_endpoint(site):
    for method, path in site.routes():
        filled = path.format_map(Anything(version="1", dataset="production", project="p1"))
        answer = site.ask(method, filled, "wrong")
        assert (answer.status_code, answer.json()["errorCode"]) == (401, "SIO-401-ANF"), (method, path)


@pytest.mark.parametrize("token", [token for token in READABLE if token != "root"], ids=str)
def test_the_controls_are_for_administrators(site, token):
    for method, path in site.routes():
        if "/_lake/" in path and path != "/_lake/health":
            answer = site.ask(method, path.format_map(Anything()), token)
            assert answer.status_code == 403, (method, path)


class Anything(dict):
    """Fills every part of a path."""

    def __missing__(self, key):
        return "x"


@pytest.mark.parametrize("token", [None, "poster", "own", "eyes"], ids=str)
def test_what_happened_to_a_hidden_document_is_not_told(site, token):
    for group in ("a", "m"):
        answer = site.ask("GET", f"{V}/data/history/production/events/documents/{group}", token).json()
        assert bool(answer["events"][group]) == bool(REMEMBERED[token] & {group})
    releases = site.ask("GET", f"{V}/data/history/production/events/releases/r1", token).json()
    of_release = [one for one in releases["events"] if one["type"] == "createRelease"]
    of_versions = [one for one in releases["events"] if one["type"] == "addDocumentToRelease"]
    assert bool(of_release) == ("_.releases.r1" in REMEMBERED[token])
    assert bool(of_versions) == ("versions.r1.a" in REMEMBERED[token])


@pytest.mark.parametrize("token", [None, "poster", "own", "eyes"], ids=str)
def test_hidden_referrers_are_not_listed(site, token):
    answer = site.ask("GET", f"{V}/data/references/production/documents/a/to", token)
    listed = {one["documentId"] for one in answer.json()["references"]}
    assert listed == ({"m"} & READABLE[token])
    assert site.ask("GET", f"{V}/data/references/production/documents/drafts.m/to", "own").status_code == 404


def test_the_number_of_releases_is_that_of_the_visible_ones(site):
    for token, number in {"root": 1, "poster": 0, None: 0}.items():
        answer = site.ask("GET", f"{P}/new-content-release-allowed", token).json()
        assert answer["data"]["orgActiveReleaseCount"] == number


def test_an_upload_does_not_tell_what_others_said_of_the_same_file(fresh_site):
    path = f"{V}/assets/files/production?filename=x.txt"
    fresh_site.ask("POST", f"{path}&title={mark('m')}", "root", content=b"text")
    answer = fresh_site.ask("POST", path, "bot", content=b"text")
    assert answer.status_code == 201
    assert not marked(answer.text)


SIDE_DOORS = {
    "admin_routes.py": "the controls, for administrators",
    "asset_routes.py": "files are served to everybody who knows the address",
    "call.py": "says in words that it knows no caller",
    "live_events.py": "tags of published content are for everybody",
    "projects.py": "makes what callers use",
}
"""Files that name a dataset past the caller's rights, and why they may; its name is free for all."""


def test_endpoints_reach_documents_through_the_callers_dataset_alone():
    for path in sorted(Path(app.__file__).parent.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        past = re.search(r"(record|\))\.dataset\b(?!\.name)", text)
        assert past is None or path.name in SIDE_DOORS, path.name


def test_statistics_are_of_what_may_be_read(site):
    texts = {token: site.ask("GET", f"{V}/data/stats/production", token).text for token in (None, "bot", "own", "root")}
    assert not any(marked(text) for text in texts.values())
    counts = {token: json.loads(text) for token, text in texts.items()}
    assert counts["bot"] != counts["root"]


def test_doc_says_why_a_document_is_left_out(site):
    for token, reasons in {
        "poster": {"m": "permission", "gone": "existence"},
        None: {"drafts.a": "existence", "gone": "existence"},
    }.items():
        answer = site.ask("GET", f"{V}/data/doc/production/{','.join(reasons)}", token).json()
        assert {one["id"]: one["reason"] for one in answer["omitted"]} == reasons


def test_access_lists_are_the_callers_grants(site):
    whole = '_id in path("**")'
    expected = {
        "root": [{"filter": whole, "permissions": ["read", "history", "create", "update"]}],
        "eyes": [{"filter": whole, "permissions": ["read", "history"]}],
        "poster": CUSTOM[0]["grants"],
        "session": [],
        None: [{"filter": '_id in path("*")', "permissions": ["read"]}],
    }
    for token, grants in expected.items():
        assert site.ask("GET", f"{D}/acl", token).json() == grants
        by_kind = site.ask("GET", f"{D}/grants", token).json()
        assert [one["config"]["filter"] for one in by_kind.get("sanity.document.filter", [])] == [
            one["filter"] for one in grants
        ]
    assert site.ask("GET", f"{P}/datasets/nowhere/acl", "root").status_code == 404
    assert "sanity.project.datasets" in site.ask("GET", f"{P}/grants", "dev").json()
    assert site.ask("GET", f"{P}/grants", None).json() == {}


def test_roles_members_and_users_are_told_alike(site):
    roles = {role["name"]: role for role in site.ask("GET", f"{P}/roles", "eyes").json()}
    assert [roles[name]["isCustom"] for name in ("poster", "editor")] == [True, False]
    assert site.ask("GET", f"{P}/roles/poster", "eyes").json() == roles["poster"]
    assert site.ask("GET", f"{P}/roles/postr", "eyes").status_code == 404
    acl = site.ask("GET", f"{P}/acl", "eyes").json()
    assert [entry["roles"][0]["name"] for entry in acl] == list(TOKENS.values())
    assert {entry["projectUserId"] for entry in acl if entry["isRobot"]} == {
        f"p{name}" for name in ("WriteOnly6", "CreateSession7", "DeployStudio8")
    }
    me = site.ask("GET", f"{V}/users/me", "own").json()
    assert me["id"] == "pOwn12"
    assert site.ask("GET", f"{V}/users/pOwn12", "own").json() == me
    assert [one["isCurrentUser"] for one in site.ask("GET", f"{P}/members", "own").json()].index(True) == 11
    listed = site.ask("GET", f"{V}/users/pOwn12,nobody,pWriteOnly6", "eyes").json()
    assert [user["id"] for user in listed] == ["pOwn12", "pWriteOnly6"]
    missing = site.ask("GET", f"{V}/users/nobody", "eyes")
    assert (missing.status_code, missing.json()["error"]) == (404, "Not Found")
    project = site.ask("GET", P, "eyes").json()
    assert len(project["members"]) == len(TOKENS)
    assert site.ask("GET", P, None).json()["members"] == []
    filters = [one["config"]["filter"] for one in site.ask("GET", f"{P}/permissions", "eyes").json()]
    assert '_type == "post"' in filters


def test_datasets_are_listed_for_those_who_have_grants_there(site):
    for token, expected in {"eyes": ["production"], "poster": ["production"], "session": [], None: []}.items():
        assert [one["name"] for one in site.ask("GET", f"{V}/datasets", token).json()] == expected
    assert site.ask("GET", f"{P}/datasets?datasetProfile=comments&addonFor=production", "root").json() == []


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)
