"""Puts the commands together: `bidir conformance`, `scenario run`, `audit`, `follow` and the rest."""

from __future__ import annotations

import logging

import typer

from bidir.cli import audit, check_states, conformance, demo, explain, follow, pending, repair, scenario

__all__ = ["app", "main"]

app = typer.Typer(
    name="bidir",
    help="Two-way references on a Content Lake: judge an engine, play scenarios, audit and repair datasets.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
scenarios = typer.Typer(
    help="Scenario files: play them, describe their format.", no_args_is_help=True, rich_markup_mode=None
)

app.command("conformance")(conformance.conformance)
app.add_typer(scenarios, name="scenario")
scenarios.command("run")(scenario.run)
scenarios.command("schema")(scenario.schema)
app.command("audit")(audit.audit)
app.command("repair")(repair.repair)
app.command("demo")(demo.demo)
app.command("pending")(pending.pending)
app.command("follow")(follow.follow)
app.command("explain")(explain.explain)
app.command("check-states")(check_states.check_states)


@app.callback()
def _quiet() -> None:
    # The engine logs one line per intent; a program that is no server keeps them off its standard error.
    logging.getLogger("bidir").addHandler(logging.NullHandler())


def main() -> None:
    """Run the command line; the console script's entry point."""
    app()
