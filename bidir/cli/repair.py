"""`bidir repair`: writes the missing halves of a dataset, the owner side deciding what contradicts."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bidir.cli.common import FOUND, OK, counted, fail, guarded, progress_console, write_text
from bidir.cli.dataset import open_dataset
from bidir.engine import Engine
from bidir.reconcile import Report
from lakesim.jsonvalue import dumps

__all__ = ["repair"]

LOST_SHOWN_MAX = 20
"""Claims that did not get their place, shown one by one; `--json` has them all."""


@guarded
def repair(
    schema: Annotated[Path, typer.Argument(help="The schema file, JSON or YAML.", metavar="SCHEMA")],
    file: Annotated[Path | None, typer.Option(help="The dataset, as an NDJSON export.")] = None,
    url: Annotated[str, typer.Option(help="A lake's address (not supported yet).")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be written.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the repaired dataset to this file.")
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write the repaired dataset over --file.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,
) -> None:
    """Write the missing halves of every relation. Where the two sides contradict each other the owner side wins.

    Exit code 1 means that a dry run found something to write, or that a claim did not get its place.

    \b
    Examples:
      bidir repair schema.yaml --file production.ndjson --dry-run
      bidir repair schema.yaml --file production.ndjson --output repaired.ndjson
      bidir repair schema.yaml --file production.ndjson --in-place
    """
    if not dry_run and file is not None and (output is None) == (not in_place):
        fail("say where the repaired dataset goes: --output FILE, or --in-place, or look first with --dry-run")
    if dry_run and (output is not None or in_place):
        fail("--dry-run writes nothing, so it goes with neither --output nor --in-place")
    dataset = open_dataset(schema, file, url, command="repair")
    columns = (TextColumn("repairing"), BarColumn(), MofNCompleteColumn(), TextColumn("documents"), TimeElapsedColumn())
    with Progress(*columns, console=progress_console()) as bar:
        task = bar.add_task("repair", total=None)
        report = Engine(dataset.schema, dataset.backend).repair(
            dry_run=dry_run, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
        bar.update(task, completed=report.writes, total=report.writes)
    if not dry_run:
        assert file is not None
        dataset.write(output or file)
    if json:
        write_text(dumps(dataclasses.asdict(report)))
    else:
        _print_report(report)
    raise typer.Exit(FOUND if report.lost or report.left or (dry_run and report.writes) else OK)


def _print_report(report: Report) -> None:
    """Say in a few lines what was found, what was written and who lost a claim."""
    for kind, count in sorted(report.found.items()):
        write_text(f"{count:,} {kind}")
    if report.dry_run:
        write_text(f"{counted(report.writes, 'document')} would be written; nothing was changed.")
    else:
        write_text(f"{counted(report.writes, 'document')} written in {counted(report.batches, 'transaction')}.")
    for violation in report.lost[:LOST_SHOWN_MAX]:
        write_text(f"lost: {violation.text}")
    if len(report.lost) > LOST_SHOWN_MAX:
        write_text(f"lost: and {len(report.lost) - LOST_SHOWN_MAX:,} more (--json lists all)")
    if report.left:
        write_text(
            f"{counted(len(report.left), 'document')} kept changing and were left: "
            + ", ".join(report.left[:LOST_SHOWN_MAX])
        )
