"""The page that says what is covered: up to date, and nothing on it is unproven."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakesim.testing.coverage_notes import PARTLY
from lakesim.testing.coverage_page import PAGE, differences, main, page, sections

ROOT = Path(__file__).parents[2]
SECTIONS = sections(ROOT)
ROWS = [row for section in SECTIONS for row in section.rows]


def test_the_page_is_up_to_date() -> None:
    assert differences((ROOT / PAGE).read_text(encoding="utf-8"), SECTIONS) == []


def test_what_is_done_is_shown_by_tests_that_are_there() -> None:
    unproven = [row.name for row in ROWS if row.state != "missing" and not row.shown_by]
    assert unproven == []
    assert all((ROOT / path).exists() for row in ROWS for path in row.shown_by)


def test_what_is_missing_says_what_it_is_and_claims_no_test() -> None:
    missing = [row for row in ROWS if row.state == "missing"]
    assert missing
    assert all(row.note and not row.shown_by for row in missing)


def test_every_note_belongs_to_a_row() -> None:
    assert set(PARTLY) <= {row.name for row in ROWS}


def test_every_section_has_rows_and_each_row_stands_once() -> None:
    assert all(section.rows for section in SECTIONS)
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_a_page_that_is_not_up_to_date_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page(SECTIONS)
    assert differences(text, SECTIONS) == []
    for spoilt in (
        text.replace("| `GET /_lake/health` | done |", "| `GET /_lake/health` | partial |"),
        text.replace("`GET /_lake/health`", "`GET /_lake/heath`"),
        text.replace("tests/lakesim/server/test_cors.py", "tests/lakesim/server/test_colours.py"),
        "\n".join(line for line in text.splitlines() if "/_lake/health" not in line),
    ):
        assert differences(spoilt, SECTIONS) != []
    monkeypatch.chdir(tmp_path)
    assert main(["--check"]) == 1
