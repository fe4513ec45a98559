"""`bidir check-states` in the hands of a user: table, JSON, exit codes, honest bounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bidir.cli.app import app


@pytest.fixture
def run() -> Any:
    return lambda *arguments: CliRunner().invoke(app, ["check-states", *arguments])


def test_a_scope_that_holds_is_one_line_and_exit_code_0(run: Any) -> None:
    result = run("--scope", "live/both")
    assert result.exit_code == 0
    heads, row = (line.split() for line in result.stdout.splitlines())
    assert heads[:4] == ["scope", "states", "orbits", "transitions"]
    assert (row[0], row[1], row[-1]) == ("live/both", "34", "yes")


def test_a_bound_says_that_the_scope_is_not_complete(run: Any) -> None:
    result = run("--scope", "1:1", "--bound", "5", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["scope"], found["states"], found["complete"], found["violations"]) == ("1:1", 5, False, 0)


def test_without_a_rule_the_history_is_told_and_a_scenario_written(run: Any, tmp_path: Path) -> None:
    result = run("--without", "defer", "--output", str(tmp_path))
    assert result.exit_code == 1
    (path,) = tmp_path.iterdir()
    assert f"bidir scenario run {path} --engine bidir.conformance.states.weakened:without_defer" in result.stdout
    assert "2. create b1 in drafts with [a1]" in result.stdout
    assert "breaks I4 isolation in published" in result.stdout


def test_as_json_the_counterexamples_come_along(run: Any) -> None:
    found = json.loads(run("--without", "pending", "--json").stdout)
    assert found["without"] == "pending"
    first = found["counterexamples"][0]
    assert first["history"][-1] == "create b1 in drafts with [a1]"
    assert first["faults"][0]["rule"] == "E5 pending"


def test_scopes_and_rules_can_be_listed(run: Any) -> None:
    shown = run("--list").stdout
    assert "symmetric" in shown
    assert "R5: a publish writes the published field of the partners" in shown
    assert set(json.loads(run("--list", "--json").stdout)) == {"scopes", "rules"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--scope", "symetric"), 'there is no scope "symetric". Did you mean "symmetric"'),
        (("--without", "erasse"), 'no rule is called "erasse". Did you mean "erase"'),
        (("--profile", "dep"), '"dep" is none of quick, default, deep'),
        (("--bound", "0"), "--bound"),
    ],
    ids=["scope", "rule", "profile", "bound"],
)
def test_bad_usage_is_one_line_and_exit_code_2(run: Any, arguments: tuple[str, ...], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr
