"""Pytest fixtures for code that talks to Sanity: a fresh lake per test, seeded, so that every run is the same.

`lake` and `dataset` (named "production") are new for each test; `@pytest.mark.lake(seed=7)` chooses another seed, and
`@pytest.mark.lake(seed=None)` a lake that follows the machine's clock.
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
def lake_server() -> str:
    """The address of a lake served over HTTP (not supported yet).

    Raises: NotSupportedError.
    """
    from lakesim.errors import NotSupportedError

    raise NotSupportedError("the fixture lake_server is not supported yet: use `lake` or `dataset`, in this process")
