"""`bidir demo`: shows a system built on the lake and the engine, step by step, both sides before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from bidir.cli.common import FOUND, OK, counted, fail, guarded, progress_console, write_text
from bidir.demos import DemoOptions, Narrator, run_demo

__all__ = ["demo"]


@guarded
def demo(
    name: Annotated[str, typer.Argument(help="Which: prd (the requirement), medusa (a product sync), codex, stash.")],
    url: Annotated[str, typer.Option(help="Play on the lake at this address instead of an embedded one.")] = "",
    http: Annotated[bool, typer.Option("--http", help="Serve a lake in this process and play over HTTP.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="Only this chapter; may be repeated.")] = None,
    project: Annotated[str, typer.Option(help="With --url: the project's id.")] = "lakesim",
    dataset: Annotated[str, typer.Option(help="With --url: the dataset.")] = "production",
    token: Annotated[
        str, typer.Option(help="With --url: a token that may write.", envvar=["LAKESIM_TOKEN", "SANITY_TOKEN"])
    ] = "",
    clear: Annotated[bool, typer.Option("--clear", help="With --url: delete what is in the demo's way first.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per chapter instead of text.")] = False,
) -> None:
    """Show a system in the terminal, chapter by chapter; exit code 1 if something did not hold that should.

    \b
    Examples:
      bidir demo prd
      bidir demo prd --only 2 --only phase-6 --only criteria
      bidir demo medusa
      bidir demo medusa --only 1 --only down
      bidir demo medusa --http --json
      bidir demo codex
      bidir demo stash --only group
      bidir demo medusa --url http://127.0.0.1:3333 --dataset production
    """
    if url and http:
        fail("--url and --http exclude each other: --http serves a lake of its own")
    narrator = Narrator(write_text, as_json=json)
    with _address(url, http) as address:
        options = DemoOptions(address, project, dataset, token or None, tuple(only or ()), clear)
        run_demo(name, options, narrator)
    if not json:
        held = narrator.claims - narrator.broken
        write_text(f"\n{held} of {counted(narrator.claims, 'claim')} hold" + (", see NOT" if narrator.broken else ""))
    raise typer.Exit(FOUND if narrator.broken else OK)


@contextmanager
def _address(url: str, http: bool) -> Iterator[str | None]:
    if not http:
        yield url or None
        return
    from lakesim.lake import Lake
    from lakesim.server.access import Access
    from lakesim.server.projects import Projects

    try:
        from lakesim.server.runner import serving
    except ModuleNotFoundError as error:
        fail(f"--http needs the package {error.name}, which is not installed: pip install 'lakesim[server]'")
    with serving(Projects(lambda project_id: Lake(seed=0, project_id=project_id)), Access()) as address:
        progress_console().print(f"serving {address}")
        yield address
