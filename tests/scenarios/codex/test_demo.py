"""`bidir demo codex`: every chapter holds, on the embedded lake and over HTTP, and says the same on both."""

import json

import pytest
from codex_fields.walkthrough import CHAPTERS
from typer.testing import CliRunner

from bidir.cli import app


def demo(*arguments):
    return CliRunner().invoke(app, ["demo", "codex", *arguments])


def test_every_claim_holds_and_is_told_the_same_over_http():
    embedded, served = demo(), demo("--http")
    assert embedded.exit_code == 0, embedded.stdout
    assert "NOT " not in embedded.stdout
    assert embedded.stdout.strip().endswith("33 of 33 claims hold")
    assert [line.split()[1] for line in embedded.stdout.splitlines() if line.startswith("== ")] == list(CHAPTERS)
    assert served.stdout == embedded.stdout


def test_json_has_both_sides_before_and_after():
    (line,) = demo("--json", "--only", "create").stdout.splitlines()
    told = json.loads(line)
    sides = [one for one in told["told"] if "side" in one]
    assert [one["side"] for one in sides] == ["the codex that points", "the codices pointed at"]
    assert "name-alice-smith" in sides[1]["after"]
    assert "name-alice-smith" not in sides[1]["before"]


def test_a_dataset_in_use_is_not_touched(served, elsewhere_on):
    elsewhere_on(served, "codex-in-use", {"create": {"_id": "mine", "_type": "scene"}})
    place = ("--url", served, "--project", "codex-in-use", "--only", "reference")
    refused = demo(*place)
    assert refused.exit_code == 2
    assert 'the dataset "production" holds 1 documents of the types' in refused.stderr
    assert demo(*place, "--clear").exit_code == 0
    assert demo(*place).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--only", "pickr"], 'Did you mean "picker"?'), (["--url", "http://127.0.0.1:1"], "127.0.0.1:1")],
)
def test_bad_input_is_one_clear_line(arguments, said):
    done = demo(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
