"""`python -m codex_fields`: what a person types, against a served lake."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from codex_fields.cli import app
from typer.testing import CliRunner

FOLDER = Path(__file__).parents[3] / "scenarios" / "codex"
_numbers = itertools.count(1)


@pytest.fixture
def place(served):
    return ["--url", served, "--project", f"codex-cli-{next(_numbers)}"]


@pytest.fixture
def run(place):
    """Type a command; gives exit code, JSON lines of standard output, and standard error."""

    def run(*arguments):
        done = CliRunner().invoke(app, [*place, *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return run


def test_an_afternoon(run):
    assert run("create", "string-codex", "Alice", "--id", "string-001")[1] == [{"id": "string-001"}]
    assert run("create", "character", "Alice", "--id", "alice", "--set", "name=string-001", "--set", "age=30")[0] == 0
    assert run("create", "character", "Bob", "--id", "bob", "--set", "name=string-001")[0] == 0
    ((link,), _) = run("link", "alice", "mentor", "bob", "--strength", "0.8", "--meta", "since=1890")[1:]
    assert (link["targetId"], link["strength"], link["metadata"]) == ("bob", 0.8, {"since": 1890})
    code, _, said = run("link", "bob", "mentor", "alice")
    assert (code, said) == (
        2,
        "error: character.mentor: this would create a circular reference: bob → alice → bob\n",
    )
    ((made,), _) = run("new", "alice", "name", "1984")[1:]
    assert made["codex"]["title"] == "1984"
    assert run("create", "scene", "The duel", "--id", "duel", "--set", 'cast=["alice","bob"]')[0] == 0
    assert [one["targetId"] for one in run("reorder", "duel", "cast", "bob", "alice")[1]] == ["bob", "alice"]
    assert [one["sourceId"] for one in run("show", "bob", "--incoming")[1]] == ["alice", "duel"]
    assert [one["id"] for one in run("pick", "scene.cast", "--search", "al")[1]] == ["alice"]
    assert run("unlink", "duel", "cast", "bob")[0] == 0
    assert run("delete", "bob")[1] == [{"documentsWritten": 3}]
    assert run("check")[:2] == (0, [])
    assert run("delete", "alice", "--force")[0] == 0
    assert [one["code"] for one in run("check")[1]] == ["min-items"]
    assert run("schema")[1][0]["types"][0]["name"] == "string-codex"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create", "charactr", "X"], 'Did you mean "character"'),
        (["create", "character", "X", "--set", "name"], '"name" is no pair'),
        (["show", "nobody"], 'there is no codex "nobody"'),
        (["new", "nobody", "name", "X"], 'there is no codex "nobody"'),
    ],
)
def test_bad_input_is_one_clear_line(run, arguments, said):
    code, lines, error = run(*arguments)
    assert (code, lines, error.count("\n")) == (2, [], 1)
    assert said in error


def test_without_a_lake_it_says_where_to_put_one():
    done = CliRunner().invoke(app, ["check"], env={"LAKESIM_URL": ""})
    assert done.exit_code == 2
    assert "Give --url" in done.stderr


def test_watching_tells_what_others_do(run, place):
    run("create", "string-codex", "Alice", "--id", "s")
    run("create", "string-codex", "Bob", "--id", "t")
    run("create", "character", "Alice", "--id", "alice", "--set", "name=s")
    command = [sys.executable, "-m", "codex_fields", *place, "watch", "--events", "2"]
    with subprocess.Popen(
        command, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as watcher:
        assert watcher.stderr.readline() == "watching\n"
        run("link", "alice", "name", "t")
        lines = [json.loads(one) for one in watcher.stdout.read().splitlines()]
        assert watcher.wait(30) == 0
    assert [(one["event"], one["targetId"]) for one in lines] == [
        ("relationship:removed", "s"),
        ("relationship:created", "t"),
    ]
