"""Commands whose names are settled and whose work is not done: each refuses by name and says what comes nearest."""

from __future__ import annotations

from typing import Annotated

import typer

from lakesim.cli.common import guarded
from lakesim.errors import NotSupportedError

__all__ = ["export_command", "import_command"]

Arguments = Annotated[list[str] | None, typer.Argument(help="Whatever the command will take.")]


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
