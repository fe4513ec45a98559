"""The lakes on which the requirement's system is tried: in this process and over HTTP, each test on one of its own."""

import itertools
from collections.abc import Iterator

import pytest

from bidir.backends import HttpBackend, LakeBackend
from bidir.demos.narrator import Narrator
from bidir.demos.prd.scene import Scene
from lakesim import Lake
from lakesim.server.access import Access
from lakesim.server.projects import Projects
from lakesim.server.runner import serving

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """The address of one server for all tests of a worker; every project is a lake of its own."""
    with serving(Projects(lambda project_id: Lake(seed=0, project_id=project_id)), Access()) as url:
        yield url


@pytest.fixture(params=["embedded", "http"])
def scene(request) -> Iterator[Scene]:
    """An engine, an empty lake, and a narrator whom nobody hears."""
    narrator = Narrator(lambda _: None)
    if request.param == "embedded":
        yield Scene(LakeBackend(Lake(seed=0).dataset("production")), narrator)
        return
    with HttpBackend(request.getfixturevalue("served"), project=f"prd-{next(_numbers)}") as backend:
        yield Scene(backend, narrator)
