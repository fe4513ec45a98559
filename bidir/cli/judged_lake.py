"""Which lake a command judges on: the embedded one, one at an address, or one that is served for the occasion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from bidir.cli.connection import TOKEN_VARIABLES
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.served_lake import ServedLakes
from bidir.conformance.suite import MEMORY
from bidir.errors import NotSupportedError
from lakesim.lake import Lake
from lakesim.suggest import did_you_mean

__all__ = ["SERVE", "LakeToken", "judged_lake"]

LakeToken = Annotated[
    str,
    typer.Option(help="An administrator's token of the lake at an address.", envvar=TOKEN_VARIABLES, metavar="TOKEN"),
]
SERVE: Final = "serve"
"""Stands for a lake that is served while the command runs."""


@contextmanager
def judged_lake(name: str, *, token: str = "") -> Iterator[LakeFactory]:
    """Give what makes fresh lakes: `memory`, `serve`, or the address of a running `lakesim serve` and its token.

    Raises: NotSupportedError for another word or without the packages that serve; AddressError, BackendError.
    """
    if name == MEMORY:
        yield EmbeddedLake
    elif name == SERVE:
        with _served() as url, ServedLakes(url) as lakes:
            yield lakes
    elif "://" in name:
        with ServedLakes(name, token=token or None) as lakes:
            yield lakes
    else:
        raise NotSupportedError(
            f'there is no lake "{name}": {MEMORY}, {SERVE}, or an address such as http://127.0.0.1:3333.'
            + did_you_mean(name, (MEMORY, SERVE))
        )


@contextmanager
def _served() -> Iterator[str]:
    try:
        from lakesim.server.access import Access
        from lakesim.server.projects import Projects
        from lakesim.server.runner import serving
    except ModuleNotFoundError as error:
        raise NotSupportedError(
            f"serving a lake needs the package {error.name}, which is not installed: pip install 'lakesim[server]'"
        ) from None
    projects = Projects(lambda project_id: Lake(seed=0, project_id=project_id))
    with serving(projects, Access()) as url:
        yield url
