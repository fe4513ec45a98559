"""`bidir demo medusa`: every chapter holds, on the embedded lake and over HTTP, and says the same on both."""

import json
from pathlib import Path

import pytest
from medusa_sync.walkthrough import CHAPTERS
from typer.testing import CliRunner

from bidir.cli import app
from bidir.conformance.loading import ScenarioError, find_scenarios

FOLDER = Path(__file__).parents[3] / "scenarios" / "medusa"


def demo(*arguments):
    return CliRunner().invoke(app, ["demo", "medusa", *arguments])


@pytest.fixture(scope="module")
def embedded():
    return demo()


def test_every_claim_holds(embedded):
    assert embedded.exit_code == 0, embedded.stdout
    assert "NOT " not in embedded.stdout
    assert embedded.stdout.strip().endswith("53 of 53 claims hold")
    assert [line.split()[1] for line in embedded.stdout.splitlines() if line.startswith("== ")] == list(CHAPTERS)


def test_the_same_run_twice_and_over_http_says_the_same(embedded):
    served = demo("--http")
    assert served.exit_code == 0, served.stdout
    assert served.stdout == embedded.stdout
    assert served.stderr.startswith("serving http://127.0.0.1:")


def test_json_has_one_object_a_chapter_with_both_sides():
    done = demo("--json", "--only", "1", "--only", "down")
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    assert (first["chapter"], first["title"], first["holds"]) == ("1", "Creating a product", True)
    sides = {told["side"]: (told["before"], told["after"]) for told in first["told"] if "side" in told}
    assert set(sides) == {"shop", "lake"}
    assert sides["lake"][0] == {}
    assert list(sides["lake"][1]) == ["prod_01ABC123"]
    assert second["chapter"] == "down"


def test_a_dataset_with_products_is_not_touched(served):
    import httpx2

    url = f"{served}/v2025-02-19/data/mutate/production"
    headers = {"X-Sanity-Project-ID": "demo-in-use"}
    mutations = [{"create": {"_id": "prod_mine", "_type": "product", "title": "Mine"}}]
    httpx2.post(url, json={"mutations": mutations}, headers=headers).raise_for_status()
    place = ("--url", served, "--project", "demo-in-use", "--only", "1")
    refused = demo(*place)
    assert refused.exit_code == 2
    assert 'the dataset "production" holds 1 product documents' in refused.stderr
    cleared = demo(*place, "--clear")
    assert cleared.exit_code == 0, cleared.stderr
    assert demo(*place).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["medusa", "--only", "9"], 'there is no chapter "9"'),
        (["medusa", "--only", "dwn"], 'Did you mean "down"?'),
        (["medus"], 'Did you mean "medusa"?'),
        (["medusa", "--url", "nowhere"], "'nowhere' is not the address of a lake"),
        (["medusa", "--url", "http://127.0.0.1:1"], "http://127.0.0.1:1 cannot be reached"),
        (["medusa", "--http", "--url", "http://127.0.0.1:1"], "exclude each other"),
    ],
)
def test_bad_input_is_one_clear_line(arguments, said):
    done = CliRunner().invoke(app, ["demo", *arguments])
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_nothing_here_is_taken_for_a_scenario():
    """The package's own schema lay where `bidir scenario run scenarios` looks for scenarios, and ended every run."""
    with pytest.raises(ScenarioError, match="no scenario in this folder"):
        find_scenarios([FOLDER])
