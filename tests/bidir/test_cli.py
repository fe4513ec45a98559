"""The command line: exit codes, help with examples, bad input as one line, data and progress apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bidir.cli import app

SCENARIO = """
title: Set
why: Because
source: test
relations: [book.author <-> author.currentBook]
layers: [published, drafts]
given: {documents: {b1: book, a1: author}}
when: [{set: {b1.author: -> a1}}]
then: {documents: {b1: {author: -> a1}, a1: {currentBook: %s}}}
"""

SCHEMA = """
- name: book
  type: document
  fields:
    - {name: author, type: reference, to: [{type: author}], bidirectional: {targetField: books}}
- name: author
  type: document
  fields:
    - {name: books, type: array, of: [{type: reference, to: [{type: book}]}]}
"""


@pytest.fixture
def run() -> object:
    runner = CliRunner()

    def invoke(*arguments: object) -> Result:
        return runner.invoke(app, [str(one) for one in arguments])

    return invoke


@pytest.fixture
def right(tmp_path: Path) -> Path:
    path = tmp_path / "right.yaml"
    path.write_text(SCENARIO % "-> b1")
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.yaml"
    path.write_text(SCENARIO % "null")
    return path


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "schema.yaml"
    path.write_text(SCHEMA)
    return path


def ndjson(path: Path, *documents: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in documents))
    return path


def book(name: str, author: str | None = None) -> dict[str, object]:
    field = {} if author is None else {"author": {"_type": "reference", "_ref": author}}
    return {"_id": name, "_type": "book", "title": f"Book {name}", **field}


def author(name: str) -> dict[str, object]:
    return {"_id": name, "_type": "author", "name": name}


@pytest.fixture
def one_sided(tmp_path: Path) -> Path:
    return ndjson(tmp_path / "data.ndjson", author("a1"), book("b1", "a1"), book("b2", "a1"), book("b3"))


COMMANDS = [
    ("conformance",),
    ("scenario", "run"),
    ("scenario", "schema"),
    ("audit",),
    ("repair",),
    ("pending",),
    ("follow",),
    ("explain",),
    ("demo",),
    ("check-states",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_every_command_shows_an_example_of_it(run, command) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    examples = result.stdout.split("Example", 1)[1]
    assert f"  bidir {' '.join(command)}" in examples


def test_no_command_is_missing_from_the_list_above() -> None:
    names = {command.name for command in app.registered_commands} | {
        f"{group.name} {command.name}"
        for group in app.registered_groups
        for command in group.typer_instance.registered_commands
    }
    assert names == {" ".join(command) for command in COMMANDS}


def test_without_a_command_the_help_is_shown(run) -> None:
    assert "Commands:" in run().output


class TestScenarioRun:
    def test_what_holds_is_counted_and_named_if_asked(self, run, right) -> None:
        result = run("scenario", "run", right)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "2 of 2 plays hold\n", "")
        told = run("scenario", "run", right, "--verbose").stdout.splitlines()
        assert [line.rsplit("/", 1)[1] for line in told[:2]] == ["right [published]", "right [drafts]"]

    def test_what_does_not_hold_is_shown(self, run, right, wrong) -> None:
        result = run("scenario", "run", right, wrong)
        assert result.exit_code == 1
        assert result.stdout.endswith("2 of 4 plays hold, 2 do not\n")
        assert "expected  no link (absent, null or [])\n      got       ~> b1\n" in result.stdout
        assert f"replay  bidir scenario run {wrong} --layer drafts\n" in result.stdout

    def test_one_layer_alone(self, run, right, wrong) -> None:
        assert run("scenario", "run", right, "--layer", "drafts").stdout == "1 of 1 plays hold\n"
        result = run("scenario", "run", right, "--layer", "drafts-over-published")
        assert (result.exit_code, "leave --layer out" in result.stderr) == (2, True)

    def test_json_has_one_object_per_play(self, run, wrong) -> None:
        lines = [json.loads(line) for line in run("scenario", "run", wrong, "--json").stdout.splitlines()]
        assert [line["layer"] for line in lines] == ["published", "drafts"]
        assert lines[0]["findings"][0]["what"] == "a1.currentBook"
        assert lines[0]["passed"] is False

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--layer", "draft"], 'no layer "draft". Did you mean "drafts"?'),
            (["--engine", "bidir.engine:Engin"], 'Did you mean "Engine"?'),
            (["--engine", "nowhere:Engine"], "cannot be imported"),
            (["--engine", "external"], "bidir conformance --engine external --lake URL"),
            (["--backend", "memroy"], 'no lake "memroy"'),
        ],
    )
    def test_bad_options(self, run, right, options, message) -> None:
        result = run("scenario", "run", right, *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr

    def test_bad_files_are_told_line_by_line_and_nothing_is_played(self, run, right, tmp_path) -> None:
        bad = tmp_path / "bad.yaml"
        bad.write_text("title: x\nwhy: y\nsauce: z\nrelations: [x]\nthen: {}\n")
        result = run("scenario", "run", right, bad)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.splitlines() == [
            f"error: {bad}:1: `source` is missing",
            f'error: {bad}:3: unknown key `sauce`. Did you mean "source"?',
        ]

    def test_missing_files_and_missing_arguments(self, run, tmp_path) -> None:
        result = run("scenario", "run", tmp_path / "none.yaml")
        assert (result.exit_code, "no such file or folder" in result.stderr) == (2, True)
        assert run("scenario", "run").exit_code == 2


def test_the_format_schema_goes_to_standard_output_or_a_file(run, tmp_path) -> None:
    printed = run("scenario", "schema")
    assert json.loads(printed.stdout)["title"] == "Scenario"
    path = tmp_path / "schema.json"
    assert run("scenario", "schema", "--output", path).stdout == ""
    assert path.read_text() == printed.stdout


class TestConformance:
    @pytest.fixture
    def folder(self, tmp_path, right) -> Path:
        (tmp_path / "scenarios" / "prd").mkdir(parents=True)
        (tmp_path / "scenarios" / "prd" / "right.yaml").write_text(right.read_text())
        return tmp_path / "scenarios"

    def test_a_good_run(self, run, folder, tmp_path) -> None:
        files = ["--json", tmp_path / "out" / "r.json", "--junit", tmp_path / "out" / "r.xml"]
        result = run("conformance", "--scenarios", folder, "--only", "prd/*", *files)
        assert result.exit_code == 0, result.output
        assert "All 2 checks hold" in result.stdout
        assert json.loads((tmp_path / "out" / "r.json").read_text())["passed"] is True
        assert "<testsuites" in (tmp_path / "out" / "r.xml").read_text()

    def test_a_bad_run(self, run, folder, wrong) -> None:
        (folder / "prd" / "wrong.yaml").write_text(wrong.read_text())
        result = run("conformance", "--scenarios", folder, "--only", "prd/*")
        assert result.exit_code == 1
        assert "2 of 4 checks fail" in result.stdout
        assert f"bidir scenario run {folder / 'prd' / 'wrong.yaml'} --layer drafts" in result.stdout

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--lake", "memroy"], 'no lake "memroy"'),
            (["--profile", "quik"], '"quik" is none of quick, default, deep. Did you mean "quick"?'),
            (["--scenarios", "/nowhere/at/all"], "is no folder"),
            (["--engine", "bidir"], 'an engine is named "module:factory"'),
        ],
    )
    def test_bad_options(self, run, options, message) -> None:
        result = run("conformance", *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr

    def test_a_pattern_that_selects_nothing_is_no_success(self, run, folder) -> None:
        result = run("conformance", "--scenarios", folder, "--only", "nothing")
        assert (result.exit_code, "Nothing was checked" in result.stdout) == (1, True)


class TestAudit:
    def test_violations_are_counted_by_kind_and_relation(self, run, schema, one_sided) -> None:
        before = one_sided.read_bytes()
        result = run("audit", schema, "--file", one_sided)
        assert result.exit_code == 1
        row = next(line for line in result.stdout.splitlines() if line.startswith("one-sided"))
        assert row.split()[:3] == ["one-sided", "book.author", "2"]
        assert result.stdout.endswith("2 violations in 4 documents.\n")
        assert one_sided.read_bytes() == before

    def test_json_lists_all_of_them(self, run, schema, one_sided) -> None:
        result = run("audit", schema, "--file", one_sided, "--json")
        assert result.exit_code == 1
        found = [json.loads(line) for line in result.stdout.splitlines()]
        assert sorted((one["kind"], one["source"], one["target"]) for one in found) == [
            ("one-sided", "b1", "a1"),
            ("one-sided", "b2", "a1"),
        ]

    def test_examples_are_bounded(self, run, schema, one_sided) -> None:
        assert run("audit", schema, "--file", one_sided, "--examples", 1).stdout.count("b2") == 0

    def test_a_clean_dataset(self, run, schema, tmp_path) -> None:
        result = run("audit", schema, "--file", ndjson(tmp_path / "clean.ndjson", author("a1")))
        assert (result.exit_code, result.stdout) == (0, "No violations in 1 document.\n")


class TestRepair:
    def test_a_dry_run_changes_nothing(self, run, schema, one_sided) -> None:
        before = one_sided.read_bytes()
        result = run("repair", schema, "--file", one_sided, "--dry-run")
        assert result.exit_code == 1
        assert "1 document would be written; nothing was changed." in result.stdout
        assert one_sided.read_bytes() == before

    def test_the_repaired_dataset_is_written_and_a_second_repair_writes_nothing(
        self, run, schema, one_sided, tmp_path
    ) -> None:
        output = tmp_path / "repaired.ndjson"
        result = run("repair", schema, "--file", one_sided, "--output", output)
        assert result.exit_code == 0, result.output
        assert "1 document written in 1 transaction." in result.stdout
        documents = {one["_id"]: one for one in map(json.loads, output.read_text().splitlines())}
        assert [item["_ref"] for item in documents["a1"]["books"]] == ["b1", "b2"]
        assert documents["b3"]["title"] == "Book b3"
        again = run("repair", schema, "--file", output, "--in-place", "--json")
        assert (again.exit_code, json.loads(again.stdout)["writes"]) == (0, 0)
        assert run("audit", schema, "--file", output).exit_code == 0

    def test_in_place(self, run, schema, one_sided) -> None:
        assert run("repair", schema, "--file", one_sided, "--in-place").exit_code == 0
        assert run("audit", schema, "--file", one_sided).exit_code == 0

    def test_progress_goes_to_standard_error(self, run, schema, one_sided) -> None:
        result = run("repair", schema, "--file", one_sided, "--in-place")
        assert "repairing" in result.stderr
        assert "repairing" not in result.stdout

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ([], "say where the repaired dataset goes"),
            (["--output", "x", "--in-place"], "say where the repaired dataset goes"),
            (["--dry-run", "--in-place"], "--dry-run writes nothing"),
            (["--dry-run", "--output", "x"], "--dry-run writes nothing"),
        ],
    )
    def test_it_must_be_said_where_the_result_goes(self, run, schema, one_sided, options, message) -> None:
        before = one_sided.read_bytes()
        result = run("repair", schema, "--file", one_sided, *options)
        assert (result.exit_code, result.stdout) == (2, "")
        assert message in result.stderr
        assert one_sided.read_bytes() == before


@pytest.mark.parametrize("command", [["audit"], ["repair", "--dry-run"]], ids=" ".join)
class TestBadDatasets:
    def test_no_dataset(self, run, schema, command) -> None:
        result = run(*command, schema)
        assert (result.exit_code, "needs a dataset: --file" in result.stderr) == (2, True)

    def test_two_datasets(self, run, schema, command, one_sided) -> None:
        result = run(*command, schema, "--url", "http://localhost:3333", "--file", one_sided)
        assert (result.exit_code, "--file or --url, not both" in result.stderr) == (2, True)

    def test_a_missing_file(self, run, schema, command, tmp_path) -> None:
        result = run(*command, schema, "--file", tmp_path / "none.ndjson")
        assert result.exit_code == 2
        assert result.stderr == f"error: {tmp_path / 'none.ndjson'}: No such file or directory\n"

    def test_a_missing_schema(self, run, command, one_sided, tmp_path) -> None:
        result = run(*command, tmp_path / "none.yaml", "--file", one_sided)
        assert result.exit_code == 2
        assert "none.yaml" in result.stderr
        assert "Traceback" not in result.stderr

    def test_a_misspelt_field_in_the_schema(self, run, command, one_sided, schema) -> None:
        schema.write_text(SCHEMA.replace("targetField: books", "targetField: boks"))
        result = run(*command, schema, "--file", one_sided)
        assert result.exit_code == 2
        assert 'Did you mean "books"?' in result.stderr

    def test_a_line_that_is_no_document(self, run, schema, command, one_sided) -> None:
        one_sided.write_text(one_sided.read_text() + '{"_id": "x", \n')
        result = run(*command, schema, "--file", one_sided)
        assert result.exit_code == 2
        assert "line 5" in result.stderr
        assert len(result.stderr.splitlines()) == 1
