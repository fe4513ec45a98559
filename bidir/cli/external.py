"""`bidir conformance --engine external`: judges, by edits alone, whoever keeps a lake at an address in step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from bidir.cli.connection import DATASET, connected
from bidir.clock import SystemClock
from bidir.conformance.external import ExternalOptions, HttpWatched, judge_external
from bidir.conformance.external.quiet import Patience
from bidir.conformance.killing import shipped_scenarios
from bidir.conformance.shorthand import schema_from_relations
from bidir.conformance.suite import MEMORY, Report, SuiteOptions
from bidir.errors import IntentError
from bidir.relations import Schema

__all__ = [
    "EXTERNAL",
    "USUAL",
    "Bound",
    "KeptSchema",
    "Quiescence",
    "WatchedDataset",
    "WatchedProject",
    "judge_from_outside",
]

EXTERNAL: Final = "external"
"""The engine's name where somebody else keeps the fields in step and is never called."""

RELATION: Final = "book.author <-> author.currentBook"
"""What somebody else is taken to keep unless a schema says otherwise: the requirement's own example."""

USUAL: Final = Patience()
"""How patient the judge is unless told otherwise."""

KeptSchema = Annotated[
    Path | None,
    typer.Option(help=f"With --engine external: what it keeps in step, as a schema file; else {RELATION}."),
]
WatchedProject = Annotated[str, typer.Option(help="With --engine external: the project's id.")]
WatchedDataset = Annotated[
    str, typer.Option(help="With --engine external: the dataset it works on; documents are written and deleted there.")
]
Quiescence = Annotated[
    float, typer.Option(help="With --engine external: seconds without a write that count as the end.", min=0.01)
]
Bound = Annotated[float, typer.Option(help="With --engine external: seconds that an end is waited for.", min=0.01)]


def judge_from_outside(
    options: SuiteOptions,
    *,
    schema: Path | None,
    project: str,
    dataset: str,
    token: str,
    patience: Patience,
    on_case: Callable[[str], None],
) -> Report:
    """Return the report on whoever works at `options.lake`.

    Raises: IntentError without an address or for a bound that is shorter than the quiescence; SchemaError,
    AddressError, BackendError.
    """
    if options.lake == MEMORY or "://" not in options.lake:
        raise IntentError(
            "an external engine works on a lake somewhere: say where with --lake URL, for example "
            "--lake http://127.0.0.1:3333"
        )
    if patience.bound < patience.quiescence:
        raise IntentError(
            f"--bound {patience.bound:g} is shorter than --quiescence {patience.quiescence:g}: nothing would ever be "
            "quiet for long enough"
        )
    kept = Schema.load(schema_from_relations([RELATION]) if schema is None else schema)
    clock = SystemClock()
    started = clock.monotonic()
    with connected(options.lake, project=project, dataset=dataset, token=token) as backend:
        watched = HttpWatched(backend, clock)
        try:
            command = _command(options.lake, schema, project, dataset, patience)
            chosen = ExternalOptions(kept, patience, options.only, command)
            parts = judge_external(watched, shipped_scenarios(options.scenarios), chosen, on_case=on_case)
        finally:
            watched.close()
    return Report(options, tuple(parts), clock.monotonic() - started)


def _command(lake: str, schema: Path | None, project: str, dataset: str, patience: Patience) -> str:
    """Return the command that judges the same lake in the same way; the token is not said aloud."""
    said = {
        "--schema": None if schema is None else str(schema),
        "--project": project or None,
        "--dataset": None if dataset == DATASET else dataset,
        "--quiescence": None if patience.quiescence == USUAL.quiescence else f"{patience.quiescence:g}",
        "--bound": None if patience.bound == USUAL.bound else f"{patience.bound:g}",
    }
    options = "".join(f" {name} {value}" for name, value in said.items() if value is not None)
    return f"bidir conformance --engine {EXTERNAL} --lake {lake}{options}"
