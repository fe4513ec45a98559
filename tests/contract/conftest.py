"""The lakes that the contract of a backend is tried on: in this process, over HTTP, and on request a real project.

A real project needs LAKESIM_REAL_PROJECT, LAKESIM_REAL_DATASET and LAKESIM_REAL_TOKEN; see docs/real-project.md.
"""

import os
from dataclasses import dataclass

import pytest

from bidir.backends import HttpBackend, LakeBackend
from bidir.clock import SystemClock
from bidir.ports import Backend

MARK = "scratch"
"""What the name of a real dataset must say, because the tests delete every document in it."""
PROJECT, DATASET, TOKEN = (f"LAKESIM_REAL_{name}" for name in ("PROJECT", "DATASET", "TOKEN"))
LAKES = ["memory", "http", *(["real"] if os.environ.get(PROJECT) else [])]
EVERYTHING = '*[!(_id in path("_.**"))]'
QUIET_SECONDS = 0.15


@dataclass
class Place:
    """A lake under test: makes backends on one dataset, which is empty at the start.

    `resumes_anywhere`: a stream can be resumed behind any transaction, and not only at an event that was told.
    """

    name: str
    make: object
    resumes_anywhere: bool = True

    def backend(self, **options) -> Backend:
        return self.make(**options)


def real_dataset(environ=os.environ):
    """Return project, dataset and token of the real dataset to try on; a usage error where one may not be touched."""
    project, dataset, token = (environ.get(name, "") for name in (PROJECT, DATASET, TOKEN))
    if not project or not token:
        raise pytest.UsageError(f"a real project needs {PROJECT}, {DATASET} and {TOKEN}")
    if MARK not in dataset.split("-"):
        raise pytest.UsageError(
            f'{DATASET} is "{dataset}": these tests delete every document, so the name must say "{MARK}", for example'
            f' "contract-{MARK}"'
        )
    return project, dataset, token


@pytest.fixture
def read_real_dataset():
    return real_dataset


@pytest.fixture(params=LAKES)
def place(request, lake):
    name = request.param
    if name == "memory":
        yield Place(name, lambda **options: LakeBackend(lake.dataset("production")))
        return
    made = []
    if name == "http":
        url, options = request.getfixturevalue("lake_server"), {"quiet": QUIET_SECONDS}
    else:
        project, dataset, token = real_dataset()
        url = f"https://{project}.api.sanity.io"
        options = {"dataset": dataset, "token": token}

    def make(**more):
        made.append(HttpBackend(url, **{"clock": SystemClock(), **options, **more}))
        return made[-1]

    if name == "real":
        make().commit([{"delete": {"query": EVERYTHING}}], transaction_id=None)
    try:
        yield Place(name, make, resumes_anywhere=name == "http")
    finally:
        for backend in made:
            backend.close()


@pytest.fixture
def backend(place):
    return place.backend()


@pytest.fixture
def tx():
    """Names of transactions by number, of this test alone: a lake takes each name once, for ever."""
    nonce = SystemClock().nonce()
    return lambda number: f"tx-{nonce}-{number}"
