"""`bidir audit`: what is out of step in a dataset, grouped by kind and relation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.table import Table

from bidir.cli.common import FOUND, OK, counted, data_console, guarded, write_text
from bidir.cli.connection import API_VERSION, DATASET, ApiVersion, Dataset, Project, Token, Url
from bidir.cli.dataset import Source, open_dataset
from bidir.engine import Engine
from bidir.reconcile import Violation
from bidir.relations import Schema
from lakesim.jsonvalue import dumps

__all__ = ["audit", "is_large"]

EXAMPLES = 3
"""Violations shown for each kind and relation."""
STREAM_BYTES = 64 * 1024 * 1024
"""Exports from this size on are worked on on disk; in memory one takes many times its size."""


def is_large(file: Path) -> bool:
    """Whether an export is worked on on disk without being told to.

    Raises: OSError.
    """
    return file.stat().st_size >= STREAM_BYTES


@guarded
def audit(
    schema: Annotated[Path, typer.Argument(help="The schema file, JSON or YAML.", metavar="SCHEMA")],
    file: Annotated[Path | None, typer.Option(help="The dataset, as an NDJSON export.")] = None,
    url: Url = "",
    project: Project = "",
    dataset: Dataset = DATASET,
    token: Token = "",
    api_version: ApiVersion = API_VERSION,
    examples: Annotated[int, typer.Option(help="Examples shown for each group.", min=0)] = EXAMPLES,
    notes: Annotated[bool, typer.Option("--notes", help="Also what is remarkable and no fault.")] = False,
    stream: Annotated[
        bool, typer.Option("--stream", help="Work on disk with little memory; large files always are.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="All violations, one JSON object a line.")] = False,
) -> None:
    """List every half that is missing and everything else that contradicts the schema's relations. Writes nothing.

    \b
    Examples:
      bidir audit schema.yaml --file production.ndjson
      bidir audit schema.yaml --file production.ndjson --json > violations.ndjson
      bidir audit schema.yaml --file larger-than-memory.ndjson --stream
      bidir audit schema.yaml --url http://127.0.0.1:3333
      bidir audit schema.yaml --url http://127.0.0.1:3333 --stream
      SANITY_TOKEN=... bidir audit schema.yaml --url https://abc123.api.sanity.io --dataset staging
    """
    source = Source(file, url, project, dataset, token, api_version)
    with _audited(schema, source, notes=notes, stream=stream) as (violations, documents):
        if json:
            count = 0
            for count, violation in enumerate(violations, start=1):  # noqa: B007 (the last number is the answer)
                write_text(dumps(dataclasses.asdict(violation)))
        else:
            count = _print_groups(violations, examples, documents=documents)
    raise typer.Exit(FOUND if count else OK)


@contextmanager
def _audited(schema: Path, source: Source, *, notes: bool, stream: bool) -> Iterator[tuple[Iterable[Violation], int]]:
    """Give the violations and the number of documents, found in memory or, for `stream` and large files, on disk."""
    source.check("audit")
    if not stream and (source.file is None or not is_large(source.file)):
        with open_dataset(schema, source, command="audit") as opened_dataset:
            engine = Engine(opened_dataset.schema, opened_dataset.backend)
            yield engine.audit(notes=notes), opened_dataset.documents
        return
    # Only here, so that the other commands need not wait for the database to load.
    from bidir.adoption import fetch_export, opened

    declared = Schema.load(schema)
    with ExitStack() as stack:
        file = source.file
        if file is None:
            backend = stack.enter_context(source.connected())
            file = Path(stack.enter_context(TemporaryDirectory(prefix="bidir-fetched-")), "export.ndjson")
            fetch_export(declared, backend, file)
        export = stack.enter_context(opened(declared, file))
        yield export.violations(notes=notes), export.documents


def _print_groups(violations: Iterable[Violation], examples: int, *, documents: int) -> int:
    """Print a table of the groups and return how many violations there are; only counts and examples are kept."""
    counts: dict[tuple[str, str], int] = {}
    shown: dict[tuple[str, str], list[str]] = {}
    for violation in violations:
        group = (violation.kind, violation.relation)
        counts[group] = counts.get(group, 0) + 1
        if len(shown.setdefault(group, [])) < examples:
            shown[group].append(violation.text)
    total = sum(counts.values())
    if not total:
        write_text(f"No violations in {counted(documents, 'document')}.")
        return 0
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("kind")
    table.add_column("relation")
    table.add_column("count", justify="right")
    table.add_column("for example", overflow="fold")
    for (kind, relation), count in sorted(counts.items(), key=lambda item: (item[0][1], item[0][0])):
        table.add_row(kind, relation, f"{count:,}", "\n".join(shown[(kind, relation)]))
    data_console().print(table)
    write_text(f"{counted(total, 'violation')} in {counted(documents, 'document')}.")
    return total
