"""`bidir conformance`: the whole suite against one engine, as a report for people, files for machines, an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from bidir.cli.common import FOUND, OK, data_console, fail, guarded, progress_console
from bidir.conformance.engines import OWN_ENGINE
from bidir.conformance.parts import Profile
from bidir.conformance.report_files import write_json, write_junit
from bidir.conformance.report_text import print_report
from bidir.conformance.suite import SuiteOptions, run_suite, scenario_root
from bidir.errors import NotSupportedError
from lakesim.suggest import did_you_mean

__all__ = ["conformance"]


@guarded
def conformance(
    engine: Annotated[str, typer.Option(help="The engine to judge, as module:factory.")] = OWN_ENGINE,
    lake: Annotated[str, typer.Option(help="Where to judge it: memory, or a lake's URL.")] = "memory",
    profile: Annotated[str, typer.Option(help="How thorough: quick, default or deep.")] = "quick",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    only: Annotated[
        str, typer.Option(help="Only these: a scenario's name (museum/00*), machines or latency.", metavar="GLOB")
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
    """
    if lake != "memory":
        raise NotSupportedError(f"--lake {lake}: only the embedded lake (--lake memory) can be judged on yet")
    if html is not None:
        raise NotSupportedError("--html is not supported yet; --json has the same content, --junit suits build servers")
    profiles = get_args(Profile)
    if profile not in profiles:
        fail(f'--profile: "{profile}" is none of {", ".join(profiles)}.{did_you_mean(profile, profiles)}')
    root = scenario_root() if scenarios is None else scenarios
    if not root.is_dir():
        fail(f"--scenarios: {root} is no folder")
    options = SuiteOptions(engine, cast(Profile, profile), seed, only, root)
    progress = progress_console()
    with progress.status("starting") as status:
        report = run_suite(options, on_part=lambda name: status.update(f"{name} …"))
    print_report(report, data_console())
    if junit is not None:
        write_junit(report, junit)
    if json is not None:
        write_json(report, json)
    raise typer.Exit(OK if report.passed else FOUND)
