"""Commands whose names are settled and whose work is not done: each refuses by name and says what comes nearest."""

from __future__ import annotations

from typing import Annotated

import typer

from bidir.cli.common import guarded
from bidir.errors import NotSupportedError

__all__ = ["check_states", "explain", "follow"]


@guarded
def explain(
    document: Annotated[str, typer.Argument(help="The document's id.")] = "",
    field: Annotated[str, typer.Argument(help="The relation field.")] = "",
) -> None:
    """Say which engine transaction last touched a field, and why (not supported yet).

    \b
    Example:
      bidir explain book-1 author
    """
    raise NotSupportedError(
        "bidir explain is not supported yet; an engine in this process tells in its outcomes and its journal"
    )


@guarded
def check_states(
    scope: Annotated[str, typer.Option(help="Which small scope to exhaust.")] = "",
) -> None:
    """Drive the planner through every state of a small scope (not supported yet).

    \b
    Example:
      bidir check-states --scope 1:1
    """
    raise NotSupportedError(
        "bidir check-states is not supported yet; bidir conformance --profile deep searches the same states at random"
    )


@guarded
def follow(
    schema: Annotated[str, typer.Argument(help="The schema file.")] = "",
    url: Annotated[str, typer.Option(help="The lake's address.")] = "",
) -> None:
    """Listen to a lake and keep edits made elsewhere in step (not supported yet).

    \b
    Example:
      bidir follow schema.json --url http://localhost:3333
    """
    raise NotSupportedError(
        "bidir follow is not supported yet; bidir audit and bidir repair bring an exported dataset in step"
    )
