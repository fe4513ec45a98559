"""Servers to talk to, and readers of their event streams."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from lakesim import Lake
from lakesim.server.access import Access, parse_token, role_named
from lakesim.server.app import make_app
from lakesim.server.projects import Projects
from lakesim.server.runner import serving

SECONDS_MAX = 20.0
"""How long a test waits for an answer before it fails."""


class DirectClient:
    """Asks an application without a server between: quick, but neither streams nor connections can be tried so."""

    def __init__(self, app):
        self._app = app

    def request(self, method, path, **options):
        async def ask():
            transport = httpx2.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:3333") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)


@pytest.fixture(scope="session")
def direct_client():
    """What makes a client of an application."""
    return DirectClient


@pytest.fixture
def direct(lake):
    """Asks an application that serves the test's lake."""
    return DirectClient(make_app(Projects(lambda project_id: lake, default_id=lake.project_id), Access()))


@pytest.fixture
def direct_app():
    """Make a client of an application with tokens, or with lakes of its own."""

    def direct_app(*tokens, make_lake=None):
        projects = Projects(make_lake or (lambda project_id: Lake(seed=0, project_id=project_id)))
        return DirectClient(make_app(projects, Access([parse_token(token) for token in tokens])))

    return direct_app


def client_of(url, **options):
    return httpx2.Client(base_url=url, timeout=SECONDS_MAX, **options)


@pytest.fixture
def client(lake_server) -> Iterator[httpx2.Client]:
    with client_of(lake_server) as made:
        yield made


@pytest.fixture
def serve():
    """Serve projects of their own lakes to the callers that tokens name; gives a client without a token."""

    @contextmanager
    def serve(*tokens, anonymous=None, make_lake=None):
        role = None if anonymous is None else role_named(anonymous)
        access = Access([parse_token(token) for token in tokens], anonymous=role)
        projects = Projects(make_lake or (lambda project_id: Lake(seed=0, project_id=project_id)))
        with serving(projects, access) as url, client_of(url) as made:
            yield made

    return serve


def read_events(response) -> Iterator[dict]:
    """Yield the blocks of a stream: `event`, `id`, `data` (parsed), or `comment`."""
    block: dict = {}
    for line in response.iter_lines():
        if line == "":
            if block:
                yield block
            block = {}
        elif line.startswith(":"):
            block["comment"] = line[1:]
        else:
            name, _, value = line.partition(": ")
            block[name] = json.loads(value) if name == "data" else value


@pytest.fixture
def blocks_of():
    """What reads the blocks of a stream."""
    return read_events


@pytest.fixture
def listening(client):
    """Open a stream on production; gives the response and an iterator of its blocks, the first still unread."""

    @contextmanager
    def listening(groq="*", *, version="v2025-02-19", dataset="production", headers=None, **options):
        params = {"query": groq, **options}
        path = f"/{version}/data/listen/{dataset}"
        with client.stream("GET", path, params=params, headers=headers or {}) as response:
            yield response, read_events(response)

    return listening


@pytest.fixture
def mutate(client):
    """Send mutations and return the answer's JSON, which must be a success."""

    def mutate(*mutations, **params):
        answer = client.post("/v2025-02-19/data/mutate/production", params=params, json={"mutations": list(mutations)})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return mutate
