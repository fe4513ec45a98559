"""Pytest fixtures for code that talks to Sanity: a fresh lake per test, seeded, so that every run is the same.

`lake` and `dataset` (named "production") are new for each test, and `lake_server` is the address at which that lake is
served. `@pytest.mark.lake(seed=7)` chooses another seed, `@pytest.mark.lake(seed=None)` a lake that follows the
machine's clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lakesim.lake import Dataset, Lake

__all__ = ["dataset", "lake", "lake_server", "pytest_configure"]

DEFAULT_SEED = 0
DATASET = "production"
_OPTIONS = {"seed"}


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "lake(seed=0): the seed of the test's lake; None follows the machine's clock")


@pytest.fixture
def lake(request: pytest.FixtureRequest) -> Iterator[Lake]:
    """A lake of this test alone; its listeners are closed afterwards.

    Raises: pytest.UsageError for an option the marker does not have.
    """
    # Imported here: the plugin loads with every pytest run, also of projects that use no lake in this one.
    from lakesim.lake import Lake

    marker = request.node.get_closest_marker("lake")
    options = dict(marker.kwargs) if marker is not None else {}
    unknown = sorted(set(options) - _OPTIONS)
    if unknown or (marker is not None and marker.args):
        given = ", ".join([*map(repr, marker.args if marker is not None else ()), *unknown])
        raise pytest.UsageError(f"@pytest.mark.lake takes seed=…, not {given}")
    with Lake(seed=options.get("seed", DEFAULT_SEED)) as made:
        yield made


@pytest.fixture
def dataset(lake: Lake) -> Dataset:
    """The dataset "production" of the test's lake, empty."""
    return lake.dataset(DATASET)


@pytest.fixture
def lake_server(lake: Lake) -> Iterator[str]:
    """The address of a server for the test's lake: whichever project a client names, it finds what `lake` holds.

    Raises: pytest.UsageError where the packages that serve are not installed.
    """
    from lakesim.server.access import Access
    from lakesim.server.projects import Projects

    try:
        from lakesim.server.runner import serving
    except ModuleNotFoundError as error:
        # `lake` and `dataset` do without these packages.
        raise pytest.UsageError(
            f"lake_server needs the package {error.name}, which is not installed: pip install 'lakesim[server]'"
        ) from None

    with serving(Projects(lambda project_id: lake, default_id=lake.project_id), Access()) as url:
        yield url
