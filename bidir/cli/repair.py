"""`bidir repair`: writes the missing halves of a dataset, the owner side deciding what contradicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from bidir.cli.audit import is_large
from bidir.cli.common import FOUND, OK, counted, fail, guarded, progress_console, write_text
from bidir.cli.connection import API_VERSION, DATASET, ApiVersion, Dataset, Project, Token, Url
from bidir.cli.dataset import Source, open_dataset
from bidir.engine import Engine
from bidir.reconcile import Report, Violation
from bidir.relations import Schema
from lakesim.jsonvalue import dumps

if TYPE_CHECKING:
    from bidir.adoption import LakeReport

__all__ = ["repair"]

LOST_SHOWN_MAX = 20
"""Claims that did not get their place, shown one by one; `--json` has them all."""


@guarded
def repair(
    schema: Annotated[Path, typer.Argument(help="The schema file, JSON or YAML.", metavar="SCHEMA")],
    file: Annotated[Path | None, typer.Option(help="The dataset, as an NDJSON export.")] = None,
    url: Url = "",
    project: Project = "",
    dataset: Dataset = DATASET,
    token: Token = "",
    api_version: ApiVersion = API_VERSION,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be written.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the repaired dataset to this file.")
    ] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write the repaired dataset over --file.")] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="Work on disk with little memory; large files always are.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,
) -> None:
    """Write the missing halves of every relation. Where the two sides contradict each other the owner side wins.

    With --url the documents of that lake are changed, in transactions of up to a hundred; look first with --dry-run.
    Exit code 1 means that a dry run found something to write, or that a claim did not get its place.

    \b
    Examples:
      bidir repair schema.yaml --file production.ndjson --dry-run
      bidir repair schema.yaml --file production.ndjson --output repaired.ndjson
      bidir repair schema.yaml --file larger-than-memory.ndjson --in-place --stream
      bidir repair schema.yaml --url http://127.0.0.1:3333 --dry-run
      bidir repair schema.yaml --url http://127.0.0.1:3333 --stream
    """
    source = Source(file, url, project, dataset, token, api_version)
    source.check("repair")
    _check_destination(source, dry_run, output, in_place)
    if stream and file is None:
        raise typer.Exit(_repair_lake(schema, source, dry_run=dry_run, json=json))
    if file is not None and (stream or is_large(file)):
        raise typer.Exit(_repair_on_disk(schema, file, None if dry_run else output or file, json=json))
    with open_dataset(schema, source, command="repair") as opened:
        with _bar() as bar:
            task = bar.add_task("repair", total=None)
            report = Engine(opened.schema, opened.backend).repair(
                dry_run=dry_run, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
            bar.update(task, completed=report.writes, total=report.writes)
        if not dry_run and file is not None:
            opened.write(output or file)
    if json:
        write_text(dumps(dataclasses.asdict(report)))
    else:
        _print_report(report, len(report.lost))
    raise typer.Exit(FOUND if report.lost or report.left or report.refused or (dry_run and report.writes) else OK)


def _check_destination(source: Source, dry_run: bool, output: Path | None, in_place: bool) -> None:
    """End the command unless it is clear where the result goes."""
    if source.url and (output is not None or in_place):
        fail("--output and --in-place go with --file; with --url the documents of the lake are changed")
    if not dry_run and source.file is not None and (output is None) == (not in_place):
        fail("say where the repaired dataset goes: --output FILE, or --in-place, or look first with --dry-run")
    if output is not None and output.is_dir():
        fail(f"{output} is a directory; --output names the file to write")
    if output is not None and not output.absolute().parent.is_dir():
        fail(f"{output.parent}: there is no such directory for --output")
    if dry_run and (output is not None or in_place):
        fail("--dry-run writes nothing, so it goes with neither --output nor --in-place")


@contextmanager
def _bar() -> Iterator[Progress]:
    columns = (TextColumn("repairing"), BarColumn(), MofNCompleteColumn(), TextColumn("documents"), TimeElapsedColumn())
    with Progress(*columns, console=progress_console()) as bar:
        yield bar


def _repair_on_disk(schema: Path, file: Path, output: Path | None, *, json: bool) -> int:
    """Repair an export without reading it into memory and return the exit code; without `output` nothing is written."""
    # Only here, so that the other commands need not wait for the database to load.
    from bidir.adoption import repair_export

    declared = Schema.load(schema)
    columns = (TextColumn("reading"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=progress_console()) as bar:
        task = bar.add_task("read", total=None)
        report = repair_export(
            declared,
            file,
            output,
            dry_run=output is None,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if json:
        write_text(dumps(dataclasses.asdict(report)))
    else:
        _print_found(report.found)
        made = f", {counted(report.made, 'new version')} among them" if report.made else ""
        if report.dry_run:
            write_text(f"{counted(report.writes, 'document')} would be written{made}; nothing was changed.")
        else:
            write_text(f"{counted(report.writes, 'document')} of {report.documents:,} written{made}.")
        _print_lost(report.lost, report.lost_count)
    return FOUND if report.lost_count or (report.dry_run and report.writes) else OK


def _repair_lake(schema: Path, source: Source, *, dry_run: bool, json: bool) -> int:
    """Repair a lake without holding its documents in memory and return the exit code."""
    from bidir.adoption import repair_lake

    declared = Schema.load(schema)
    with source.connected() as backend, _bar() as bar:
        task = bar.add_task("repair", total=None)
        report = repair_lake(
            declared,
            backend,
            dry_run=dry_run,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
        bar.update(task, completed=report.writes, total=report.writes)
    if json:
        write_text(dumps(dataclasses.asdict(report)))
    else:
        _print_report(report, report.lost_count)
    return FOUND if report.lost_count or report.left or report.refused or (dry_run and report.writes) else OK


def _print_report(report: Report | LakeReport, lost_count: int) -> None:
    """Say in a few lines what was found, what was written, who lost a claim and what could not be written."""
    _print_found(report.found)
    if report.dry_run:
        write_text(f"{counted(report.writes, 'document')} would be written; nothing was changed.")
    else:
        write_text(f"{counted(report.writes, 'document')} written in {counted(report.batches, 'transaction')}.")
    _print_lost(report.lost, lost_count)
    if report.left:
        write_text(
            f"{counted(len(report.left), 'document')} kept changing and were left: "
            + ", ".join(report.left[:LOST_SHOWN_MAX])
        )
    for group, reason in report.refused[:LOST_SHOWN_MAX]:
        write_text(f"refused: {group}: {reason}")
    if len(report.refused) > LOST_SHOWN_MAX:
        write_text(f"refused: and {len(report.refused) - LOST_SHOWN_MAX:,} more (--json lists them all)")


def _print_found(found: dict[str, Any]) -> None:
    for kind, count in sorted(found.items()):
        write_text(f"{count:,} {kind}")


def _print_lost(lost: Sequence[Violation], count: int) -> None:
    for violation in lost[:LOST_SHOWN_MAX]:
        write_text(f"lost: {violation.text}")
    if count > LOST_SHOWN_MAX:
        write_text(f"lost: and {count - LOST_SHOWN_MAX:,} more (--json lists {len(lost):,})")
