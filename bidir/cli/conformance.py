"""`bidir conformance`: the whole suite against one engine, as a report for people, files for machines, an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn, cast, get_args

import typer

from bidir.cli.common import FOUND, OK, data_console, fail, guarded, progress_console, write_text
from bidir.cli.connection import DATASET
from bidir.cli.external import (
    EXTERNAL,
    USUAL,
    Bound,
    KeptSchema,
    Quiescence,
    WatchedDataset,
    WatchedProject,
    judge_from_outside,
)
from bidir.cli.judged_lake import LakeToken, judged_lake
from bidir.cli.progress import progress
from bidir.conformance.engines import OWN_ENGINE
from bidir.conformance.external.quiet import Patience
from bidir.conformance.parts import Profile
from bidir.conformance.report_files import report_json, write_json, write_junit
from bidir.conformance.report_html import write_html
from bidir.conformance.report_text import print_report
from bidir.conformance.suite import MEMORY, Report, Shard, SuiteOptions, run_suite, scenario_root
from lakesim.jsonvalue import dumps
from lakesim.suggest import did_you_mean

__all__ = ["conformance"]

JOBS_MAX = 64
"""Processes at most."""
STDOUT = Path("-")
"""Stands for standard output."""


@guarded
def conformance(
    engine: Annotated[
        str, typer.Option(help="The engine to judge, as module:factory; external: whoever works on the --lake.")
    ] = OWN_ENGINE,
    lake: Annotated[str, typer.Option(help="Where to judge it: memory, serve, or a lake's address.")] = MEMORY,
    token: LakeToken = "",
    project: WatchedProject = "",
    dataset: WatchedDataset = DATASET,
    schema: KeptSchema = None,
    quiescence: Quiescence = USUAL.quiescence,
    bound: Bound = USUAL.bound,
    profile: Annotated[str, typer.Option(help="How thorough: quick, default or deep.")] = "quick",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    only: Annotated[
        str,
        typer.Option(
            help="Only: a scenario's name (museum/00*), machines, latency, criteria, simulation, states or broken.",
            metavar="GLOB",
        ),
    ] = "*",
    scenarios: Annotated[Path | None, typer.Option(help="The folder of scenarios.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one HTML page, complete in itself, to this file.")] = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the report as JSON to this file; - is standard output, without the text.")
    ] = None,
    found: Annotated[
        Path | None, typer.Option(help="Write counterexamples into this folder (else scenarios/found).", metavar="DIR")
    ] = None,
    kill_table: Annotated[
        bool, typer.Option("--kill-table", help="Judge the engines broken on purpose, too; deep always does.")
    ] = False,
    jobs: Annotated[int, typer.Option(help="Processes that work side by side.", min=1, max=JOBS_MAX)] = 1,
    shard: Annotated[
        str, typer.Option(help="Run only part K of N equal ones, each on a machine of its own.", metavar="K/N")
    ] = "1/1",
    example_database: Annotated[
        Path | None,
        typer.Option(
            help="A folder of failing examples that runs and machines share; they are played first.", metavar="DIR"
        ),
    ] = None,
) -> None:
    """Judge an engine by the whole suite, and report. Exit code 0 only if all of it holds.

    Scenarios, state machines, latency, simulation, reachable states; with --profile deep or --kill-table also engines
    broken on purpose. Every failure says how to play it again. Progress is on standard error.

    \b
    Examples:
      bidir conformance
      bidir conformance --profile default --jobs 2 --html reports/conformance.html
      bidir conformance --profile deep --seed 7 --junit reports/conformance.xml
      bidir conformance --profile deep --shard 1/4 --example-database /mnt/shared/examples
      bidir conformance --only 'museum/00*' --engine my_package.engine:make_engine
      bidir conformance --lake serve
      bidir conformance --lake http://127.0.0.1:3333
      bidir conformance --engine external --lake http://127.0.0.1:3333 --dataset scratch --schema schema.yaml
    """
    profiles = get_args(Profile)
    if profile not in profiles:
        fail(f'--profile: "{profile}" is none of {", ".join(profiles)}.{did_you_mean(profile, profiles)}')
    root = scenario_root() if scenarios is None else scenarios
    if not root.is_dir():
        fail(f"--scenarios: {root} is no folder")
    options = SuiteOptions(
        engine,
        cast(Profile, profile),
        seed,
        only,
        root,
        lake,
        found_in=found,
        jobs=jobs,
        shard=_shard(shard),
        examples=example_database,
        kill_table=kill_table,
    )
    if engine == EXTERNAL:
        if jobs > 1 or options.shard.count > 1 or kill_table:
            fail(f"--jobs, --shard and --kill-table mean nothing with --engine {EXTERNAL}: there is one lake to judge")
        with progress(progress_console()) as told:
            report = judge_from_outside(
                options,
                schema=schema,
                project=project,
                dataset=dataset,
                token=token,
                patience=Patience(quiescence, bound),
                on_case=told.at,
            )
            for part in report.parts:
                told.ended(part)
    else:
        with progress(progress_console()) as told, judged_lake(lake, token=token) as lakes:
            report = run_suite(options, on_part=told.at, on_result=told.ended, lake_factory=lakes)
    _deliver(report, junit=junit, html=html, json=json)


def _shard(text: str) -> Shard:
    """Return the shard that `K/N` stands for."""
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        fail(f'--shard: "{text}" is not K/N with K from 1 to N, for example 2/4')
    return Shard(int(number), int(count))


def _deliver(report: Report, *, junit: Path | None, html: Path | None, json: Path | None) -> NoReturn:
    """Print the report, write its files, and end with the verdict as exit code."""
    if json == STDOUT:
        write_text(dumps(report_json(report)))
    else:
        print_report(report, data_console())
        if json is not None:
            write_json(report, json)
    if junit is not None:
        write_junit(report, junit)
    if html is not None:
        write_html(report, html)
    raise typer.Exit(OK if report.passed else FOUND)
