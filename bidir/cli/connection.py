"""The options of commands that work on a lake over HTTP, and the backend they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from bidir.backends import HttpBackend
from bidir.backends.http.address import API_VERSION, DATASET

__all__ = [
    "API_VERSION",
    "DATASET",
    "TOKEN_VARIABLES",
    "ApiVersion",
    "Dataset",
    "Project",
    "Token",
    "Url",
    "connected",
]

TOKEN_VARIABLES: Final = ["LAKESIM_TOKEN", "SANITY_TOKEN"]
"""Where a token is looked for, in this order: on the command line everybody on the machine can read it."""

Url = Annotated[
    str, typer.Option(help="A lake's address: http://127.0.0.1:3333 or https://PROJECT.api.sanity.io.", metavar="URL")
]
Project = Annotated[str, typer.Option(help="With --url: the project's id, where the address does not say it.")]
Dataset = Annotated[str, typer.Option(help="With --url: the dataset's name.")]
Token = Annotated[
    str, typer.Option(help="With --url: the token, better in the environment.", envvar=TOKEN_VARIABLES, metavar="TOKEN")
]
ApiVersion = Annotated[str, typer.Option(help=f"With --url: the API version, {API_VERSION} or later.")]


@contextmanager
def connected(
    url: str, *, project: str = "", dataset: str = DATASET, token: str = "", api_version: str = API_VERSION
) -> Iterator[HttpBackend]:
    """Give a backend for the lake that the options name, and close it afterwards.

    Raises: AddressError.
    """
    with HttpBackend(
        url, project=project or None, dataset=dataset, token=token or None, api_version=api_version
    ) as backend:
        yield backend
