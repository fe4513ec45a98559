"""`--engine external` on the command line: what it needs is said in one line, and a case can be judged again."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bidir.backends import HttpBackend
from bidir.cli import app
from bidir.cli.external import USUAL, judge_from_outside
from bidir.conformance.external.quiet import Patience
from bidir.conformance.suite import SuiteOptions
from lakesim.lake import Dataset

ROOT = Path(__file__).parents[4] / "scenarios"
NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ([], "an external engine works on a lake somewhere: say where with --lake URL"),
        (["--lake", "serve"], "say where with --lake URL"),
        (["--lake", NOWHERE, "--bound", "0.5"], "--bound 0.5 is shorter than --quiescence 1"),
        (["--lake", NOWHERE, "--schema", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_what_is_missing_is_one_line(options: list[str], text: str) -> None:
    result = CliRunner().invoke(app, ["conformance", "--engine", "external", *options])
    assert result.exit_code == 2
    assert text in result.stderr
    assert "Traceback" not in result.stderr


def test_a_dataset_in_use_is_refused(lake_server: str, dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": "b7", "_type": "book"}}])
    result = CliRunner().invoke(
        app, ["conformance", "--engine", "external", "--lake", lake_server, "--project", "p", "--token", "secret"]
    )
    assert result.exit_code == 2
    assert "holds 1 documents of the types author, book (b7)" in result.stderr
    assert "secret" not in result.output
    assert [one["_id"] for one in dataset.documents()] == ["b7"]


def test_nobody_at_work_fails_and_each_case_says_how_to_judge_it_again(lake_server: str, dataset: Dataset) -> None:
    report = judge_from_outside(
        SuiteOptions("external", only="museum/001*", scenarios=ROOT, lake=lake_server),
        schema=None,
        project="p",
        dataset="production",
        token="",
        patience=Patience(0.05, 5.0),
        on_case=lambda name: None,
    )
    assert not report.passed
    failure = report.parts[0].failures[0]
    assert "I1 symmetry" in failure.text
    assert failure.replay == (
        f"bidir conformance --engine external --lake {lake_server} --project p --quiescence 0.05 --bound 5"
        " --only museum/001-replace-free-target"
    )
    assert list(dataset.documents()) == []
    with HttpBackend(lake_server, project="p", dataset="production") as backend:
        assert backend.query("count(*)", {}) == 0


def test_the_usual_patience_is_a_second() -> None:
    assert (USUAL.quiescence, USUAL.bound) == (1.0, 30.0)
