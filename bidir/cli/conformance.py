"""`bidir conformance`: the whole suite against one engine, as a report for people, files for machines, an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn, cast, get_args

import typer

from bidir.cli.common import FOUND, OK, data_console, fail, guarded, progress_console
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
from bidir.conformance.engines import OWN_ENGINE
from bidir.conformance.external.quiet import Patience
from bidir.conformance.parts import Profile
from bidir.conformance.report_files import write_json, write_junit
from bidir.conformance.report_text import print_report
from bidir.conformance.suite import MEMORY, Report, SuiteOptions, run_suite, scenario_root
from bidir.errors import NotSupportedError
from lakesim.suggest import did_you_mean

__all__ = ["conformance"]


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
            help="Only these: a scenario's name (museum/00*), machines, latency, simulation, states or broken.",
            metavar="GLOB",
        ),
    ] = "*",
    scenarios: Annotated[Path | None, typer.Option(help="The folder of scenarios.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write one HTML page to this file (not supported yet).")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report as JSON to this file.")] = None,
) -> None:
    """Judge an engine by the whole suite: scenarios, state machines, latency. Exit code 0 only if all of it holds.

    \b
    Examples:
      bidir conformance
      bidir conformance --profile deep --seed 7 --junit reports/conformance.xml
      bidir conformance --only 'museum/00*' --engine my_package.engine:make_engine
      bidir conformance --lake serve
      bidir conformance --lake http://127.0.0.1:3333
      bidir conformance --engine external --lake http://127.0.0.1:3333 --dataset scratch --schema schema.yaml
    """
    if html is not None:
        raise NotSupportedError("--html is not supported yet; --json has the same content, --junit suits build servers")
    profiles = get_args(Profile)
    if profile not in profiles:
        fail(f'--profile: "{profile}" is none of {", ".join(profiles)}.{did_you_mean(profile, profiles)}')
    root = scenario_root() if scenarios is None else scenarios
    if not root.is_dir():
        fail(f"--scenarios: {root} is no folder")
    options = SuiteOptions(engine, cast(Profile, profile), seed, only, root, lake)
    progress = progress_console()
    if engine == EXTERNAL:
        with progress.status("starting") as status:
            report = judge_from_outside(
                options,
                schema=schema,
                project=project,
                dataset=dataset,
                token=token,
                patience=Patience(quiescence, bound),
                on_case=lambda name: status.update(f"{name} …"),
            )
        _deliver(report, junit, json)
    with progress.status("starting") as status, judged_lake(lake, token=token) as lakes:
        report = run_suite(options, on_part=lambda name: status.update(f"{name} …"), lake_factory=lakes)
    _deliver(report, junit, json)


def _deliver(report: Report, junit: Path | None, json: Path | None) -> NoReturn:
    """Print the report, write its files, and end with the verdict as exit code."""
    print_report(report, data_console())
    if junit is not None:
        write_junit(report, junit)
    if json is not None:
        write_json(report, json)
    raise typer.Exit(OK if report.passed else FOUND)
