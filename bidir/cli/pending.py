"""`bidir pending`: which halves wait, why, and for how long; by the documents, not by anybody's memory."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bidir import reconcile
from bidir.cli.common import FOUND, OK, counted, data_console, guarded, write_text
from bidir.cli.connection import API_VERSION, DATASET, ApiVersion, Dataset, Project, Token, Url
from bidir.cli.dataset import Source, open_dataset
from bidir.planning.waiting import Waiting
from lakesim.clock import parse_time
from lakesim.jsonvalue import dumps

__all__ = ["pending"]


@guarded
def pending(
    schema: Annotated[Path, typer.Argument(help="The schema file, JSON or YAML.", metavar="SCHEMA")],
    file: Annotated[Path | None, typer.Option(help="The dataset, as an NDJSON export.")] = None,
    url: Url = "",
    project: Project = "",
    dataset: Dataset = DATASET,
    token: Token = "",
    api_version: ApiVersion = API_VERSION,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, age in seconds.")] = False,
) -> None:
    """List the pointers that are not answered, with what they wait for and how old they are. Writes nothing.

    The reasons: missing (the target does not exist), not-visible (not in this view yet), deferred-live (comes with the
    publish), locked-release, no-inverse-field, conflict (the place is taken), unwritten (nothing is in the way any
    more: bidir follow or repair writes it). The age is that of the pointing document. Exit code 1 if something waits.

    \b
    Examples:
      bidir pending schema.yaml --url http://127.0.0.1:3333
      bidir pending schema.yaml --file production.ndjson --json
    """
    source = Source(file, url, project, dataset, token, api_version)
    with open_dataset(schema, source, command="pending") as opened:
        now = parse_time(opened.backend.query("now()", {}))
        found = [(one, _age(one, now)) for one in reconcile.waiting(opened.schema, opened.backend)]
    found.sort(key=lambda pair: -(pair[1] or 0.0))
    if json:
        for one, age in found:
            write_text(dumps({**dataclasses.asdict(one), "age": age}))
    else:
        _print(found, opened.documents)
    raise typer.Exit(FOUND if found else OK)


def _age(one: Waiting, now: datetime) -> float | None:
    """Return the seconds since the pointing document changed, None where it does not say."""
    try:
        return round(max(0.0, (now - parse_time(one.since)).total_seconds()), 3)
    except (ValueError, TypeError):
        return None


def _print(found: list[tuple[Waiting, float | None]], documents: int) -> None:
    if not found:
        write_text(f"Nothing waits in {counted(documents, 'document')}.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("reason", "relation", "layer"):
        table.add_column(head)
    table.add_column("age", justify="right")
    table.add_column("half", overflow="fold")
    for one, age in found:
        table.add_row(one.reason, one.relation, one.layer, _told(age), one.text)
    data_console().print(table)
    write_text(f"{len(found):,} {'half waits' if len(found) == 1 else 'halves wait'}.")


def _told(age: float | None) -> str:
    """Return an age in its largest unit that is not nothing."""
    if age is None:
        return "unknown"
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if age >= seconds:
            return f"{age / seconds:.0f} {unit}"
    return f"{age:.0f} s"
