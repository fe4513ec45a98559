"""`lakesim serve` and `lakesim exec` as processes."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import httpx2
import pytest
from typer.testing import CliRunner

from lakesim.cli.app import app
from lakesim.cli.serve import URL_VARIABLE

LAKESIM = [sys.executable, "-c", "from lakesim.cli import main; main()"]
SECONDS_MAX = 30
QUERY = "/v2025-02-19/data/query/production"


@contextmanager
def served(*options):
    """Run `lakesim serve` on a free port; gives the process and its address, and ends it if the test has not."""
    process = subprocess.Popen([*LAKESIM, "serve", "--port", "0", *options], stdout=subprocess.PIPE, text=True)
    try:
        word, url = process.stdout.readline().split()
        assert word == "ready"
        yield process, url
    finally:
        process.kill()
        process.wait(SECONDS_MAX)
        process.stdout.close()


@pytest.fixture
def books(tmp_path):
    path = tmp_path / "books.ndjson"
    path.write_text('{"_id": "a", "_type": "book"}\n{"_id": "b", "_type": "book", "of": {"_ref": "a"}}\n')
    return path


def test_it_is_ready_when_it_says_so_and_stops_when_told(books):
    with served("--import", str(books), "--seed", "1") as (process, url):
        assert httpx2.get(url + QUERY, params={"query": "*._id"}).json()["result"] == ["a", "b"]
        clock = httpx2.get(f"{url}/_lake/clock").json()
        assert clock["manual"]
        with httpx2.stream("GET", f"{url}/v1/data/listen/production", params={"query": "*"}) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "event: welcome"
            process.send_signal(signal.SIGTERM)
            assert [line for line in lines if line.startswith("event")] == []
        assert process.wait(SECONDS_MAX) == 0


def test_ctrl_c_stops_it_too():
    with served() as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS_MAX) == 0


def test_the_same_seed_gives_the_same_ids(books):
    answers = []
    for _ in range(2):
        with served("--seed", "7") as (_, url):
            body = {"mutations": [{"create": {"_type": "book"}}]}
            answers.append(httpx2.post(f"{url}/v1/data/mutate/production", json=body).json())
    assert answers[0] == answers[1]


def test_tokens_keep_others_out():
    with served("--token", "root", "--token", "eyes:viewer") as (_, url):
        roles = [
            httpx2.get(f"{url}/v1/users/me", headers={"authorization": f"Bearer {token}"}).json().get("role")
            for token in ("root", "eyes", "wrong")
        ]
    assert roles == ["administrator", "viewer", None]


def test_roles_from_a_file_are_given_to_tokens(tmp_path):
    path = tmp_path / "roles.json"
    path.write_text('{"name": "bookworm", "grants": [{"filter": "_type == \\"book\\"", "permissions": ["read"]}]}')
    with served("--token", "root", "--roles", str(path), "--token", "bob:bookworm") as (_, url):
        made = [{"create": {"_id": "b", "_type": "book"}}, {"create": {"_id": "m", "_type": "memo"}}]
        root, bob = ({"authorization": f"Bearer {token}"} for token in ("root", "bob"))
        httpx2.post(f"{url}/v1/data/mutate/production", json={"mutations": made}, headers=root)
        query = f"{url}/v1/data/query/production?query=*._id"
        assert [httpx2.get(query, headers=headers).json()["result"] for headers in (root, bob)] == [["b", "m"], ["b"]]
        assert httpx2.get(f"{url}/v1/users/me", headers=bob).json()["role"] == "bookworm"


@pytest.mark.parametrize("command", [["serve"], ["exec"]])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--data", "lake.sqlite"], "--data is not supported yet"),
        (["--tls"], "--tls is not supported yet"),
        (["--token", "t:contributer"], 'Did you mean "contributor"?'),
        (["--token", "t:vewer"], 'Did you mean "viewer"?'),
        (["--anonymous", "publik"], 'Did you mean "public"?'),
        (["--token", "a", "--token", "a:viewer"], "The same token is given twice"),
        (["--dataset", "production:privat"], 'Did you mean "private"?'),
        (["--dataset", "Blog"], "Invalid dataset name: 'Blog'"),
        (["--dataset", "blog", "--dataset", "blog:private"], 'The dataset "blog" is given twice'),
        (["--roles", "nowhere.json"], "nowhere.json: No such file"),
        (["--import", "none.ndjson"], "none.ndjson"),
        (["--import", "all.tar.gz"], "tar.gz"),
    ],
)
def test_what_cannot_be_served_is_refused_before_it_starts(command, options, said):
    rest = ["--", "true"] if command == ["exec"] else []
    done = CliRunner().invoke(app, [*command, "--port", "0", *options, *rest])
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_broken_import_says_which_line(tmp_path):
    path = tmp_path / "broken.ndjson"
    path.write_text('{"_id": "a", "_type": "book"}\n{"_id": "b"}\n')
    done = CliRunner().invoke(app, ["serve", "--port", "0", "--import", str(path)])
    assert (done.exit_code, "line 2" in done.stderr) == (2, True)


def test_a_port_in_use_is_refused():
    """Two servers once shared a port without a word, and each got half of the connections."""
    with served() as (_, url):
        port = url.rpartition(":")[2]
        done = CliRunner().invoke(app, ["serve", "--port", port])
        assert done.exit_code == 2
        assert f"127.0.0.1:{port}" in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert CliRunner().invoke(app, ["exec", "--port", port, "--", "true"]).exit_code == 2


def executed(*arguments):
    return subprocess.run([*LAKESIM, "exec", *arguments], capture_output=True, text=True, timeout=SECONDS_MAX)


def test_a_command_finds_the_lake_and_its_exit_code_is_passed_on(books):
    program = (
        "import httpx2, os, sys;"
        f"print(httpx2.get(os.environ['{URL_VARIABLE}'] + '{QUERY}?query=count(*)').text);"
        "sys.exit(7)"
    )
    done = executed("--import", str(books), "--", sys.executable, "-c", program)
    assert json.loads(done.stdout)["result"] == 2
    assert done.returncode == 7


def test_a_command_that_is_killed_or_missing_has_a_shells_exit_code():
    killed = executed("--", sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert killed.returncode == 128 + signal.SIGKILL
    missing = executed("--", "no-such-command-here")
    assert (missing.returncode, missing.stderr) == (127, "error: no-such-command-here: no such command\n")


def test_the_lake_is_gone_when_the_command_has_ended():
    program = f"import os; print(os.environ['{URL_VARIABLE}'])"
    url = executed("--", sys.executable, "-c", program).stdout.strip()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)
    assert URL_VARIABLE not in os.environ
