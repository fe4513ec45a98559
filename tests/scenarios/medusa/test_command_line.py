"""`python -m medusa_sync`: what a person types, against a served lake and a shop in a file."""

import itertools
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from medusa_sync import Commerce, Database
from medusa_sync.cli import app
from typer.testing import CliRunner

FOLDER = Path(__file__).parents[3] / "scenarios" / "medusa"

_numbers = itertools.count(1)


@pytest.fixture
def run(served, tmp_path):
    """Type a command; gives exit code, lines of standard output, and standard error."""
    project = f"cli-{next(_numbers)}"
    places = ["--db", str(tmp_path / "shop.sqlite"), "--url", served, "--project", project]

    def run(*arguments, first=()):
        done = CliRunner().invoke(app, [*places, *first, *arguments])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout.splitlines(), done.stderr

    return run


def test_a_day_in_the_shop(run):
    assert run("product", "add", "prod_1", "Shirt", "--price", "2999")[1] == ["product.created prod_1"]
    assert run("product", "fill", "3")[0] == 0
    code, lines, _ = run("status", "prod_1")
    assert (code, json.loads(lines[0])["reason"]) == (1, "there is no document")

    code, lines, timelines = run("work", "--once")
    assert (code, [json.loads(line)["result"]["created"] for line in lines]) == (0, [1, 1, 1, 1])
    assert timelines.count("completed") == 4
    assert run("work", "--once")[1] == []

    code, lines, _ = run("sync")
    assert json.loads(lines[0]) | {"requests": {}} == {
        "total": 4,
        "created": 0,
        "updated": 0,
        "unchanged": 4,
        "missing": [],
        "failures": {},
        "batches": 1,
        "status": "done",
        "requests": {},
    }
    code, lines, _ = run("recommend", "prod_1", "prod_00001")
    assert json.loads(lines[0])["recommendedBy"] == [{"_id": "prod_1", "title": "Shirt"}]
    code, lines, _ = run("page", "shirt")
    assert [one["title"] for one in json.loads(lines[0])["addons"]] == ["Product 1"]

    run("product", "rename", "prod_00002", "New")
    for product_id in ("prod_00001", "prod_00003"):
        run("product", "remove", product_id)
    code, lines, _ = run("reconcile", "--dry-run")
    assert (code, json.loads(lines[0])["differing"]) == (1, {"prod_00002": {"shop": "New", "lake": "Product 2"}})
    assert run("reconcile")[0] == 1
    code, lines, _ = run("orphans")
    assert (code, [json.loads(line)["productId"] for line in lines]) == (1, ["prod_00001", "prod_00003"])
    code, lines, _ = run("orphans", "--remove")
    assert [json.loads(line).get("fate") for line in lines] == ["kept", "removed", None]
    assert run("orphans", "--unlink")[0] == 0
    assert run("reconcile")[0] == 0
    assert run("status", "prod_00002", "--sync")[0] == 0
    assert run("page", "product-1") == (1, ["null"], "")
    assert run("runs")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status", "prod_x"], "there is no product prod_x"),
        (["status", "a b"], "letters, digits, _ and - are right"),
        (["product", "rename", "prod_x", "New"], "there is no product prod_x"),
        (["product", "add", "drafts.a", "T"], "dots would make it a draft"),
        (["product", "add", "a", " "], "a text that is not empty"),
        (["work", "--once", "--deletes", "kep"], 'Did you mean "keep"?'),
        (["orphans", "--remove", "--unlink"], "exclude each other"),
        (["recommend", "prod_x", "prod_y"], "sync the product first"),
        (["sync", "../etc"], "letters, digits, _ and - are right"),
    ],
)
def test_bad_input_is_one_clear_line(run, arguments, said):
    code, lines, errors = run(*arguments)
    assert (code, lines, errors.count("\n")) == (2, [], 1)
    assert said in errors


def test_without_a_lake_it_says_where_to_name_one(run):
    code, _, errors = run("sync", first=("--url", ""))
    assert code == 2
    assert "--url http://127.0.0.1:3333" in errors


def test_a_lake_that_is_not_there_is_reported_and_loses_nothing(run, monkeypatch):
    monkeypatch.setattr("medusa_sync.pace.MachinePace.wait", lambda self, seconds: None)
    run("product", "add", "prod_1", "Shirt")
    code, lines, _ = run("work", "--once", first=("--url", "http://127.0.0.1:1"))
    assert (code, json.loads(lines[0])["status"]) == (1, "failed")
    code, lines, _ = run("work", "--once")
    assert (code, json.loads(lines[0])["status"]) == (0, "done")
    assert run("runs")[0] == 1


def test_a_file_that_is_no_database(run, tmp_path):
    (tmp_path / "notes.txt").write_text(
        "These are notes, and much longer than the header of a database file would be. " * 20
    )
    code, _, errors = run("product", "fill", "1", first=("--db", str(tmp_path / "notes.txt")))
    assert code == 2
    assert "name a SQLite file" in errors


def test_every_command_has_an_example():
    def commands(group, path):
        for name, one in group.commands.items():
            if hasattr(one, "commands"):
                yield from commands(one, [*path, name])
            else:
                yield " ".join([*path, name]), one.help

    for name, text in commands(typer.main.get_command(app), ["medusa_sync"]):
        assert "Example" in text, name
        assert name.removeprefix("medusa_sync ") in text


def test_the_worker_goes_on_until_it_is_told_to_stop(served, tmp_path):
    places = ["--db", str(tmp_path / "shop.sqlite"), "--url", served, "--project", f"cli-{next(_numbers)}"]
    with subprocess.Popen(
        [sys.executable, "-m", "medusa_sync", *places, "work", "--poll", "0.05"],
        cwd=FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as worker:
        with Database(tmp_path / "shop.sqlite") as database:
            Commerce(database).create_product("prod_1", "Shirt")
        assert json.loads(worker.stdout.readline())["result"]["created"] == 1
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=20) == 0


def test_the_readme_names_commands_that_exist_and_its_example_runs(tmp_path, monkeypatch):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^python -m medusa_sync (.*?)(?:  +#.*)?$", text, re.MULTILINE)
    known = typer.main.get_command(app).commands
    assert {line.split()[0] for line in named} == set(known)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    assert (names["outcome"].status, names["outcome"].total) == ("done", 1)


def test_a_product_that_the_shop_does_not_have_is_said(run):
    code, lines, _ = run("sync", "prod_x")
    assert (code, json.loads(lines[0])["missing"]) == (1, ["prod_x"])
