"""`bidir demo stash`: every chapter holds, on the embedded lake and over HTTP, and says the same on both."""

import json

import pytest
from stash_relations.walkthrough import CHAPTERS
from typer.testing import CliRunner

from bidir.cli import app


def demo(*arguments):
    return CliRunner().invoke(app, ["demo", "stash", *arguments])


def test_every_claim_holds_and_is_told_the_same_over_http():
    embedded, served = demo(), demo("--http")
    assert embedded.exit_code == 0, embedded.stdout
    assert "NOT " not in embedded.stdout
    assert embedded.stdout.strip().endswith("43 of 43 claims hold")
    assert [line.split()[1] for line in embedded.stdout.splitlines() if line.startswith("== ")] == list(CHAPTERS)
    assert served.stdout == embedded.stdout


def test_json_has_both_sides_before_and_after():
    (line,) = demo("--json", "--only", "scene-gallery").stdout.splitlines()
    sides = [one for one in json.loads(line)["told"] if "side" in one]
    assert [one["side"].rpartition(": ")[2] for one in sides] == ["scene", "gallery"]
    assert "scenes" not in sides[1]["before"]["gallery-gallery"]
    assert len(sides[1]["after"]["gallery-gallery"]["scenes"]) == 1


def test_a_dataset_in_use_is_not_touched(served, elsewhere_on):
    elsewhere_on(served, "stash-in-use", {"create": {"_id": "mine", "_type": "scene"}})
    place = ("--url", served, "--project", "stash-in-use", "--only", "tag")
    refused = demo(*place)
    assert refused.exit_code == 2
    assert 'the dataset "production" holds 1 documents of the types' in refused.stderr
    assert demo(*place, "--clear").exit_code == 0
    assert demo(*place).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--only", "patern"], 'Did you mean "patterns"?'), (["--url", "http://127.0.0.1:1"], "127.0.0.1:1")],
)
def test_bad_input_is_one_clear_line(arguments, said):
    done = demo(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
