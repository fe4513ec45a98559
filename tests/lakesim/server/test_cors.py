"""What pages on other origins may do."""

import pytest

ORIGIN = "http://page.example:3000"
QUERY = "/v1/data/query/production?query=*"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (QUERY, 200),
        ("/v1/data/query/production?query=*[", 400),
        ("/v1/data/query/nope?query=*", 404),
        ("/v1/nonsense", 404),
        ("/v1/data/listen/production?query=*[", 200),
    ],
)
def test_every_answer_admits_the_origin_with_credentials(client, path, status):
    answer = client.get(path, headers={"origin": ORIGIN})
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["vary"] == "Origin"


def test_a_refused_token_is_admitted_too_so_that_the_page_can_read_why(serve):
    with serve("secret") as client:
        answer = client.get(QUERY, headers={"origin": ORIGIN, "authorization": "Bearer wrong"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, ORIGIN)


def test_a_preflight_needs_no_token(serve):
    asked = {
        "origin": ORIGIN,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization,x-sanity-app",
    }
    with serve("secret") as client:
        answer = client.options(QUERY, headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-headers"] == "authorization,x-sanity-app"
    assert "PUT" in answer.headers["access-control-allow-methods"]


def test_without_an_origin_there_are_no_such_headers(client):
    assert not [name for name in client.get(QUERY).headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ORIGIN},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        # A page whose name was pointed at this machine after it had loaded.
        {"origin": "http://evil.example", "host": "evil.example"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/_lake/health"), ("POST", "/_lake/reset"), ("GET", "/_lake")])
def test_the_controls_are_closed_to_foreign_pages(client, dataset, headers, method, path):
    dataset.mutate([{"create": {"_id": "a", "_type": "book"}}])
    answer = client.request(method, path, headers=headers)
    preflight = client.options(path, headers={**headers, "access-control-request-method": method})
    for refused in (answer, preflight):
        assert refused.status_code == 403
        assert not [name for name in refused.headers if name.startswith("access-control")]
    assert dataset.get("a") is not None


def test_the_controls_are_open_to_a_page_of_the_server_itself(client):
    netloc = client.base_url.netloc.decode()
    assert client.get("/_lake/health", headers={"origin": f"http://{netloc}"}).status_code == 200
    assert client.get("/_lake/health", headers={"sec-fetch-site": "none"}).status_code == 200
