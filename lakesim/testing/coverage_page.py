"""Writes docs/coverage.md: every endpoint, action, option and GROQ function, how far it is done, and what shows it.

    python -m lakesim.testing.coverage_page            # write the page
    python -m lakesim.testing.coverage_page --check    # exit 1 if it is not up to date

Rows come from the tables that the code itself runs on, what shows them from the tests that name them: nothing on the
page is kept by hand but the notes on what is partly done.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from lakesim.actions.registry import ACTIONS, VARIANT_ACTIONS
from lakesim.groq.functions.registry import FUNCTIONS, PIPE_FUNCTIONS, FunctionSpec
from lakesim.server.app import STREAMS, UNVERSIONED, VERSION, VERSIONED
from lakesim.server.data_routes import UNSUPPORTED_QUERY_OPTIONS
from lakesim.server.missing import ABSENT
from lakesim.testing.coverage_notes import PARTLY
from lakesim.testing.test_texts import TestTexts

__all__ = ["PAGE", "Row", "Section", "differences", "main", "page", "sections"]

PAGE: Final = Path("docs/coverage.md")
"""Where the page is, from the repository's root."""
SHOWN_MAX: Final = 3
"""Tests named in one row; the nearest to the point come first."""
EVERYWHERE: Final = "tests/lakesim/server/test_schemathesis.py"
"""What tries every endpoint that is no stream, by the description of the API."""
SUITE: Final = "tests/lakesim/groq/test_official_suite.py"
"""Where the official conformance suite of the language is run."""
HEAD: Final = """# What is covered

Made by `python -m lakesim.testing.coverage_page` from the code's own tables; do not edit. *Shown by* names tests that
ask for the thing by name. Besides, every endpoint that answers at once is tried with made-up requests
(`tests/lakesim/server/test_schemathesis.py`), its description is checked against the routes
(`tests/lakesim/server/test_openapi.py`), and the language against the official suite
(`tests/lakesim/groq/test_official_suite.py`).
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is, `done`, `partial` or `missing`, what is to be said of it, and all tests that show it."""

    name: str
    state: str
    note: str
    shown_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the page."""

    title: str
    rows: tuple[Row, ...]


def sections(root: Path) -> list[Section]:
    """Return the page's tables, with what the tests below `root` show."""
    tests = TestTexts(root)
    return [
        Section("Endpoints", tuple(_endpoints(tests))),
        Section("Endpoints that are refused by name", tuple(_absent())),
        Section("Actions", tuple(_actions(tests))),
        Section("Options", tuple(_options(tests))),
        Section("GROQ functions", tuple(_functions(tests))),
    ]


def _row(name: str, shown_by: Sequence[str], *, note: str = "", missing: bool = False) -> Row:
    if missing:
        return Row(name, "missing", note, ())
    partly = PARTLY.get(name)
    return Row(name, "done" if partly is None else "partial", partly or note, tuple(shown_by))


def _endpoints(tests: TestTexts) -> Iterable[Row]:
    streams = {path for path, _ in STREAMS}
    served = [
        *((method, VERSION + path) for method, path, _ in VERSIONED),
        *(("GET", VERSION + path) for path in streams),
        *((method, path) for method, path, _ in UNVERSIONED),
    ]
    for method, path in sorted(served, key=lambda one: (one[1], one[0])):
        below = path.removeprefix(VERSION)
        shown_by = tests.asking(method, below)
        yield _row(f"{method} {path}", shown_by or ([] if below in streams else [EVERYWHERE]))


def _absent() -> Iterable[Row]:
    return (_row(f"{VERSION}{_plain(pattern)}", (), note=what, missing=True) for pattern, what in ABSENT.items())


def _plain(pattern: str) -> str:
    return pattern.replace("[^/]+", "*").replace(".*", "*").replace("|", " or ")


def _actions(tests: TestTexts) -> Iterable[Row]:
    for name, spec in sorted(ACTIONS.items()):
        yield _row(name, tests.naming(name, name.removeprefix("sanity.action.")), note=spec.summary)
    for name in sorted(VARIANT_ACTIONS):
        yield _row(name, (), note="refused by name", missing=True)


def _options(tests: TestTexts) -> Iterable[Row]:
    description: dict[str, Any] = YAML(typ="safe").load(
        files("lakesim.server").joinpath("openapi.yaml").read_text(encoding="utf-8")
    )
    for path, item in description["paths"].items():
        if "/projects/{project}/datasets/" in path:
            continue  # the same operations once more
        for method, operation in item.items():
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                name = parameter.get("name")
                if parameter.get("in") == "query" and name is not None:
                    yield _row(f"{method.upper()} {path}: {name}", tests.naming(*_spellings(name)))
    for name, instead in UNSUPPORTED_QUERY_OPTIONS.items():
        yield _row(f"GET {VERSION}/data/query/{{dataset}}: {name}", (), note=f"refused; {instead}", missing=True)


def _spellings(name: str) -> tuple[str, ...]:
    """Return an option's name on the wire and in Python."""
    return (name, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def _functions(tests: TestTexts) -> Iterable[Row]:
    for spec in sorted([*FUNCTIONS.values(), *PIPE_FUNCTIONS.values()], key=lambda one: one.full_name):
        yield _function(tests, spec)


def _function(tests: TestTexts, spec: FunctionSpec) -> Row:
    name = f"{spec.full_name}()"
    if spec.mode == "unsupported":
        return _row(name, (), note=f"{spec.summary}; refused by name", missing=True)
    return _row(name, tests.calling(spec.full_name) or [SUITE], note=spec.summary)


def page(found: Sequence[Section]) -> str:
    """Return the page's text."""
    lines = [HEAD, "| | done | partial | missing |", "|---|---|---|---|"]
    for section in found:
        states = [row.state for row in section.rows]
        counts = " | ".join(str(states.count(state)) for state in ("done", "partial", "missing"))
        lines.append(f"| {section.title} | {counts} |")
    for section in found:
        lines += ["", f"## {section.title}", "", "| what | state | note | shown by |", "|---|---|---|---|"]
        lines += [_line(row) for row in section.rows]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    shown = ", ".join(f"`{path}`" for path in row.shown_by[:SHOWN_MAX])
    return f"{_said(row)}{shown} |"


def _said(row: Row) -> str:
    """Return a line up to the tests."""
    return f"| `{_cell(row.name)}` | {row.state} | {_cell(row.note)} | "


def differences(text: str, found: Sequence[Section]) -> list[str]:
    """Return the lines in which a page's text is not what was found, and the rows that it lacks.

    Of the tests that show something, those that the page names must do so; it may be behind with new ones.
    """
    rows = {_said(row): row for section in found for row in section.rows}
    wrong = []
    for line in (line for line in text.splitlines() if line.startswith("| `")):
        said = next((said for said in rows if line.startswith(said)), None)
        row = None if said is None else rows.pop(said)
        named = set(re.findall(r"`([^`]+)`", line[len(said or "") :]))
        if row is None or not named <= set(row.shown_by) or bool(named) != bool(row.shown_by):
            wrong.append(line)
    return wrong + [f"lacks {said}" for said in rows]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page of the repository in the current directory; return the exit code."""
    parser = argparse.ArgumentParser(description="Write docs/coverage.md from the code's own tables.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the page is not up to date")
    options = parser.parse_args(arguments)
    root = Path()
    if not options.check:
        PAGE.write_text(page(sections(root)), encoding="utf-8")
        return 0
    wrong = differences(PAGE.read_text(encoding="utf-8") if PAGE.exists() else "", sections(root))
    if wrong:
        lines = "\n".join(wrong)
        sys.stderr.write(f"{PAGE} is not up to date; python -m lakesim.testing.coverage_page writes it:\n{lines}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
