"""`bidir audit --stream` answers as `bidir audit` does, and large files are streamed without being asked."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bidir.cli import app, audit

FILMS = Path(__file__).parents[3] / "benchmarks" / "data"


def run(*arguments):
    return CliRunner().invoke(app, ["audit", *map(str, arguments)])


@pytest.fixture(scope="module")
def films():
    return FILMS / "films-schema.yaml", "--file", FILMS / "films.ndjson"


@pytest.mark.parametrize("form", [["--json"], ["--notes"], ["--examples", 2]], ids=lambda form: form[0])
def test_the_same_lines_either_way(films, form):
    in_memory, streamed = run(*films, *form), run(*films, *form, "--stream")
    assert streamed.exit_code == in_memory.exit_code == 1
    assert streamed.stdout == in_memory.stdout
    assert streamed.stderr == ""


def test_large_files_are_streamed(films, monkeypatch):
    def never(*_arguments, **_options):
        raise AssertionError("a large file was read into memory")

    monkeypatch.setattr(audit, "open_dataset", never)
    monkeypatch.setattr(audit, "STREAM_BYTES", films[2].stat().st_size)
    assert run(*films).exit_code == 1


def test_a_bad_line_is_one_line_on_standard_error(films, written):
    result = run(films[0], "--stream", "--file", written([{"_id": "a", "_type": "film"}, b'{"_id": "b"}\n']))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: line 2: the document has no _type; every document of an export has one, a string\n"
