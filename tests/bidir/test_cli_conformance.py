"""`bidir conformance`: the reports it writes, what it tells on its way, and what it refuses to understand."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bidir.cli import app
from bidir.cli.progress import Progress
from bidir.conformance.parts import Failure, PartResult

ROOT = Path(__file__).parents[2]
BROKEN = "bidir.conformance.broken:no_eviction"


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["conformance", *arguments])


def test_all_reports_at_once_say_the_same(tmp_path: Path) -> None:
    files = {kind: tmp_path / f"report.{kind}" for kind in ("html", "json", "junit")}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    done = run("--only", "museum/002*", "--engine", BROKEN, *options)
    assert done.exit_code == 1
    value = json.loads(files["json"].read_text(encoding="utf-8"))
    replay = value["parts"][0]["failures"][0]["replay"]
    assert replay.endswith(f"--layer published --engine {BROKEN}")
    for text in (done.stdout, *(files[kind].read_text(encoding="utf-8") for kind in ("html", "junit"))):
        assert replay in text
        assert "3 of 3 checks fail" in text or 'failures="3"' in text
        assert "documents before and after all steps" in text


def test_a_replay_command_repeats_the_failure() -> None:
    value = json.loads(run("--only", "museum/002*", "--engine", BROKEN, "--json", "-").stdout)
    for failure in value["parts"][0]["failures"]:
        again = CliRunner().invoke(app, failure["replay"].split()[1:])
        assert again.exit_code == 1
        assert f"FAILED  {failure['name']}" in again.stdout


def test_json_on_standard_output_is_all_there_is_and_progress_is_on_standard_error() -> None:
    done = run("--only", "museum/00[12]*", "--json", "-")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["passed"] is True
    (line,) = done.stderr.splitlines()
    assert line.startswith("scenarios museum: 6 of 6 plays hold, ")


def test_counterexamples_go_where_they_are_asked_to(tmp_path: Path) -> None:
    done = run("--only", "states 1:1/three", "--engine", BROKEN, "--found", str(tmp_path / "here"))
    written = sorted((tmp_path / "here").glob("*.yaml"))
    assert done.exit_code == 1
    assert written
    assert f"replay  bidir scenario run {written[0]} --engine {BROKEN}" in done.stdout
    again = CliRunner().invoke(app, ["scenario", "run", str(written[0]), "--engine", BROKEN])
    assert again.exit_code == 1
    assert CliRunner().invoke(app, ["scenario", "run", str(written[0])]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shard", "3/2"], '--shard: "3/2" is not K/N with K from 1 to N, for example 2/4'),
        (["--shard", "half"], '--shard: "half" is not K/N'),
        (["--shard", "0/2"], "is not K/N"),
        (["--jobs", "2", "--lake", "serve"], "--jobs"),
        (
            ["--engine", "external", "--lake", "http://127.0.0.1:9", "--kill-table"],
            "mean nothing with --engine external",
        ),
        (["--profile", "quik"], 'Did you mean "quick"?'),
    ],
)
def test_what_makes_no_sense_is_told(arguments: list[str], said: str) -> None:
    done = run("--only", "nothing", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_shard_says_so_in_its_report() -> None:
    value = json.loads(run("--only", "museum/001*", "--shard", "2/4", "--json", "-").stdout)
    assert value["shard"] == "2/4"
    assert [part["name"] for part in value["parts"]] == ["scenarios museum"]


HOLDS = PartResult("prd", "t", 1500, "plays", seconds=1.25)
FAILS = PartResult("x", "t", 3, "runs", (Failure("f", "text"),), 0.5)


def told(*, terminal: bool) -> str:
    out = StringIO()
    progress = Progress(Console(file=out, force_terminal=terminal, width=60, highlight=False))
    with progress.shown():
        progress.at("prd")
        progress.ended(HOLDS)
        progress.at("x")
        progress.ended(FAILS)
    return out.getvalue()


def test_a_pipe_gets_a_line_per_part() -> None:
    assert told(terminal=False) == "prd: 1,500 of 1,500 plays hold, 1.2 s\nx: 2 of 3 runs hold, 0.5 s\n"


def test_a_terminal_gets_a_line_that_lives_and_a_lasting_one_per_failure() -> None:
    text = told(terminal=True)
    assert "x: 2 of 3 runs hold, 0.5 s" in text
    assert "1,500 of 1,500" not in text
