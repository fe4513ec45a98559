"""The report a person reads in the terminal: parts and counts, every failure with its replay, the latency table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bidir.conformance.latency import BUDGET_MS
from bidir.conformance.parts import PartResult
from bidir.conformance.pictures import picture_text
from bidir.conformance.suite import MEMORY, Report
from bidir.conformance.totals import DOCUMENTS, VIEWS, WRITES, InvariantRow
from bidir.conformance.verdict import count_words, verdict_words

__all__ = ["print_report"]


def print_report(report: Report, console: Console) -> None:
    """Print the whole report to `console`."""
    console.print(Group(*_pieces(report)))


def _pieces(report: Report) -> Iterable[RenderableType]:
    options = report.options
    lake = "the embedded lake" if options.lake == MEMORY else f"a served lake ({options.lake})"
    yield Text(f"Conformance of {options.engine} on {lake}, profile {options.profile}, seed {options.seed}")
    yield Text()
    if not report.parts:
        yield Text(f'Nothing was checked: no scenario or part is called "{options.only}".', style="red")
        return
    yield _parts_table(report)
    for part in report.parts:
        yield from _facts(part)
    if report.criteria:
        yield Text()
        yield _criteria_table(report.criteria)
    if report.latency:
        yield Text()
        yield _latency_table(report.latency)
    if report.kills:
        yield Text()
        yield _kills_table(report.kills)
    for part in report.parts:
        for failure in part.failures:
            yield Rule(f"{part.name}: {failure.name}", style="red", align="left")
            yield Text(failure.text)
            if failure.replay and failure.replay not in failure.text:
                yield Text(f"  replay  {failure.replay}")
            if failure.picture is not None:
                yield Text(picture_text(failure.picture))
    yield Text()
    yield _invariants_table(report.invariants)
    yield from _histograms(report)
    yield Text()
    yield Text(verdict_words(report), style="bold green" if report.passed else "bold red")


def _parts_table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("part")
    table.add_column("holds", justify="right")
    table.add_column("of", justify="right")
    table.add_column("")
    table.add_column("seconds", justify="right")
    table.add_column("what is asked")
    for part in report.parts:
        failed = len(part.failures)
        holds = Text(str(part.checked - failed), style="red" if failed or not part.checked else "green")
        table.add_row(part.name, holds, str(part.checked), part.unit, f"{part.seconds:.1f}", part.title)
    return table


def _facts(part: PartResult) -> Iterable[RenderableType]:
    plain = {key: value for key, value in part.facts.items() if isinstance(value, (int, float, str))}
    if plain:
        yield Text(f"{part.name}: " + ", ".join(f"{key} {value}" for key, value in plain.items()), style="dim")


def _criteria_table(rows: list[dict[str, Any]]) -> Table:
    """Lay out what the requirement asks for and what was measured."""
    table = Table(title="The requirement's success criteria", title_justify="left", title_style="", box=None)
    table.pad_edge, table.padding = False, (0, 2, 0, 0)
    table.add_column("asked")
    table.add_column("measured")
    for row in rows:
        table.add_row(row["asked"], row["measured"], style="" if row["holds"] else "red")
    return table


def _kills_table(rows: list[dict[str, Any]]) -> Table:
    """Lay the kills out: one line per engine broken on purpose, with what caught it and how soon."""
    title = "Engines broken on purpose: the first check that fails by the name of the rule (red: none does)"
    table = Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("engine", "breaks", "killed by", "case"):
        table.add_column(head)
    for head in ("checks", "seconds"):
        table.add_column(head, justify="right")
    table.add_column("smallest scenario")
    for row in rows:
        caught = row["breaks"] in row["rules"]
        cells = [row["breaks"], row["part"] or "nothing", row["case"], str(row["checks"]), f"{row['seconds']:.2f}"]
        name = row["engine"].rpartition(":")[2]
        table.add_row(name, *cells, row["scenario"], style="" if caught else "red")
    return table


def _latency_table(rows: list[dict[str, Any]]) -> Table:
    """Lay the rows out: one line per relation and intent, one column per round-trip time."""
    times = sorted({row["rtt_ms"] for row in rows})
    title = (
        f"Milliseconds added to a plain write, by round-trip time: median, and the 99th percentile where it differs "
        f"(red: above the budget of {BUDGET_MS})"
    )
    table = Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("relation", "intent"):
        table.add_column(head)
    for head in ("reads", "writes", "docs", *(f"{time} ms" for time in times)):
        table.add_column(head, justify="right")
    lines: dict[tuple[str, str], dict[Any, Mapping[str, Any]]] = {}
    for row in rows:
        lines.setdefault((row["relation"], row["intent"]), {})[row["rtt_ms"]] = row
    for (relation, intent), by_time in lines.items():
        first = next(iter(by_time.values()))
        counts = [f"{first[name]:g}" for name in ("reads", "writes", "documents")]
        table.add_row(relation, intent, *counts, *(_latency_cell(by_time.get(time)) for time in times))
    return table


def _latency_cell(row: Mapping[str, Any] | None) -> Text:
    if row is None:
        return Text()
    median, worst = f"{row['added_ms_p50']:.0f}", f"{row['added_ms_p99']:.0f}"
    words = median if median == worst else f"{median}..{worst}"
    return Text(words, style="red" if row["added_ms_p99"] > BUDGET_MS else "green")


def _invariants_table(rows: list[InvariantRow]) -> Table:
    """Lay the invariants out by view: checks, and in red the failures that name them."""
    title = "Checks by invariant and view (red: failures that name it)"
    table = Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("invariant")
    for view in (*VIEWS[:-1], "not by view"):
        table.add_column(view, justify="right")
    for row in rows:
        cells = []
        for view in VIEWS:
            checks, failures = row.checks.get(view, 0), row.failures.get(view, 0)
            cells.append(Text(count_words(checks, failures), style="red" if failures else ""))
        table.add_row(row.name, *cells)
    return table


def _histograms(report: Report) -> Iterable[RenderableType]:
    for fact, name in ((WRITES, "write requests"), (DOCUMENTS, "documents written")):
        counts = report.histogram(fact)
        if counts:
            yield Text(f"Intents by {name}: " + ", ".join(f"{taken}: {count:,}" for taken, count in counts.items()))
