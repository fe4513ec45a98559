"""The commands that work on a lake over HTTP: audit, repair, pending, explain, follow; and judging on one."""

import json
import os
import signal
import subprocess
import sys
from threading import Event, Thread

import pytest
from typer.testing import CliRunner

from bidir.cli import app
from bidir.cli.cursor import CursorError, FileCursor
from bidir.cli.follow import _Teller
from bidir.outcome import Outcome
from lakesim import Lake
from lakesim.server.access import Access, parse_token
from lakesim.server.projects import Projects
from lakesim.server.runner import serving

SECONDS_MAX = 30.0
DEEP = pytest.mark.skipif(os.environ.get("LAKESIM_PROFILE") != "deep", reason="the same again; LAKESIM_PROFILE=deep")
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

SINGLE = """
- name: book
  type: document
  fields:
    - {name: author, type: reference, to: [{type: author}], bidirectional: {targetField: book}}
- name: author
  type: document
  fields:
    - {name: book, type: reference, to: [{type: book}]}
"""


def create(document_id, kind, **fields):
    return {"create": {"_id": document_id, "_type": kind, **fields}}


def pointer(target, **more):
    return {"_type": "reference", "_ref": target, **more}


@pytest.fixture
def run(monkeypatch):
    for name in ("LAKESIM_TOKEN", "SANITY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return lambda *arguments, **environment: CliRunner().invoke(app, [str(one) for one in arguments], env=environment)


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "schema.yaml"
    path.write_text(SCHEMA)
    return path


@pytest.fixture
def one_sided(dataset):
    dataset.mutate([create("a1", "author"), create("b1", "book", author=pointer("a1")), create("b2", "book")])
    return dataset


@pytest.fixture
def there(one_sided, lake_server):
    """The options that name a lake on which one half is missing."""
    return "--url", lake_server


# --------------------------------------------------------------------------------------------------- audit and repair


def test_an_audit_finds_what_is_one_sided(run, schema, there):
    result = run("audit", schema, *there)
    assert result.exit_code == 1
    assert "b1: book.author points at a1, author.books does not point back" in result.stdout
    assert result.stdout.endswith("1 violation in 3 documents.\n")
    (line,) = run("audit", schema, *there, "--json").stdout.splitlines()
    assert json.loads(line)["kind"] == "one-sided"


def test_a_repair_looks_first_then_writes_and_then_finds_nothing(run, schema, there, one_sided):
    look = run("repair", schema, *there, "--dry-run")
    assert (look.exit_code, "1 document would be written; nothing was changed." in look.stdout) == (1, True)
    assert "books" not in one_sided.get("a1")
    done = run("repair", schema, *there)
    assert (done.exit_code, "1 document written in 1 transaction." in done.stdout) == (0, True)
    assert [item["_ref"] for item in one_sided.get("a1")["books"]] == ["b1"]
    again = run("repair", schema, *there, "--json")
    assert json.loads(again.stdout)["writes"] == 0
    assert run("audit", schema, *there).stdout == "No violations in 3 documents.\n"


def test_on_disk_an_audit_and_a_repair_of_a_lake_say_and_do_the_same(run, schema, there, one_sided):
    """`--stream` used to be for files alone, so that a lake larger than memory had to be exported by hand."""
    one_sided.mutate([create("drafts.b2", "book", author=pointer("a1"), text="unfinished")])
    told = run("audit", schema, *there)
    assert run("audit", schema, *there, "--stream").stdout == told.stdout
    look = run("repair", schema, *there, "--stream", "--dry-run")
    assert (look.exit_code, "2 documents would be written; nothing was changed." in look.stdout) == (1, True)
    done = run("repair", schema, *there, "--stream")
    assert (done.exit_code, "2 documents written in 1 transaction." in done.stdout) == (0, True), done.output
    assert [item["_ref"] for item in one_sided.get("a1")["books"]] == ["b1"]
    assert [item["_ref"] for item in one_sided.get("drafts.a1")["books"]] == ["b1", "b2"]
    assert one_sided.get("a1")["_rev"].startswith("bidir.book.author.")
    assert json.loads(run("repair", schema, *there, "--stream", "--json").stdout)["writes"] == 0
    assert run("audit", schema, *there, "--stream").stdout == "No violations in 5 documents.\n"


BAD = {
    "no scheme": (["--url", "127.0.0.1:3333"], "http://127.0.0.1:3333"),
    "nobody there": (["--url", "http://127.0.0.1:9"], "no lake can be reached at http://127.0.0.1:9"),
    "a file for a lake": (["--url", "http://127.0.0.1:9", "--in-place"], "go with --file"),
    "nobody there to stream from": (["--url", "http://127.0.0.1:9", "--stream"], "no lake can be reached at"),
    "old version": (["--url", "http://127.0.0.1:9", "--api-version", "v1"], "no API version"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_one_clear_line(run, schema, name):
    options, said = BAD[name]
    result = run("repair", schema, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert [line for line in result.stderr.splitlines() if line][-1].startswith("error: ")


def test_a_dataset_that_is_not_there(run, schema, there):
    result = run("audit", schema, *there, "--dataset", "stagging")
    assert (result.exit_code, 'Dataset "stagging" not found' in result.stderr) == (2, True)


def test_a_token_is_taken_from_the_environment_and_never_shown(run, schema):
    access = Access([parse_token("sk-right")])
    with serving(Projects(lambda project_id: Lake(seed=0, project_id=project_id)), access) as url:
        assert run("audit", schema, "--url", url, LAKESIM_TOKEN="sk-right").exit_code == 0
        assert run("audit", schema, "--url", url, SANITY_TOKEN="sk-right").exit_code == 0
        assert run("audit", schema, "--url", url, "--token", "sk-right", SANITY_TOKEN="sk-wrong").exit_code == 0
        for result in (
            run("audit", schema, "--url", url, LAKESIM_TOKEN="sk-wrong"),
            run("follow", schema, "--url", url, "--token", "sk-wrong"),
        ):
            assert (result.exit_code, "Session not found" in result.stderr) == (2, True)
            assert "sk-" not in result.output
        assert "sk-right" not in run("audit", "--help", LAKESIM_TOKEN="sk-right").output


# --------------------------------------------------------------------------------------------------- repair on disk


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "data.ndjson"
    documents = [
        {"_id": "a1", "_type": "author"},
        {"_id": "b1", "_type": "book", "author": pointer("a1")},
        {"_id": "b2", "_type": "book", "author": pointer("a1")},
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in documents))
    return path


def test_a_repair_on_disk_says_and_writes_what_one_in_memory_does(run, schema, export, tmp_path):
    streamed, plain = tmp_path / "streamed.ndjson", tmp_path / "plain.ndjson"
    told = run("repair", schema, "--file", export, "--stream", "-o", streamed)
    assert (told.exit_code, "1 document of 3 written." in told.stdout) == (0, True)
    assert run("repair", schema, "--file", export, "-o", plain).exit_code == 0

    def books(path):
        found = {one["_id"]: one for one in map(json.loads, path.read_text().splitlines())}
        return found["a1"]["books"], sorted(found)

    assert books(streamed) == books(plain)
    look = run("repair", schema, "--file", export, "--stream", "--dry-run", "--json")
    assert (look.exit_code, json.loads(look.stdout)["writes"]) == (1, 1)


# ------------------------------------------------------------------------------------------------------------- pending


@pytest.fixture
def waiting(dataset, lake, lake_server):
    """A lake with a half for every reason that the documents can tell."""
    dataset.mutate(
        [
            create("a1", "author"),
            create("b1", "book", author=pointer("a1")),
            create("drafts.b2", "book", author=pointer("a9", _weak=True)),
            create("drafts.a3", "author"),
            create("b3", "book", author=pointer("a3", _weak=True)),
        ]
    )
    dataset.actions([{"actionType": "sanity.action.release.create", "releaseId": "spring"}])
    dataset.mutate([create("versions.spring.b4", "book", author=pointer("a1"))])
    lake.clock.advance(7200)
    return dataset, lake_server


def test_what_waits_is_listed_with_reason_and_age(run, schema, waiting):
    _, url = waiting
    result = run("pending", schema, "--url", url, "--json")
    assert result.exit_code == 1
    rows = {(one["source"], one["layer"]): one for one in map(json.loads, result.stdout.splitlines())}
    assert {key: (one["target"], one["reason"]) for key, one in rows.items()} == {
        ("b1", "published"): ("a1", "unwritten"),
        ("b2", "drafts"): ("a9", "missing"),
        ("b3", "published"): ("a3", "not-visible"),
        ("b3", "drafts"): ("a3", "unwritten"),
        ("b4", "spring"): ("a1", "unwritten"),
    }
    assert all(7200 <= one["age"] < 7300 for one in rows.values())
    told = run("pending", schema, "--url", url)
    lines = [" ".join(line.split()) for line in told.stdout.splitlines()]
    assert "missing book.author drafts 2 h b2: book.author points at a9, which does not exist" in lines
    assert told.stdout.endswith("5 halves wait.\n")


def test_a_half_in_a_release_that_is_locked_waits_for_it(run, schema, waiting):
    dataset, url = waiting
    at = {"actionType": "sanity.action.release.schedule", "releaseId": "spring", "publishAt": "2030-01-01T00:00:00Z"}
    dataset.actions([at])
    rows = [json.loads(line) for line in run("pending", schema, "--url", url, "--json").stdout.splitlines()]
    assert [one["reason"] for one in rows if one["layer"] == "spring"] == ["locked-release"]


def test_a_place_that_is_taken_is_a_conflict(run, tmp_path, dataset, lake_server):
    single = tmp_path / "single.yaml"
    single.write_text(SINGLE)
    dataset.mutate(
        [
            create("a1", "author", book=pointer("b1", _weak=True)),
            create("b1", "book", author=pointer("a1")),
            create("b2", "book", author=pointer("a1")),
        ]
    )
    (row,) = map(json.loads, run("pending", single, "--url", lake_server, "--json").stdout.splitlines())
    assert (row["source"], row["reason"]) == ("b2", "conflict")


def test_nothing_waits(run, schema, dataset, lake_server):
    result = run("pending", schema, "--url", lake_server)
    assert (result.exit_code, result.stdout) == (0, "Nothing waits in 0 documents.\n")


def test_what_waits_in_a_file(run, schema, export):
    result = run("pending", schema, "--file", export)
    assert (result.exit_code, "2 halves wait." in result.stdout) == (1, True)


# ------------------------------------------------------------------------------------------------------------- explain


def test_a_field_is_explained_by_the_transaction_that_wrote_it(run, schema, there, one_sided):
    run("repair", schema, *there)
    result = run("explain", "a1", "books", "--schema", schema, *there)
    assert result.exit_code == 0
    assert "written by  bidir.book.author." in result.stdout
    assert "because     b1 points here" in result.stdout
    told = json.loads(run("explain", "a1", "books", "--schema", schema, *there, "--json").stdout)
    assert (told["document_id"], told["field"], told["relation"]) == ("a1", "books", "book.author")
    assert told["transaction_id"] == one_sided.get("a1")["_rev"]


def test_a_field_that_no_engine_touched(run, schema, there):
    result = run("explain", "b1", "author", "--schema", schema, *there)
    assert (result.exit_code, "no engine has touched author" in result.stdout) == (1, True)
    assert run("explain", "b1", "author", "--schema", schema, *there, "--json").stdout == "null\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["b1", "author"], "needs the schema"),
        (["b1", "author", "--schema", "schema.yaml"], "--url"),
    ],
)
def test_an_explanation_needs_schema_and_lake(run, schema, monkeypatch, arguments, said):
    monkeypatch.chdir(schema.parent)
    result = run("explain", *arguments)
    assert (result.exit_code, said in result.stderr) == (2, True)


def test_a_misspelt_field_is_no_explanation(run, schema, there):
    result = run("explain", "a1", "boks", "--schema", schema, *there)
    assert (result.exit_code, 'Did you mean "books"?' in result.stderr) == (2, True)


# -------------------------------------------------------------------------------------------------------------- follow


def refs(dataset, document_id):
    return [item["_ref"] for item in (dataset.get(document_id) or {}).get("books", ())]


def test_once_carries_through_what_changed_since_the_cursor(run, schema, there, one_sided, tmp_path):
    cursor = tmp_path / "place"
    first = run("follow", schema, *there, "--once", "--cursor", cursor)
    assert (first.exit_code, first.stdout) == (0, ""), "a first run begins now"
    one_sided.mutate([{"patch": {"id": "b2", "set": {"author": pointer("a1")}}}])
    second = run("follow", schema, *there, "--once", "--cursor", cursor, "--json")
    (line,) = map(json.loads, second.stdout.splitlines())
    assert (line["event"], line["documents"]) == ("repaired", ["a1"])
    assert line["transaction"] == one_sided.get("a1")["_rev"]
    assert refs(one_sided, "a1") == ["b2"]
    place = cursor.read_bytes()
    assert run("follow", schema, *there, "--once", "--cursor", cursor).stdout == ""
    assert cursor.read_bytes() != place, "the place moves on with every run"


def test_observing_writes_nothing_and_moves_no_cursor(run, schema, there, one_sided, tmp_path):
    cursor = tmp_path / "place"
    run("follow", schema, *there, "--once", "--cursor", cursor)
    one_sided.mutate([{"patch": {"id": "b2", "set": {"author": pointer("a1")}}}])
    place, revision = cursor.read_bytes(), one_sided.get("a1")["_rev"]
    observed = run("follow", schema, *there, "--once", "--cursor", cursor, "--mode", "observe")
    assert (observed.exit_code, observed.stdout) == (1, "would repair a1\n")
    assert (cursor.read_bytes(), one_sided.get("a1")["_rev"]) == (place, revision)


def test_a_cursor_of_another_dataset_or_no_cursor_at_all(run, schema, there, tmp_path):
    cursor = tmp_path / "place"
    cursor.write_text('{"dataset": "another", "position": "2026-01-01T00:00:00Z x#"}')
    result = run("follow", schema, *there, "--once", "--cursor", cursor)
    assert (result.exit_code, "is the cursor of another" in result.stderr) == (2, True)
    cursor.write_text("something else")
    result = run("follow", schema, *there, "--once", "--cursor", cursor)
    assert (result.exit_code, "is no cursor" in result.stderr) == (2, True)


def test_a_cursor_is_kept_between_runs(tmp_path):
    kept = FileCursor(tmp_path / "place", "one")
    assert kept.load() is None
    kept.save("here")
    assert FileCursor(tmp_path / "place", "one").load() == "here"
    with pytest.raises(CursorError):
        FileCursor(tmp_path / "place", "two").load()
    FileCursor(tmp_path / "place", "one", moves=False).save("there")
    assert kept.load() == "here"


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGTERM, id="SIGTERM"), pytest.param(signal.SIGINT, id="SIGINT", marks=DEEP)],
)
def test_following_until_told_to_stop(schema, there, one_sided, number):
    command = [sys.executable, "-c", "from bidir.cli import main; main()", "follow", str(schema), *there, "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        timer = _killing(process)
        assert process.stderr.readline().startswith('following dataset "production"')
        one_sided.mutate([{"patch": {"id": "b2", "set": {"author": pointer("a1")}}}])
        line = json.loads(process.stdout.readline())
        assert (line["event"], line["documents"]) == ("repaired", ["a1"])
        process.send_signal(number)
        assert process.wait(SECONDS_MAX) == 0
        assert process.stdout.read() == ""
        assert "Traceback" not in process.stderr.read()
        timer.set()
    assert refs(one_sided, "a1") == ["b2"]


def _killing(process):
    """Kill a process that hangs, so that a failing test ends."""
    done = Event()

    def watch():
        if not done.wait(SECONDS_MAX):
            process.kill()

    Thread(target=watch, daemon=True).start()
    return done


def test_what_is_left_to_a_person_is_told_at_once_and_once(capsys):
    # It was told when the command ended, and a service never ends.
    for _ in range(2):
        telling = _Teller(json=True)
        for quarantined in ((), ("b1", "a1"), ("b1", "a1"), ("b1", "a1", "b2")):
            telling.tell(Outcome(), quarantined)
        told = capsys.readouterr()
        assert [json.loads(line) for line in told.out.splitlines()] == [
            {"event": "quarantined", "groups": ["a1", "b1"]},
            {"event": "quarantined", "groups": ["b2"]},
        ]
        assert "left to a person: a1, b1; somebody keeps undoing" in told.err


def test_following_needs_a_lake_and_a_mode(run, schema, there):
    assert "--url http" in run("follow", schema).stderr
    result = run("follow", schema, *there, "--mode", "obsere")
    assert (result.exit_code, 'Did you mean "observe"?' in result.stderr) == (2, True)


# ------------------------------------------------------------------------------------------------------------- judging


def test_the_suite_on_a_served_lake(run, tmp_path):
    report = tmp_path / "report.json"
    result = run("conformance", "--lake", "serve", "--only", "flow-2*", "--json", report)
    assert (result.exit_code, "on a served lake (serve)" in result.stdout) == (0, True)
    assert json.loads(report.read_bytes())["lake"] == "serve"


def test_a_scenario_on_a_lake_at_an_address(run, lake_server, lake):
    path = "scenarios/prd/flow-2-editor-sets-the-author.yaml"
    result = run("scenario", "run", path, "--backend", lake_server)
    assert (result.exit_code, "plays hold" in result.stdout) == (0, True)
    assert lake.datasets() == ["production"], "what was made for it is gone"
    assert list(lake.dataset("production").documents()) == []


@pytest.mark.parametrize("command", [("conformance", "--lake"), ("scenario", "run", "scenarios/prd", "--backend")])
def test_a_lake_that_is_none(run, command):
    for name, said in (("memroy", 'Did you mean "memory"?'), ("http://127.0.0.1:9", "no lake can be reached")):
        result = run(*command, name)
        assert (result.exit_code, said in result.stderr) == (2, True)
