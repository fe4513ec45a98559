"""The tables of the page: parts, invariants by view, engines broken on purpose, latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bidir.conformance.latency import BUDGET_MS
from bidir.conformance.parts import PartResult
from bidir.conformance.report_html.markup import Content, Markup, element, identifier, number
from bidir.conformance.totals import VIEWS, InvariantRow
from bidir.conformance.verdict import count_words

__all__ = ["criteria_table", "invariants_table", "kills_table", "latency_table", "parts_table", "table"]


def table(
    caption: str, heads: Sequence[str], rows: Sequence[Sequence[Markup]], *, numbers: Sequence[int] = ()
) -> Markup:
    """Return a table with a caption; the first cell of a row is its header, columns in `numbers` stand to the right.

    Wide ones scroll by themselves, also by keyboard.
    """
    head = [element("th", name, scope="col", class_="n" if at in numbers else None) for at, name in enumerate(heads)]
    inside = [element("caption", caption), element("thead", element("tr", head))]
    inside.append(element("tbody", [element("tr", row) for row in rows]))
    return element("div", element("table", inside), class_="wide", tabindex="0", role="region", aria_label=caption)


def _row_head(content: str) -> Markup:
    return element("th", content, scope="row")


def _cell(content: Content, kind: str | None = None) -> Markup:
    return element("td", content, class_=kind)


def parts_table(parts: Sequence[PartResult]) -> Markup:
    """Return one line per part: what holds, of how many, how long it took."""
    rows = []
    for part in parts:
        failed = len(part.failures)
        verdict = "nothing checked" if not part.checked else f"{failed:,} fail" if failed else "holds"
        rows.append(
            [
                _row_head(element("a", part.name, href=f"#{identifier('part', part.name)}")),
                _cell(verdict, "bad" if not part.passed else "good"),
                _cell(f"{part.checked - failed:,}", "n"),
                _cell(f"{part.checked:,}", "n"),
                _cell(part.unit),
                _cell(f"{part.seconds:.1f}", "n"),
                _cell(part.title, "long"),
            ]
        )
    heads = ("part", "verdict", "hold", "of", "", "seconds", "what is asked")
    return table("Every part of the suite", heads, rows, numbers=(2, 3, 5))


def criteria_table(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Return one line per success criterion of the requirement."""
    lines = [
        [
            _row_head(element("span", row["asked"])),
            _cell("holds" if row["holds"] else "fails", "good" if row["holds"] else "bad"),
            _cell(row["measured"], "long"),
        ]
        for row in rows
    ]
    return table("What the requirement asks for, and what was measured", ("asked", "verdict", "measured"), lines)


def invariants_table(rows: Sequence[InvariantRow]) -> Markup:
    """Return one line per invariant, one column per view: checks, and failures where there are any."""
    lines = []
    for row in rows:
        cells = [_row_head(row.name)]
        for view in VIEWS:
            checks, failures = row.checks.get(view, 0), row.failures.get(view, 0)
            cells.append(_cell(count_words(checks, failures), "n bad" if failures else "n"))
        lines.append(cells)
    heads = ("invariant", "published", "drafts", "releases", "not by view")
    caption = "Checks by invariant and view, with the failures that break it; not by view: of a transaction as a whole"
    return table(caption, heads, lines, numbers=range(1, 5))


def kills_table(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Return one line per engine broken on purpose: what caught it, and how soon."""
    lines = []
    for row in rows:
        caught = row["breaks"] in row["rules"]
        lines.append(
            [
                _row_head(element("code", row["engine"].rpartition(":")[2])),
                _cell("killed" if caught else "survives", "good" if caught else "bad"),
                _cell(row["breaks"]),
                _cell([row["part"] or "nothing", ", " if row["case"] else "", row["case"]], "long"),
                _cell(f"{row['checks']:,}", "n"),
                _cell(f"{row['seconds']:.2f}", "n"),
                _cell(row["wrong"], "long"),
                _cell(element("code", row["scenario"]), "long"),
            ]
        )
    heads = ("engine", "verdict", "breaks", "killed by", "checks", "seconds", "what is wrong", "smallest scenario")
    caption = "Engines broken on purpose: the first check that fails by the name of the rule"
    return table(caption, heads, lines, numbers=(4, 5))


def latency_table(rows: Sequence[Mapping[str, Any]]) -> Markup:
    """Return one line per relation and intent, one column per round-trip time: median, and 99 of 100 if it differs."""
    times = sorted({row["rtt_ms"] for row in rows})
    lines: dict[tuple[str, str], dict[Any, Mapping[str, Any]]] = {}
    for row in rows:
        lines.setdefault((row["relation"], row["intent"]), {})[row["rtt_ms"]] = row
    out = []
    for (relation, intent), by_time in lines.items():
        first = next(iter(by_time.values()))
        counts = [_cell(f"{first[name]:g}", "n") for name in ("reads", "writes", "documents")]
        out.append([_row_head(f"{relation}: {intent}"), *counts, *(_time(by_time.get(time)) for time in times)])
    heads = ["intent", "reads", "writes", "documents", *(f"{time} ms" for time in times)]
    caption = (
        f"Milliseconds added, by round-trip time: median, and 99 of 100 where it differs; the budget is {BUDGET_MS}"
    )
    return table(caption, heads, out, numbers=range(1, len(heads)))


def _time(row: Mapping[str, Any] | None) -> Markup:
    if row is None:
        return _cell("–", "n")
    median, worst = number(round(row["added_ms_p50"])), number(round(row["added_ms_p99"]))
    return _cell(
        median if median == worst else f"{median}–{worst}", "n bad" if row["added_ms_p99"] > BUDGET_MS else "n"
    )
