"""`bidir demo prd`: every chapter holds, on the embedded lake and over HTTP, and says the same on both."""

import json

import httpx2
import pytest
from typer.testing import CliRunner

from bidir.cli import app
from bidir.demos.prd import CHAPTERS


def demo(*arguments):
    return CliRunner().invoke(app, ["demo", "prd", *arguments])


@pytest.fixture(scope="module")
def embedded():
    return demo()


def test_every_claim_holds(embedded):
    assert embedded.exit_code == 0, embedded.stdout
    assert "NOT " not in embedded.stdout
    assert embedded.stdout.strip().endswith("91 of 91 claims hold")
    assert [line.split()[1] for line in embedded.stdout.splitlines() if line.startswith("== ")] == list(CHAPTERS)


def test_over_http_it_says_the_same(embedded):
    served = demo("--http")
    assert served.exit_code == 0, served.stdout
    assert served.stdout == embedded.stdout


def test_both_sides_are_shown_before_and_after():
    done = demo("--json", "--only", "2", "--only", "phase-6")
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    assert (first["chapter"], second["chapter"]) == ("2", "phase-6")
    sides = {told["side"]: (told["before"], told["after"]) for told in first["told"] if "side" in told}
    assert set(sides) == {"books", "authors and others"}
    before, after = sides["authors and others"]
    assert "drafts.john-doe" not in before
    assert after["drafts.john-doe"]["currentBook"]["_ref"] == "the-tempest"


def test_the_five_flows_and_the_six_phases_are_chapters():
    assert {str(number) for number in range(1, 6)} <= set(CHAPTERS)
    assert {f"phase-{number}" for number in range(1, 7)} <= set(CHAPTERS)


def place(served, project):
    return ("--url", served, "--project", project, "--only", "3", "--only", "phase-4")


def store(served, project, mutations):
    url = f"{served}/v2025-02-19/data/mutate/production"
    headers = {"X-Sanity-Project-ID": project}
    httpx2.post(url, json={"mutations": mutations}, headers=headers).raise_for_status()


def test_it_leaves_nothing_behind_and_can_be_run_again(served):
    for _ in range(2):
        done = demo(*place(served, "demo-clean"))
        assert done.exit_code == 0, done.stdout + done.stderr
    url = f"{served}/v2025-02-19/data/query/production"
    answer = httpx2.get(
        url, params={"query": "*[]._id", "perspective": "raw"}, headers={"X-Sanity-Project-ID": "demo-clean"}
    ).json()
    assert answer["result"] == []


def test_a_dataset_with_books_is_not_touched(served):
    store(served, "demo-books", [{"create": {"_id": "mine", "_type": "book"}}])
    refused = demo(*place(served, "demo-books"))
    assert refused.exit_code == 2
    assert 'the dataset "production" holds 1 documents of the types book, author' in refused.stderr
    cleared = demo(*place(served, "demo-books"), "--clear")
    assert cleared.exit_code == 0, cleared.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "phase-7"], 'there is no chapter "phase-7". Did you mean "phase-'),
        (["--url", "http://127.0.0.1:1"], "http://127.0.0.1:1"),
        (["--http", "--url", "http://127.0.0.1:1"], "exclude each other"),
    ],
)
def test_bad_input_is_one_clear_line(arguments, said):
    done = demo(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
