"""Commands whose names are settled and whose work is not done: each refuses by name and says what comes nearest."""

from __future__ import annotations

from typing import Annotated

import typer

from lakesim.cli.common import guarded
from lakesim.errors import NotSupportedError

__all__ = ["execute", "export_command", "import_command", "serve"]

Arguments = Annotated[list[str] | None, typer.Argument(help="Whatever the command will take.")]


@guarded
def serve(arguments: Arguments = None) -> None:
    """Serve a lake over HTTP (not supported yet).

    \b
    Example:
      lakesim serve --port 3333
    """
    raise NotSupportedError(
        "lakesim serve is not supported yet; in Python, `from lakesim import Lake` gives a lake in this process"
    )


@guarded
def execute(arguments: Arguments = None) -> None:
    """Start a lake, run a command with LAKESIM_URL set, stop (not supported yet).

    \b
    Example:
      lakesim exec -- npm test
    """
    raise NotSupportedError(
        "lakesim exec is not supported yet; with pytest, a fixture that makes `lakesim.Lake()` does the same in process"
    )


@guarded
def import_command(arguments: Arguments = None) -> None:
    """Import an NDJSON file into a lake that lasts (not supported yet).

    \b
    Example:
      lakesim import films.ndjson --url http://127.0.0.1:3333
    """
    raise NotSupportedError(
        "lakesim import is not supported yet: there is no lasting lake to import into;"
        " in Python, `lakesim.interchange.import_file(dataset, path)` fills one in memory"
    )


@guarded
def export_command(arguments: Arguments = None) -> None:
    """Export a lake that lasts as NDJSON (not supported yet).

    \b
    Example:
      lakesim export --url http://127.0.0.1:3333 > films.ndjson
    """
    raise NotSupportedError(
        "lakesim export is not supported yet: there is no lasting lake to export from;"
        " in Python, `lakesim.interchange.export_file(dataset, path)` writes one in memory"
    )
