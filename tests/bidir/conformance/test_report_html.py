"""The HTML report without a browser: complete in itself, everything escaped, headed, titled; the drawings' figures."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir.conformance.latency import RIVALLED, STREAM, WARM
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.pictures import Picture
from bidir.conformance.report_html import html_page, write_html
from bidir.conformance.report_html.charts import histogram_chart, latency_chart, latency_series
from bidir.conformance.report_html.graph import GROUPS_MAX, graph
from bidir.conformance.report_html.markup import Markup, element
from bidir.conformance.suite import Report, SuiteOptions

EVIL = "</pre><script>alert('1')</script>\"&amp;<b>\x00\x1b\ud800"
VOID = {"meta", "br", "line", "circle", "rect", "path", "polyline"}


class Page(HTMLParser):
    """Reads a page and refuses one whose elements do not end where they should."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


def row(intent: str, time: int, added: float) -> dict[str, Any]:
    counts = {"reads": 1, "writes": 1, "documents": 2}
    return {"relation": "1:1", "intent": intent, "rtt_ms": time, **counts} | {
        f"added_ms_p{share}": added for share in (50, 95, 99)
    }


PICTURE = Picture(
    {"b1": {"_type": "book", "author": {"_ref": "a1"}}, "a1": {"_type": "author"}},
    {
        "a1": {"_type": "author"},
        "b1": {"_type": "book"},
        "drafts.b1": {"_type": "book", "self": {"_ref": "b1", "_weak": True}, "x": {"_ref": "a9"}},
    },
)
PARTS = (
    PartResult("scenarios prd", "the flows", 2, "plays", (), 0.2, {"invariants": {"I1": {"drafts": 2}}}, ("a", EVIL)),
    PartResult(
        "machine x", "random", 3, "runs",
        (Failure(EVIL, f"I1 symmetry in drafts {EVIL}", f"bidir scenario run {EVIL}", "found/x.yaml", PICTURE),),
        facts={"writes_per_intent": {0: 1, 1: 40}, "runs": 3, "skipped": EVIL},
    ),
    PartResult("latency", "time", 4, "figures", facts={"latency": [row("set", 20, 32), row("set", 150, 232.5)]}),
    PartResult("criteria", "asked", 1, "c", facts={"criteria": [{"asked": EVIL, "measured": "9 %", "holds": False}]}),
    PartResult("broken engines", "killed", 1, "engines", facts={"kills": [{
        "engine": "m:no_eviction", "wrong": EVIL, "seen": "x", "breaks": "I1 symmetry", "part": "scenarios prd",
        "case": EVIL, "rules": ["I1 symmetry"], "checks": 3, "seconds": 0.5, "scenario": "prd/x.yaml"}]}),
)  # fmt: skip
REPORT = Report(SuiteOptions(engine=EVIL, only=EVIL, scenarios=Path("scenarios")), PARTS, 1.5)


def test_the_page_is_complete_in_itself_and_has_no_script() -> None:
    text = html_page(REPORT)
    page = Page(text)
    names = {tag for tag, _ in page.elements}
    assert not names & {"script", "link", "img", "iframe", "object", "b"}
    assert not re.search(r"url\(|@import|https?://", text)
    links = [attributes["href"] for attributes in page.named("a")]
    ids = [attributes["id"] for _, attributes in page.elements if attributes.get("id")]
    assert all(href is not None and href[0] == "#" and href[1:] in ids for href in links)
    assert len(ids) == len(set(ids))
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)


def test_everything_is_said_as_it_is() -> None:
    text = html_page(REPORT)
    said = " ".join(Page(text).texts)
    shown = EVIL.replace("\x00", "�").replace("\x1b", "�").replace("\ud800", "�")
    assert said.count(shown) >= 8
    text.encode("utf-8")


def test_the_page_can_be_read_without_eyes() -> None:
    page = Page(html_page(REPORT))
    assert page.named("html")[0]["lang"] == "en"
    assert all(one.get("scope") in ("col", "row") for one in page.named("th"))
    assert len(page.named("caption")) == len(page.named("table")) >= 4
    ids = {attributes.get("id") for attributes in page.named("title", "desc")}
    for image in page.named("svg"):
        assert image["role"] == "img"
        assert set(str(image["aria-labelledby"]).split()) <= ids
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_what_a_run_did_not_measure_is_said() -> None:
    said = " ".join(Page(html_page(Report(SuiteOptions(), PARTS[:1], 1.0))).texts)
    assert "This run has no kill table: --kill-table adds it" in said
    assert "Not measured in this run" in said
    assert "No part of this run counted them" in said
    nothing = " ".join(Page(html_page(Report(SuiteOptions(only="no"), (), 0.0))).texts)
    assert 'no scenario or part is called "no"' in nothing


def test_a_page_with_many_checks_stays_small(tmp_path: Path) -> None:
    cases = tuple(f"museum/{number:04}-something-with-a-long-name [drafts]" for number in range(1500))
    path = tmp_path / "deep" / "report.html"
    write_html(Report(SuiteOptions(), (PartResult("many", "t", 1500, "plays", cases=cases),), 1.0), path)
    text = path.read_text(encoding="utf-8")
    assert text.count("<li>museum/") == 1500
    assert len(text) < 150_000


@given(st.text(), st.text())
def test_markup_escapes_whatever_is_no_markup(content: str, attribute: str) -> None:
    page = Page(element("p", [content, element("i", "x")], title=attribute))
    assert [tag for tag, _ in page.elements] == ["p", "i"]


def test_markup_stays_markup_and_none_is_left_out() -> None:
    assert (
        element("p", [Markup("<br/>"), "<"], class_="a", aria_label=None, x=1.0) == '<p class="a" x="1"><br/>&lt;</p>'
    )


def test_the_latency_plot_has_its_lines_and_the_budget() -> None:
    rows = [row(name, time, time + added) for name, added in (("set", 5), ("clear", 9), (WARM, 1), (STREAM, 20),
            (RIVALLED, 90)) for time in (20, 150)]  # fmt: skip
    lines = latency_series(rows)
    assert [line.points for line in lines] == [
        {20: 29, 150: 159}, {20: 21, 150: 151}, {20: 40, 150: 170}, {20: 110, 150: 240},
    ]  # fmt: skip
    drawn = latency_chart(rows)
    assert "budget 200 ms" in drawn
    assert drawn.count("<polyline") == 4
    assert "mixed stream, 95 of 100: 40 at 20, 170 at 150" in drawn
    # The line of the budget lies between those of 170 and 240 milliseconds.
    ends = [float(one.split()[-1].split(",")[1]) for one in re.findall(r'points="([^"]*)"', drawn)]
    budget = float(re.findall(r'd="M58 ([\d.]+)H[^"]*" class="budget"', drawn)[0])
    assert ends[3] < budget < ends[2] < ends[1]


@pytest.mark.parametrize("rows", [[row("set", 20, 5)], [row("set", 20, 5000), row("set", 80, 90000)]])
def test_the_latency_plot_takes_any_figures(rows: list[dict[str, Any]]) -> None:
    heights = [float(one) for one in re.findall(r'cy="([-\d.]+)"', latency_chart(rows))]
    assert all(0 < height < 380 for height in heights)


def test_bars_are_as_tall_as_what_they_count() -> None:
    drawn = histogram_chart({0: 1, 2: 100, 4: 50}, name="h", title="t", unit="u")
    heights = [float(one) for one in re.findall(r'<rect[^>]* height="([\d.]+)"', drawn)]
    assert heights[1] == pytest.approx(100 * heights[0], rel=0.05)
    assert heights[1] == pytest.approx(2 * heights[2], rel=0.01)
    assert "0: 1, 2: 100, 4: 50" in drawn
    assert histogram_chart({5: 3}, name="h", title="t", unit="u").count("<rect") == 1


def test_a_graph_shows_stored_inherited_missing_and_changed_documents() -> None:
    drawn = graph(PICTURE, "g")
    assert drawn is not None
    before, after = drawn.split("Documents after all steps")
    assert before.count('class="node"') == 2
    assert before.count("arrow strong lonely") == 1
    # Drafts: b1 is new there, a1 shows through, and nothing is known of a9.
    assert after.count('class="node changed"') == 2
    assert after.count('class="node inherited"') == 1
    assert "b1 points at a9, which does not point back" in after


def test_a_graph_of_nothing_or_too_much_is_none() -> None:
    many = {f"b{number}": {"_type": "book"} for number in range(GROUPS_MAX + 1)}
    assert graph(Picture({}, {}), "g") is None
    assert graph(Picture(many, {}), "g") is None
    assert graph(Picture(dict(list(many.items())[1:]), {}), "g") is not None
