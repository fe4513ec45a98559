"""The pages on the requirement say what is so: chapters and scenarios are there and named, figures are measured."""

import os
import re
from pathlib import Path

import pytest

from bidir import Engine
from bidir.conformance.criteria.part import criteria_part
from bidir.conformance.criteria.plain import compare_plain
from bidir.conformance.criteria.speed import measure_added
from bidir.demos.prd import CHAPTERS

ROOT = Path(__file__).parents[2]
REQUIREMENTS = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
SYSTEMS = (ROOT / "docs" / "systems.md").read_text(encoding="utf-8")
SECTION = SYSTEMS.split("## The requirement: ")[1].split("\n## ")[0]
NAMED = re.compile(r"chapters? ([a-z0-9-]+)(?:(?: and| to|,) ([a-z0-9-]+)(?=[,` |:]))?")


def test_every_scenario_of_the_requirement_is_named():
    files = {f"scenarios/prd/{path.name}" for path in (ROOT / "scenarios" / "prd").glob("*.yaml")}
    assert {name for name in files if f"`{name}`" not in REQUIREMENTS + SECTION} == set()


def test_every_chapter_named_is_there_and_every_chapter_is_named():
    rows = [line for line in SECTION.splitlines() if line.startswith("| ")]
    named = {key for row in rows for found in NAMED.findall(row) for key in found if key}
    assert named <= set(CHAPTERS)
    assert set(CHAPTERS) - named <= {"3", "4"} | {f"phase-{number}" for number in range(1, 7)}


def test_the_figures_of_plain_references_are_those_measured():
    plain = compare_plain(Engine)
    assert f"{plain.edits} edits of plain references" in REQUIREMENTS
    assert f"{plain.without.writes} writes, {plain.without.documents} documents" in REQUIREMENTS
    assert f"{plain.form.bytes_sent:,} bytes sent each way; {plain.engine.reads} reads by the engine" in REQUIREMENTS


def test_the_figures_of_added_time_are_those_measured():
    rows = measure_added(Engine)
    added = ", ".join(f"{row.alone:g}" for row in rows)
    times = ", ".join(str(row.rtt_ms) for row in rows)
    assert (
        f"{rows[0].in_a_form:g} ms in an open form; without one {added} ms at round trips of {times} ms" in REQUIREMENTS
    )
    assert f"{rows[0].overtaken:g} to {rows[-1].overtaken:g} ms where somebody else is faster" in REQUIREMENTS


@pytest.mark.deep
@pytest.mark.skipif(os.environ.get("LAKESIM_PROFILE") != "deep", reason="deep: LAKESIM_PROFILE=deep")
def test_the_figures_of_the_updates_are_those_measured():
    part = criteria_part(Engine, profile="default")
    assert f"{part.facts['updates']:,} updates" in REQUIREMENTS
    assert f"{part.facts['right at once']} right at once, all at rest" in REQUIREMENTS
    assert part.facts["right at rest"] == "100.0 %"
    decided = part.facts["criteria"][0]["measured"].split("at rest (")[1].split(" ")[0]
    assert f"{decided} of them by a person's word" in REQUIREMENTS
    assert f"of the {part.facts['by_disturbance']['none'][1]} undisturbed all at once" in REQUIREMENTS
