"""Pytest fixtures for code that talks to Sanity: a fresh lake per test, seeded, so that every run is the same.

`lake` and `dataset` (named "production") are new for each test, and `lake_server` is the address at which that lake is
served; `lake_faults` makes either fail on purpose. `@pytest.mark.lake(seed=7)` chooses another seed,
`@pytest.mark.lake(seed=None)` a lake that follows the machine's clock. `@pytest.mark.lake(tokens=["secret:viewer"])`
makes `lake_server` ask for a token; `anonymous="none"` names the role of callers without one, and `roles=[{"name": …,
"grants": […]}]` adds roles to the service's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lakesim.faults import Faults
    from lakesim.lake import Dataset, Lake
    from lakesim.server.access import Access

__all__ = ["dataset", "lake", "lake_faults", "lake_server", "pytest_configure"]

DEFAULT_SEED = 0
DATASET = "production"
_OPTIONS = ("seed", "tokens", "anonymous", "roles")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "lake(seed=0, tokens=(), anonymous=None, roles=()): the seed of the test's lake, None follows the machine's"
        " clock; whom lake_server admits, as `lakesim serve` takes it",
    )


@pytest.fixture
def lake(request: pytest.FixtureRequest) -> Iterator[Lake]:
    """A lake of this test alone; its listeners are closed afterwards.

    Raises: pytest.UsageError for an option the marker does not have.
    """
    # Imported here: the plugin loads with every pytest run, also of projects that use no lake in this one.
    from lakesim.lake import Lake

    with Lake(seed=_options(request).get("seed", DEFAULT_SEED)) as made:
        yield made


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    marker = request.node.get_closest_marker("lake")
    options = dict(marker.kwargs) if marker is not None else {}
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown or (marker is not None and marker.args):
        given = ", ".join([*map(repr, marker.args if marker is not None else ()), *unknown])
        raise pytest.UsageError(f"@pytest.mark.lake takes {'=…, '.join(_OPTIONS)}=…, not {given}")
    return options


@pytest.fixture
def dataset(lake: Lake) -> Dataset:
    """The dataset "production" of the test's lake, empty."""
    return lake.dataset(DATASET)


@pytest.fixture
def lake_faults(lake: Lake) -> Faults:
    """The fault rules of the test's lake, none at the start; they act in process and on `lake_server`."""
    return lake.faults


@pytest.fixture
def lake_server(request: pytest.FixtureRequest, lake: Lake) -> Iterator[str]:
    """The address of a server for the test's lake: whichever project a client names, it finds what `lake` holds.

    Raises: pytest.UsageError where the packages that serve are not installed, and for tokens or roles that are wrong.
    """
    try:
        from lakesim.server.runner import serving
    except ModuleNotFoundError as error:
        # `lake` and `dataset` do without these packages.
        raise pytest.UsageError(
            f"lake_server needs the package {error.name}, which is not installed: pip install 'lakesim[server]'"
        ) from None

    from lakesim.server.projects import Projects

    access = _access(_options(request))
    with serving(Projects(lambda project_id: lake, default_id=lake.project_id), access) as url:
        yield url


def _access(options: dict[str, Any]) -> Access:
    from lakesim.access import Roles, roles_from
    from lakesim.errors import LakeError
    from lakesim.server.access import Access, parse_token, role_named

    try:
        roles = Roles(roles_from(list(options.get("roles", ()))))
        anonymous = options.get("anonymous")
        return Access(
            [parse_token(token, roles) for token in options.get("tokens", ())],
            anonymous=None if anonymous is None else role_named(anonymous, roles),
            roles=roles,
        )
    except LakeError as error:
        raise pytest.UsageError(f"@pytest.mark.lake: {error.description}") from None
