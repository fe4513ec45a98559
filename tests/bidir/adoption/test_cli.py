"""`bidir audit --stream` answers as `bidir audit` does, and large files are streamed without being asked."""

import errno
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bidir.cli import app, audit

FILMS = Path(__file__).parents[3] / "benchmarks" / "data"
FILMS_KEPT = 200


def run(*arguments):
    return CliRunner().invoke(app, ["audit", *map(str, arguments)])


@pytest.fixture(scope="module")
def films():
    return FILMS / "films-schema.yaml", "--file", FILMS / "films.ndjson"


@pytest.fixture(scope="module")
def some_films(films, tmp_path_factory):
    """A part of the films with all that they name: much to repair, and soon repaired."""
    lines = films[2].read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if b'"_type":"film"' in line][:FILMS_KEPT]
    named = {name for line in kept for name in re.findall(rb'"_ref":"([^"]+)"', line)}
    path = tmp_path_factory.mktemp("films") / "films.ndjson"
    path.write_bytes(b"".join([line for line in lines if json.loads(line)["_id"].encode() in named] + kept))
    return films[0], "--file", path


@pytest.mark.parametrize("form", [["--json"], ["--notes"], ["--examples", 2]], ids=lambda form: form[0])
def test_the_same_lines_either_way(some_films, form):
    in_memory, streamed = run(*some_films, *form), run(*some_films, *form, "--stream")
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


def repair(*arguments):
    return CliRunner().invoke(app, ["repair", *map(str, arguments)])


@pytest.mark.parametrize("how", [[], ["--stream"]], ids=["memory", "disk"])
def test_where_nothing_can_be_written_nothing_is_begun(films, how, tmp_path):
    """A misspelt directory was told after the whole repair, by the name of a file that nobody had asked for."""
    gone = repair(*films, "--output", tmp_path / "gone" / "out.ndjson", *how)
    assert (gone.exit_code, gone.stderr) == (
        2,
        f"error: {tmp_path / 'gone'}: there is no such directory for --output\n",
    )
    there = repair(*films, "--output", tmp_path, *how)
    assert (there.exit_code, there.stderr) == (
        2,
        f"error: {tmp_path} is a directory; --output names the file to write\n",
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", [[], ["--stream"]], ids=["memory", "disk"])
@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"_type": "film"}\n', "line 2: the document has no _id"),
        (b'{"_id": "b", "_ty', "line 2: column 18"),
        (b"\x1f\x8b\x08\n", "line 2: "),
    ],
    ids=["no id", "cut off", "packed"],
)
def test_a_file_that_is_no_export_is_told_by_its_line(films, written, how, line, told):
    """Without `--stream` a document without id was given one, and a repaired file held it under that."""
    result = run(films[0], "--file", written([{"_id": "a", "_type": "film"}, line]), *how)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("how", [[], ["--stream"]], ids=["memory", "disk"])
def test_a_full_disk_leaves_the_old_file(some_films, how, tmp_path, monkeypatch):
    """The file that was named was the one copied from, on a disk that had room."""
    output = tmp_path / "out.ndjson"
    output.write_text("as it was")

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere else")

    monkeypatch.setattr("os.replace", full)
    result = repair(*some_films, "--output", output, *how)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"error: {output}: No space left on device"
    assert ([one.name for one in tmp_path.iterdir()], output.read_text()) == (["out.ndjson"], "as it was")
