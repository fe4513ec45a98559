"""`bidir demo SYSTEM`: every chapter holds, on the embedded lake and over HTTP, and says the same on both."""

import json
from dataclasses import dataclass

import pytest
from codex_fields.walkthrough import CHAPTERS as CODEX
from medusa_sync.walkthrough import CHAPTERS as MEDUSA
from stash_relations.walkthrough import CHAPTERS as STASH
from typer.testing import CliRunner

from bidir.backends import HttpBackend
from bidir.cli import app
from bidir.conformance.loading import ScenarioError, find_scenarios
from bidir.demos.prd import CHAPTERS as PRD


@dataclass(frozen=True)
class Demo:
    """What one system's demo has: its chapters, the claims they make, what it would touch in a dataset in use."""

    name: str
    chapters: tuple
    claims: int
    mine: str
    """Type of a document that makes the dataset one in use."""
    short: str
    """A chapter that takes a moment only."""
    holds: str
    misspelt: tuple
    """A chapter that does not exist, and what is said of it."""


DEMOS = [
    Demo("prd", tuple(PRD), 91, "book", "3", "documents of the types book, author", ("phase-7", 'mean "phase-')),
    Demo("medusa", tuple(MEDUSA), 53, "product", "1", "product documents", ("dwn", 'Did you mean "down"?')),
    Demo("codex", tuple(CODEX), 33, "scene", "reference", "documents of the types", ("pickr", 'mean "picker"?')),
    Demo("stash", tuple(STASH), 43, "scene", "tag", "documents of the types", ("patern", 'Did you mean "patterns"?')),
]


def demo(*arguments):
    return CliRunner().invoke(app, ["demo", *arguments])


@pytest.fixture(params=DEMOS, ids=lambda one: one.name)
def system(request):
    return request.param


def test_every_claim_holds_and_is_told_the_same_over_http(system):
    embedded, served = demo(system.name), demo(system.name, "--http")
    assert embedded.exit_code == 0, embedded.stdout
    assert "NOT " not in embedded.stdout
    assert embedded.stdout.strip().endswith(f"{system.claims} of {system.claims} claims hold")
    chapters = [line.split()[1] for line in embedded.stdout.splitlines() if line.startswith("== ")]
    assert chapters == list(system.chapters)
    assert served.exit_code == 0, served.stdout
    assert served.stdout == embedded.stdout
    assert served.stderr.startswith("serving http://127.0.0.1:")


def test_a_dataset_in_use_is_not_touched(system, served, elsewhere_on):
    project = f"{system.name}-in-use"
    elsewhere_on(served, project, {"create": {"_id": "mine", "_type": system.mine}})
    place = (system.name, "--url", served, "--project", project, "--only", system.short)
    refused = demo(*place)
    assert refused.exit_code == 2
    assert f'the dataset "production" holds 1 {system.holds}' in refused.stderr
    cleared = demo(*place, "--clear")
    assert cleared.exit_code == 0, cleared.stderr
    again = demo(*place)
    assert again.exit_code == 0, again.stdout + again.stderr


BAD = [
    (["--url", "http://127.0.0.1:1"], "127.0.0.1:1"),
    (["--url", "nowhere"], "address"),
    (["--http", "--url", "http://127.0.0.1:1"], "exclude each other"),
]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        *(([one.name, *arguments], said) for one in DEMOS for arguments, said in BAD),
        *(([one.name, "--only", one.misspelt[0]], one.misspelt[1]) for one in DEMOS),
        (["medusa", "--only", "9"], 'there is no chapter "9"'),
        (["medus"], 'Did you mean "medusa"?'),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_bad_input_is_one_clear_line(arguments, said):
    done = demo(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def told_in(*arguments):
    """The chapters as told in JSON, and the documents of each side of the first, before and after."""
    chapters = [json.loads(line) for line in demo(*arguments, "--json").stdout.splitlines()]
    sides = {one["side"]: (one["before"], one["after"]) for one in chapters[0]["told"] if "side" in one}
    return chapters, sides


def test_prd_shows_both_sides_before_and_after():
    chapters, sides = told_in("prd", "--only", "2", "--only", "phase-6")
    assert [one["chapter"] for one in chapters] == ["2", "phase-6"]
    assert set(sides) == {"books", "authors and others"}
    before, after = sides["authors and others"]
    assert "drafts.john-doe" not in before
    assert after["drafts.john-doe"]["currentBook"]["_ref"] == "the-tempest"


def test_medusa_shows_both_sides_before_and_after():
    chapters, sides = told_in("medusa", "--only", "1", "--only", "down")
    assert (chapters[0]["chapter"], chapters[0]["title"], chapters[0]["holds"]) == ("1", "Creating a product", True)
    assert chapters[1]["chapter"] == "down"
    assert set(sides) == {"shop", "lake"}
    assert sides["lake"][0] == {}
    assert list(sides["lake"][1]) == ["prod_01ABC123"]


def test_codex_shows_both_sides_before_and_after():
    _, sides = told_in("codex", "--only", "create")
    assert list(sides) == ["the codex that points", "the codices pointed at"]
    before, after = sides["the codices pointed at"]
    assert "name-alice-smith" in after
    assert "name-alice-smith" not in before


def test_stash_shows_both_sides_before_and_after():
    _, sides = told_in("stash", "--only", "scene-gallery")
    assert [side.rpartition(": ")[2] for side in sides] == ["scene", "gallery"]
    before, after = list(sides.values())[1]
    assert "scenes" not in before["gallery-gallery"]
    assert len(after["gallery-gallery"]["scenes"]) == 1


def test_prd_has_the_five_flows_and_the_six_phases_as_chapters():
    assert {str(number) for number in range(1, 6)} <= set(PRD)
    assert {f"phase-{number}" for number in range(1, 7)} <= set(PRD)


def test_prd_leaves_nothing_behind_and_can_be_run_again(served):
    for _ in range(2):
        done = demo("prd", "--url", served, "--project", "prd-clean", "--only", "3", "--only", "phase-4")
        assert done.exit_code == 0, done.stdout + done.stderr
    with HttpBackend(served, project="prd-clean") as backend:
        assert backend.query("*[]._id", {}, perspective="raw") == []


def test_no_schema_of_a_system_is_taken_for_a_scenario(pytestconfig):
    """A package's own schema lay where `bidir scenario run scenarios` looks for scenarios, and ended every run."""
    with pytest.raises(ScenarioError, match="no scenario in this folder"):
        find_scenarios([pytestconfig.rootpath / "scenarios" / "medusa"])
