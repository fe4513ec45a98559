"""The page on the requirement: everything it points at is there, and every phase and sentence is shown by something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bidir.conformance.loading import load_scenario

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
FOLDERS = ("bidir/", "tests/", "scenarios/", "docs/", "benchmarks/")
PATHS = sorted({path for path in re.findall(r"`([^`\s]+)`", PAGE) if path.startswith(FOLDERS) or path.endswith(".md")})


def tables() -> list[tuple[str, list[list[str]]]]:
    found = []
    for section in PAGE.split("\n## ")[1:]:
        rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"
        ]
        found.append((section.splitlines()[0], rows[2:]))
    return found


@pytest.mark.parametrize("path", PATHS)
def test_what_the_page_names_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("section", "rows"), [one for one in tables() if "departs" not in one[0]])
def test_every_line_is_shown_by_a_scenario_or_a_test(section: str, rows: list[list[str]]) -> None:
    shown = [any(f"`{folder}" in row[-1] for folder in ("tests/", "scenarios/")) for row in rows]
    assert rows
    assert all(shown), rows[shown.index(False)]


def test_all_six_phases_are_ticked() -> None:
    rows = dict(tables())["Phases"]
    assert all(row[0] == "✓" for row in rows)
    assert [row[1][0] for row in rows if row[1]] == list("123456")


@pytest.mark.parametrize("path", [path for path in PATHS if path.endswith(".yaml")])
def test_the_scenarios_it_names_are_played_by_the_suite(path: str) -> None:
    assert load_scenario(ROOT / path).scenario.when or "015" in path
    assert path.split("/")[1] in ("prd", "museum")


def test_the_eight_sentences_are_there() -> None:
    assert {int(number) for number in re.findall(r"prd/e7-(\d)", PAGE)} == set(range(1, 9))
