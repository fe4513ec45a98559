"""What the commands share: where shop and lake are, exit codes, and errors as one line instead of a traceback."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import typer

from bidir.cli.common import FOUND, OK, fail
from bidir.errors import BidirError
from lakesim.jsonvalue import dumps
from medusa_sync.commerce import Commerce
from medusa_sync.database import Database
from medusa_sync.deletions import DeletionPolicy
from medusa_sync.errors import SyncError
from medusa_sync.http_lake import HttpLake
from medusa_sync.pace import MachinePace
from medusa_sync.service import Outcome, SyncService
from medusa_sync.timeline import Moment, render

__all__ = ["FOUND", "OK", "Places", "fail", "finish", "guarded", "opened_shop", "served", "tell", "write"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Places:
    """Where the two sides are."""

    database: Path
    url: str
    project: str
    dataset: str
    token: str | None


def write(text: str) -> None:
    """Write a line of data to standard output, at once: a worker's lines are read while it runs."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def tell(moments: Sequence[Moment]) -> None:
    """Write a timeline to standard error, as progress."""
    sys.stderr.write("\n".join(render(moments)) + "\n")


def guarded(command: _Command) -> _Command:
    """Make the errors that `command` meets into lines on standard error and exit code 2."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except (SyncError, BidirError) as error:
            fail(str(error))

    return run  # type: ignore[return-value]  # functools.wraps keeps the signature that typer reads


@contextmanager
def opened_shop(places: Places) -> Iterator[Commerce]:
    """Open the commerce database."""
    with Database(places.database) as database:
        yield Commerce(database)


@contextmanager
def served(places: Places, *, deletes: DeletionPolicy = "keep") -> Iterator[SyncService]:
    """Open both sides; timelines are told as they come."""
    if not places.url:
        fail("where is the lake? Give --url http://127.0.0.1:3333 before the command, or set LAKESIM_URL")
    with (
        opened_shop(places) as commerce,
        HttpLake(places.url, project=places.project, dataset=places.dataset, token=places.token) as lake,
    ):
        yield SyncService(commerce, lake, pace=MachinePace(), deletes=deletes, on_timeline=tell)


def finish(outcome: Outcome, lake: Any) -> NoReturn:
    """Write the result of a sync and end with its exit code."""
    write(dumps({**outcome.result.report(), "status": outcome.status, "requests": lake.requests.take()}))
    raise typer.Exit(OK if outcome.status == "done" and not outcome.result.missing else FOUND)
