"""`bidir check-states`: drives the planner through every state of small scopes, whole or with a rule switched off."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer
from rich.console import Console
from rich.table import Table

from bidir.cli.common import FOUND, OK, data_console, fail, guarded, progress_console, write_text
from bidir.conformance.parts import Profile
from bidir.conformance.states.replay import ENGINE_OPTION, write_counterexample
from bidir.conformance.states.scopes import PROFILES, SCOPES, STATES_MAX
from bidir.conformance.states.search import Counterexample, Options, SearchResult, search
from bidir.conformance.states.telling import told
from bidir.conformance.states.weakened import RULES
from bidir.errors import NotSupportedError
from lakesim.jsonvalue import dumps
from lakesim.suggest import did_you_mean

__all__ = ["check_states"]

JOBS_MAX = 64
"""Processes at most."""


@guarded
def check_states(
    scope: Annotated[
        list[str] | None, typer.Option(help="Search this scope, whatever the profile; may be repeated. See --list.")
    ] = None,
    profile: Annotated[str, typer.Option(help="Which scopes, and how far: quick, default or deep.")] = "quick",
    without: Annotated[
        str, typer.Option(help="Switch this rule off and show the shortest counterexample. See --list.", metavar="RULE")
    ] = "",
    bound: Annotated[int | None, typer.Option(help="Visit so many states of a scope at most.", min=1)] = None,
    jobs: Annotated[int, typer.Option(help="Processes that search side by side.", min=1, max=JOBS_MAX)] = 1,
    orbits: Annotated[
        bool, typer.Option("--orbits", help="Visit states that differ only in names once: faster, not exact.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write counterexamples as scenario files into this folder.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the scopes and the rules, and search nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per scope instead of a table.")] = False,
) -> None:
    """Drive the planner, as it runs in production, through every state that a few documents can reach.

    Breadth first from an empty lake: every operation in every state, judged by the invariants in every view. A scope is
    complete if the search ran out of new states. Exit code 1 means that something was found.

    \b
    Examples:
      bidir check-states
      bidir check-states --profile default --jobs 2
      bidir check-states --scope 1:1/release --profile deep
      bidir check-states --without co-publish --output found
    """
    if list_:
        _print_names(data_console(), json=json)
        raise typer.Exit(OK)
    names = _scopes(scope or [], profile, without)
    states_max = bound if bound is not None else STATES_MAX[cast(Profile, profile)]
    options = Options(without or None, states_max, jobs, orbits)
    results = []
    with progress_console().status("starting") as status:
        for name in names:
            results.append(search(SCOPES[name], options, on_progress=lambda one: status.update(_progress(one))))
            if json:
                write_text(dumps(_as_json(results[-1], output)))
    if not json:
        data_console().print(_table(results))
        for result in results:
            _print_found(result, output)
    raise typer.Exit(FOUND if any(result.violations for result in results) else OK)


def _scopes(asked: list[str], profile: str, without: str) -> tuple[str, ...]:
    """Return the names of the scopes to search."""
    profiles = get_args(Profile)
    if profile not in profiles:
        fail(f'--profile: "{profile}" is none of {", ".join(profiles)}.{did_you_mean(profile, profiles)}')
    if without and without not in RULES:
        fail(f'--without: no rule is called "{without}".{did_you_mean(without, list(RULES))} See --list')
    for name in asked:
        if name not in SCOPES:
            fail(f'--scope: there is no scope "{name}".{did_you_mean(name, list(SCOPES))} See --list')
    if asked:
        return tuple(dict.fromkeys(asked))
    return (RULES[without].scope,) if without else PROFILES[cast(Profile, profile)]


def _progress(result: SearchResult) -> str:
    rate = result.transitions / result.seconds if result.seconds else 0
    return (
        f"{result.scope.name}: {result.states:,} states, {result.transitions:,} transitions, "
        f"depth {result.depth}, {rate:,.0f} a second …"
    )


def _table(results: list[SearchResult]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("scope")
    for head in ("states", "orbits", "transitions", "planned", "depth", "seconds", "violations"):
        table.add_column(head, justify="right")
    table.add_column("complete")
    for one in results:
        counts = [f"{count:,}" for count in (one.states, one.orbits, one.transitions, one.planned, one.depth)]
        complete = "yes" if one.complete else "no, stopped there" if one.violations else "no, bounded"
        table.add_row(one.scope.name, *counts, f"{one.seconds:.1f}", f"{one.violations:,}", complete)
    return table


def _print_found(result: SearchResult, output: Path | None) -> None:
    """Print the first of the shortest counterexamples, and where each was written."""
    if not result.counterexamples:
        if result.without is not None:
            write_text(f'\n{result.scope.name}, without "{result.without}": nothing was found in what was searched.')
        return
    first = result.counterexamples[0]
    said = "" if result.without is None else f', without "{result.without}" ({RULES[result.without].title})'
    write_text(f"\nShortest counterexample in {result.scope.name}{said}:")
    write_text(told(result.scope, first))
    if output is not None:
        write_text(f"  {_written(result, first, output)}")


def _written(result: SearchResult, one: Counterexample, folder: Path) -> str:
    """Write the scenario; return the command that replays it, or why there is none."""
    try:
        path = write_counterexample(result.scope, one, folder, without=result.without)
    except NotSupportedError as error:
        return f"no scenario: {error}"
    engine = "" if result.without is None else ENGINE_OPTION.format(result.without.replace("-", "_"))
    return f"replay  bidir scenario run {path}{engine}"


def _as_json(result: SearchResult, output: Path | None) -> dict[str, Any]:
    plain = ("without", "states", "orbits", "transitions", "planned", "depth", "seconds", "violations", "complete")
    return {
        "scope": result.scope.name,
        **{name: getattr(result, name) for name in plain},
        "counterexamples": [
            {
                "history": [str(operation) for operation in one.operations],
                "faults": [dataclasses.asdict(fault) for fault in one.faults],
                "text": told(result.scope, one),
                **({} if output is None else {"replay": _written(result, one, output)}),
            }
            for one in result.counterexamples[: 1 if output is not None else None]
        ],
    }


def _print_names(console: Console, *, json: bool) -> None:
    if json:
        scopes = {name: one.title for name, one in SCOPES.items()}
        write_text(dumps({"scopes": scopes, "rules": {name: one.title for name, one in RULES.items()}}))
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("scope", "what", "profile"):
        table.add_column(head)
    for name, one in SCOPES.items():
        table.add_row(name, one.title, next(profile for profile, names in PROFILES.items() if name in names))
    console.print(table)
    console.print()
    rules = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    rules.add_column("rule")
    rules.add_column("what it says")
    for name, rule in RULES.items():
        rules.add_row(name, rule.title)
    console.print(rules)
