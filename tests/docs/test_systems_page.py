"""The page on the systems: everything it points at is there, and every line is shown by a test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "systems.md").read_text(encoding="utf-8")
FOLDERS = ("bidir/", "lakesim/", "tests/", "scenarios/", "docs/")
PATHS = sorted({path for path in re.findall(r"`([^`\s]+)`", PAGE) if path.startswith(FOLDERS)})
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| asked for")]


@pytest.mark.parametrize("path", PATHS)
def test_what_the_page_names_is_there(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("row", ROWS)
def test_every_line_is_shown_by_a_test_or_a_scenario(row):
    shown = row.strip("|").split("|")[-1]
    assert re.search(r"`(tests|scenarios)/", shown)


def test_there_are_lines():
    assert len(ROWS) > 20
