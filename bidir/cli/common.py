"""What every command shares: exit codes, the two consoles, and bad input as one clear line instead of a traceback."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console

from bidir.conformance.loading import ScenarioError
from bidir.errors import BidirError, SchemaError
from lakesim.errors import LakeError

__all__ = ["BAD_USAGE", "FOUND", "OK", "counted", "data_console", "fail", "guarded", "progress_console", "write_text"]

OK = 0
"""Exit code: everything holds."""
FOUND = 1
"""Exit code: the command worked and found something."""
BAD_USAGE = 2
"""Exit code: the command could not do what was asked."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def data_console() -> Console:
    """Return a console on standard output; text is never wrapped or coloured when it goes into a file or pipe."""
    console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
    return (
        console
        if console.is_terminal
        else Console(file=sys.stdout, highlight=False, emoji=False, markup=False, width=200, soft_wrap=True)
    )


def progress_console() -> Console:
    """Return a console on standard error, for progress."""
    return Console(file=sys.stderr, highlight=False, emoji=False, markup=False)


def write_text(text: str) -> None:
    """Write a line of data to standard output."""
    sys.stdout.write(text + "\n")


def counted(number: int, noun: str) -> str:
    """Return `1 document`, `1,870 documents`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def fail(text: str) -> NoReturn:
    """Say what is wrong on standard error and end with the exit code for bad usage."""
    sys.stderr.write(f"error: {text}\n")
    raise typer.Exit(BAD_USAGE)


def guarded(command: _Command) -> _Command:
    """Make the faults of the input that `command` meets into lines on standard error and exit code 2."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except ScenarioError as error:
            fail("\nerror: ".join(error.problems))
        except SchemaError as error:
            fail("schema: " + "\nerror: schema: ".join(error.problems))
        except (BidirError, LakeError) as error:
            fail(str(error))
        except OSError as error:
            name = "" if error.filename is None else f"{Path(str(error.filename))}: "
            fail(f"{name}{error.strerror or error}")

    return run  # type: ignore[return-value]
