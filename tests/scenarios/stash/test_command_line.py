"""`python -m stash_relations`: what a person types."""

import itertools
import json

import pytest
from stash_relations import SCHEMA_FILE, Library, module_text
from stash_relations.cli import app
from typer.testing import CliRunner

_numbers = itertools.count(1)


def typed(*arguments):
    done = CliRunner().invoke(app, list(arguments), env={"LAKESIM_URL": ""})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture
def run(served):
    """Type a command on a lake of this test alone; gives exit code, JSON lines, and standard error."""
    place = ["--url", served, "--project", f"stash-cli-{next(_numbers)}"]

    def run(*arguments):
        done = typed(*place, *arguments)
        return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return run


def test_the_verifications_hold_on_an_embedded_lake():
    done = typed("verify")
    assert done.exit_code == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "8 of 8 hold"
    assert [line[:3] for line in done.stdout.splitlines()[:-1]] == ["ok "] * 8


def test_the_verifications_hold_over_http(run):
    code, rows, _ = run("verify", "--json", "--only", "group", "--only", "bulk")
    assert (code, [(one["verification"], one["holds"], one["left"]) for one in rows]) == (
        0,
        [("group", True, []), ("bulk", True, [])],
    )


def test_an_evening_in_the_library(run):
    assert run("create", "studio", "--id", "x", "--set", "name=Blue Door")[0] == 0
    assert run("create", "gallery", "--id", "g", "--set", "title=1984")[1][0]["title"] == "1984"
    assert run("create", "scene", "--id", "s", "--set", 'gallery_ids=["g"]', "--set", "studio_id=x")[0] == 0
    assert run("show", "gallery", "g", "scenes")[1] == [{"id": "s", "label": None}]
    assert run("related", "studio", "x", "scenes", "--per-page", "1")[1] == [
        {"count": 1, "page": 1, "pages": 1, "items": [{"id": "s", "label": None}]}
    ]
    assert run("update", "scene", "s", "--set", "gallery_ids=[]", "--set", "title=Dawn")[1][0]["documentsWritten"] == 2
    assert run("show", "gallery", "g", "scenes")[1] == []
    assert run("create", "group", "--id", "a", "--set", "name=Series")[0] == 0
    assert (
        run("create", "group", "--id", "b", "--set", 'containing_groups=[{"group_id":"a","description":"one"}]')[0] == 0
    )
    assert run("show", "group", "a", "sub_groups")[1] == [{"id": "b", "label": None, "description": "one"}]
    assert run("destroy", "studio", "x")[1] == [{"documentsWritten": 2}]


def test_metadata_and_the_typed_module_need_no_lake(tmp_path):
    rows = [json.loads(line) for line in typed("metadata", "Scene").stdout.splitlines()]
    assert [one["relationship"] for one in rows] == ["studio", "galleries", "performers", "tags", "groups"]
    assert typed("generate").stdout == module_text(Library())
    assert typed("--schema", str(SCHEMA_FILE), "generate", "-o", str(tmp_path / "m.py")).exit_code == 0
    assert (tmp_path / "m.py").read_text(encoding="utf-8") == module_text(Library())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "scene", "nope", "galleries"], "there is no scene with the id nope"),
        (["create", "scen"], 'Did you mean "scene"'),
        (["create", "scene", "--set", "title"], '"title" is no pair'),
        (["verify", "--only", "grup"], 'there is no verification "grup"'),
        (["metadata", "Scen"], 'there is no type "Scen"'),
    ],
)
def test_bad_input_is_one_clear_line(run, arguments, said):
    code, lines, error = run(*arguments)
    assert (code, lines, error.count("\n")) == (2, [], 1)
    assert said in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "scene", "s", "galleries"], "Give --url"),
        (["--schema", "nowhere.yaml", "generate"], "nowhere.yaml: cannot read the schema"),
    ],
)
def test_without_a_lake_or_a_schema_it_says_so(arguments, said):
    done = typed(*arguments)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr
