"""`lakesim query`: answers, tables, accounts, and one clear line for everything that is wrong."""

import json

import pytest
from typer.testing import CliRunner

from lakesim.cli import app

FILMS = [
    {"_id": "p1", "_type": "person", "name": "Ann"},
    {"_id": "f1", "_type": "film", "title": "Rope", "director": {"_ref": "p1"}},
    {"_id": "f2", "_type": "film", "title": "Fog", "director": {"_ref": "p1"}},
    {"_id": "drafts.f2", "_type": "film", "title": "The Fog", "director": {"_ref": "p1"}},
]


@pytest.fixture
def films(tmp_path):
    path = tmp_path / "films.ndjson"
    path.write_text("\n".join(json.dumps(film) for film in FILMS) + "\n", encoding="utf-8")
    return str(path)


def run(*arguments, text=None):
    return CliRunner().invoke(app, ["query", *arguments], input=text)


def test_json_output_is_one_line(films):
    done = run('*[_type == "film"].title', "--file", films, "--json")
    assert (done.exit_code, done.stdout) == (0, '["Rope","Fog","The Fog"]\n')


def test_the_default_is_indented_json(films):
    done = run('*[_id == $id][0]{"by": director->name}', "--file", films, "--param", 'id="f1"')
    assert json.loads(done.stdout) == {"by": "Ann"}
    assert "\n" in done.stdout.strip()


def test_a_table_has_a_row_per_object(films):
    done = run('*[_type == "film"]{title, director}', "--file", films, "--table")
    assert [name in done.stdout for name in ("title", "Rope", "Fog", '{"_ref":"p1"}')] == [True] * 4


def test_a_perspective_shows_drafts_over_published(films):
    done = run('*[_type == "film"] | order(title).title', "--file", films, "--perspective", "drafts", "--json")
    assert json.loads(done.stdout) == ["Rope", "The Fog"]


def test_explain_names_the_index_and_the_documents_looked_at(films):
    done = run('*[references("p1")]', "--file", films, "--explain")
    assert "index" in done.stdout
    assert "looked at 3 documents; the dataset has 4" in done.stdout


def test_standard_input_holds_the_documents():
    assert run("count(*)", "--file", "-", "--json", text='{"a":1}\n{"a":2}\n').stdout == "2\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cont(*)"], 'unknown function "cont". Did you mean "count"?'),
        (["*[a =="], "unexpected end-of-file"),
        (["*[_id == $id]"], "param $id referenced, but not provided"),
        (["*", "--param", "id=f1"], "the value is no JSON"),
        (["*", "--param", "id"], "write NAME=JSON"),
        (["*", "--perspective", "raw,drafts"], "raw"),
        (["*", "--url", "http://localhost:1"], "--url is not supported yet"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(films, arguments, told):
    done = run(*arguments, "--file", films)
    assert done.exit_code == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_line_is_named(tmp_path):
    path = tmp_path / "bad.ndjson"
    path.write_text('{"_id": "a"}\n{"_id": \n', encoding="utf-8")
    done = run("*", "--file", str(path))
    assert done.exit_code == 2
    assert "line 2" in done.stderr


def test_a_missing_file_is_named(tmp_path):
    done = run("*", "--file", str(tmp_path / "none.ndjson"))
    assert (done.exit_code, "none.ndjson" in done.stderr) == (2, True)


@pytest.mark.parametrize("command", ["import", "export"])
def test_what_is_not_done_is_refused_by_name(command):
    done = CliRunner().invoke(app, [command, "--port", "1"])
    assert done.exit_code == 2
    assert f"lakesim {command} is not supported yet" in done.stderr


@pytest.mark.parametrize("command", ["query", "serve", "exec", "import", "export"])
def test_every_help_shows_an_example(command):
    assert f"lakesim {command}" in CliRunner().invoke(app, [command, "--help"]).stdout
