"""Puts the commands together."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

from lakesim.cli import refused
from lakesim.cli.query import query
from lakesim.cli.serve import execute, serve

__all__ = ["app", "main"]

app = typer.Typer(
    name="lakesim",
    help="An emulator of Sanity's Content Lake.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# What a refused command is given does not matter to it, options included.
ANYTHING = {"ignore_unknown_options": True}

app.command("query")(query)
app.command("serve")(serve)
app.command("exec")(execute)
app.command("import", context_settings=ANYTHING)(refused.import_command)
app.command("export", context_settings=ANYTHING)(refused.export_command)


def main() -> None:
    """Run the command line; the console script's entry point."""
    try:
        app()
    except SystemExit as ended:
        if "granian" in sys.modules:
            _leave(ended.code)
        raise


def _leave(code: object) -> NoReturn:
    """End the process without taking the interpreter down first.

    The server's own threads may still be on their way out; one that asks for the interpreter while it is being taken
    down aborts the whole process, after everything was done.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)
