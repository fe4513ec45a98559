"""Puts the page together: verdict, parts, failures, invariants, costs, latency, the kill table, every case by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bidir.conformance.options import MEMORY
from bidir.conformance.parts import PartResult
from bidir.conformance.report_html.charts import histogram_chart, latency_chart
from bidir.conformance.report_html.failures import failures_section
from bidir.conformance.report_html.markup import Markup, element, identifier, joined
from bidir.conformance.report_html.style import STYLE
from bidir.conformance.report_html.tables import (
    criteria_table,
    invariants_table,
    kills_table,
    latency_table,
    parts_table,
)
from bidir.conformance.suite import Report
from bidir.conformance.totals import DOCUMENTS, WRITES
from bidir.conformance.verdict import verdict_words

__all__ = ["html_page", "write_html"]


def write_html(report: Report, path: Path) -> None:
    """Write the page; its folder is made if need be.

    Raises: OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html_page(report), encoding="utf-8")


def html_page(report: Report) -> str:
    """Return the whole page."""
    sections = list(_sections(report))
    title = f"Conformance of {report.options.engine}"
    head = element(
        "head",
        [
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", f"{title}: {'passed' if report.passed else 'failed'}"),
            element("style", Markup(STYLE)),
        ],
    )
    links = [element("li", element("a", name, href=f"#{identifier(name)}")) for name, _ in sections]
    body = [
        element("header", [element("h1", title), *_summary(report)]),
        element("nav", element("ul", links), aria_label="Sections"),
        element("main", [_section(name, content) for name, content in sections]),
    ]
    return f"<!DOCTYPE html>\n{element('html', [head, element('body', body)], lang='en')}\n"


def _summary(report: Report) -> list[Markup]:
    options = report.options
    facts = {
        "engine": options.engine,
        "lake": "embedded, in memory" if options.lake == MEMORY else f"served ({options.lake})",
        "profile": options.profile,
        "seed": str(options.seed),
    }
    if options.only != "*":
        facts["only"] = options.only
    if options.shard.count > 1:
        facts["shard"] = f"{options.shard.number} of {options.shard.count}"
    terms = [piece for name, value in facts.items() for piece in (element("dt", name), element("dd", value))]
    kind = "good" if report.passed else "bad"
    return [element("p", verdict_words(report), class_=f"verdict {kind}", role="status"), element("dl", terms)]


def _section(name: str, content: list[Markup]) -> Markup:
    return element("section", [element("h2", name, id=identifier(name)), *content], aria_labelledby=identifier(name))


def _sections(report: Report) -> Iterator[tuple[str, list[Markup]]]:
    parts = list(report.parts)
    if not parts:
        yield "Parts", [element("p", f'Nothing was checked: no scenario or part is called "{report.options.only}".')]
        return
    yield "Parts", [parts_table(parts)]
    failures = failures_section(parts)
    if failures:
        yield "Failures", failures
    if report.criteria:
        yield "Success criteria", [criteria_table(report.criteria)]
    yield "Invariants by view", [invariants_table(report.invariants)]
    yield "Writes per intent", _writes(report)
    yield "Latency", _latency(report)
    yield "Engines broken on purpose", _kills(report)
    yield "Every case", [_cases(part) for part in parts]


def _writes(report: Report) -> list[Markup]:
    charts = []
    for fact, title, unit in (
        (WRITES, "Intents by the write requests they took", "write requests of one intent"),
        (DOCUMENTS, "Intents by the documents they wrote", "documents written by one intent"),
    ):
        counts = report.histogram(fact)
        if counts:
            chart = histogram_chart(counts, name=identifier(fact), title=title, unit=unit)
            charts.append(element("figure", [chart, element("figcaption", title)]))
    if not charts:
        return [element("p", "No part of this run counted them: the state machines and the costs do.", class_="soft")]
    return [element("div", charts, class_="side")]


def _latency(report: Report) -> list[Markup]:
    if not report.latency:
        return [element("p", "Not measured in this run: --only latency does, and a whole run.", class_="soft")]
    caption = (
        "What a reference change adds to a plain write, in virtual time: 95 of 100 are at most this. Everything but "
        "the line with a rival must stay below the budget."
    )
    plot = element("div", latency_chart(report.latency), class_="wide", tabindex="0", role="region", aria_label="Plot")
    figure = element("figure", [plot, element("figcaption", caption)])
    details = element("details", [element("summary", "All figures"), latency_table(report.latency)])
    return [figure, details]


def _kills(report: Report) -> list[Markup]:
    if report.kills:
        return [kills_table(report.kills)]
    words = "This run has no kill table: --kill-table adds it, --profile deep has it, --only broken is it alone."
    return [element("p", words, class_="soft")]


def _cases(part: PartResult) -> Markup:
    """Return a part's facts and the names of its cases, folded away."""
    failed = {failure.name for failure in part.failures}
    plain = {key: value for key, value in part.facts.items() if isinstance(value, (int, float, str))}
    inside = [element("summary", f"{part.name}: {part.checked:,} {part.unit}")]
    if plain:
        terms = [piece for key, value in plain.items() for piece in (element("dt", key), element("dd", _said(value)))]
        inside.append(element("dl", terms))
    if part.cases:
        names = [
            element("li", [name, element("span", " fails", class_="bad")] if name in failed else name)
            for name in part.cases
        ]
        inside.append(element("ul", joined(names), class_="cases"))
    if len(inside) == 1:
        inside.append(element("p", part.title))
    return element("details", inside, id=identifier("part", part.name))


def _said(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,}"
