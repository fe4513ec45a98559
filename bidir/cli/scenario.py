"""`bidir scenario run` plays scenario files; `bidir scenario schema` prints the JSON schema of their format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bidir.cli.common import FOUND, OK, fail, guarded, write_text
from bidir.cli.judged_lake import LakeToken, judged_lake
from bidir.conformance.engines import OWN_ENGINE, load_engine
from bidir.conformance.format_schema import format_schema_text
from bidir.conformance.loading import find_scenarios
from bidir.conformance.result import Result, render
from bidir.conformance.scenario import LAYERS
from bidir.conformance.scenarios_part import play_files
from bidir.conformance.suite import MEMORY
from lakesim.jsonvalue import dumps
from lakesim.suggest import did_you_mean

__all__ = ["run", "schema"]


@guarded
def run(
    paths: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.", metavar="PATH...")],
    engine: Annotated[str, typer.Option(help="The engine to judge, as module:factory.")] = OWN_ENGINE,
    backend: Annotated[str, typer.Option(help="Where to play: memory, serve, or a lake's address.")] = MEMORY,
    token: LakeToken = "",
    layer: Annotated[str, typer.Option(help="Only this one of the layers a scenario names.")] = "",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name the scenarios that hold, too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per play instead of text.")] = False,
) -> None:
    """Play scenario files, each on a fresh lake, and show given, when, expected and got where something differs.

    \b
    Examples:
      bidir scenario run scenarios/museum/002-chain-steal.yaml
      bidir scenario run scenarios/prd scenarios/museum -v
      bidir scenario run scenarios/museum --engine my_package.engine:make_engine
      bidir scenario run scenarios/prd --backend http://127.0.0.1:3333
    """
    if layer and layer not in LAYERS:
        fail(f'--layer: there is no layer "{layer}".{did_you_mean(layer, LAYERS)} They are {", ".join(LAYERS)}')

    def tell(result: Result) -> None:
        result.replay += "" if engine == OWN_ENGINE else f" --engine {engine}"
        result.replay += "" if backend == MEMORY else f" --backend {backend}"
        if json:
            write_text(_as_json(result))
        elif verbose or not result.passed or result.skipped is not None:
            write_text(render(result))

    files, factory = find_scenarios(paths), load_engine(engine)
    with judged_lake(backend, token=token) as lakes:
        results = play_files(files, factory, lakes, layer=layer or None, on_result=tell)
    failed = sum(not result.passed for result in results)
    skipped = sum(result.skipped is not None for result in results)
    if not results:
        fail(f"none of these scenarios is played in the layer {layer}; leave --layer out")
    if not json:
        held = f"{len(results) - failed - skipped} of {len(results)} plays hold"
        write_text(held + (f", {failed} do not" if failed else "") + (f", {skipped} were skipped" if skipped else ""))
    raise typer.Exit(FOUND if failed else OK)


def _as_json(result: Result) -> str:
    return dumps(
        {
            "name": result.name,
            "layer": result.layer,
            "path": result.path,
            "title": result.title,
            "passed": result.passed,
            "skipped": result.skipped,
            "problem": result.problem,
            "replay": result.replay,
            "findings": [
                {
                    "moment": one.moment,
                    "line": one.line,
                    "what": one.mismatch.what,
                    "expected": one.mismatch.expected,
                    "got": one.mismatch.got,
                }
                for one in result.findings
            ],
        }
    )


@guarded
def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Print the JSON schema of scenario files, for editors and other tools.

    \b
    Examples:
      bidir scenario schema
      bidir scenario schema --output scenarios/schema.json
    """
    if output is None:
        write_text(format_schema_text().rstrip("\n"))
    else:
        output.write_text(format_schema_text(), encoding="utf-8")
