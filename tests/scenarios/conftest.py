"""The systems' packages on the path, and the lakes their tests play on: embedded and over HTTP, requests counted."""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bidir.backends import HttpBackend, LakeBackend
from bidir.conformance.proxy import ObservedBackend
from lakesim import Lake
from lakesim.server.access import Access
from lakesim.server.projects import Projects
from lakesim.server.runner import serving

for system in ("codex", "medusa", "stash"):
    sys.path.insert(0, str(Path(__file__).parents[2] / "scenarios" / system))

_numbers = itertools.count(1)


class Requests:
    """What a backend was asked since the last time: `take()` gives reads and writes."""

    def __init__(self, backend: ObservedBackend) -> None:
        self._backend = backend

    def take(self) -> tuple[int, int]:
        traffic = self._backend.traffic
        counted = (traffic.reads, traffic.writes)
        traffic.reads = traffic.writes = 0
        return counted


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """The address of one server for all tests of a worker; every project is a lake of its own."""
    with serving(Projects(lambda project_id: Lake(seed=0, project_id=project_id)), Access()) as url:
        yield url


@pytest.fixture
def embedded() -> ObservedBackend:
    """A lake in this process, whose clock a test may turn: `embedded.inner.dataset.clock`."""
    return ObservedBackend(LakeBackend(Lake(seed=0).dataset("production")))


@pytest.fixture(params=["embedded", "http"])
def backend(request) -> Iterator[ObservedBackend]:
    if request.param == "embedded":
        yield request.getfixturevalue("embedded")
        return
    with HttpBackend(request.getfixturevalue("served"), project=f"system-{next(_numbers)}") as inner:
        yield ObservedBackend(inner)


@pytest.fixture
def requests(backend) -> Requests:
    return Requests(backend)


@pytest.fixture
def elsewhere_on():
    """Write to a project of a served lake, past everything."""

    def write(url: str, project: str, *mutations: dict) -> None:
        with HttpBackend(url, project=project) as backend:
            backend.commit(list(mutations), transaction_id=None)

    return write
