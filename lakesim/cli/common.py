"""What every command shares: exit codes, and bad input as one clear line instead of a traceback."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import typer

from lakesim.errors import LakeError

__all__ = ["BAD_USAGE", "FOUND", "OK", "fail", "guarded", "write_text"]

OK = 0
"""Exit code: the command worked."""
FOUND = 1
"""Exit code: the command worked and found something."""
BAD_USAGE = 2
"""Exit code: the command could not do what was asked."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def write_text(text: str) -> None:
    """Write a line of data to standard output."""
    sys.stdout.write(text + "\n")


def fail(text: str, *, code: int = BAD_USAGE) -> NoReturn:
    """Say what is wrong on standard error and end with an exit code, by default that for bad usage."""
    sys.stderr.write(f"error: {text}\n")
    raise typer.Exit(code)


def guarded(command: _Command) -> _Command:
    """Make the faults of the input that `command` meets into lines on standard error and exit code 2."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except LakeError as error:
            fail(str(error))
        except OSError as error:
            fail(f"{error.filename or 'input'}: {error.strerror or error}")
        except UnicodeDecodeError as error:
            fail(f"the input is no UTF-8 text: {error}")

    return run  # type: ignore[return-value]  # functools.wraps keeps the signature that typer reads
