"""The HTML report in a real browser: nothing spills, nothing is empty, nothing is hard to read, in light and dark."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from bidir.conformance.broken.catalogue import BROKEN
from bidir.conformance.killing import kill_by_scenario
from bidir.conformance.parts import PartResult
from bidir.conformance.report_html import html_page
from bidir.conformance.suite import Report, SuiteOptions, run_suite

ROOT = Path(__file__).parents[3] / "scenarios"
BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
REQUIRED = os.environ.get("LAKESIM_BROWSER") == "required"
SCHEMES = {"dark": 0, "light": 1}
WIDTHS = (1280, 400)
CONTRAST_MIN = 4.5
"""What people with weak eyes need between text and background (WCAG 2, level AA)."""

MEASURE = """
function luminance(colour) {
  return colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(one => one / 255)
    .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
}
function background(element) {
  for (let one = element; one; one = one.parentElement) {
    const found = one.ownerDocument.defaultView.getComputedStyle(one).backgroundColor;
    if (!/rgba\\(.*, 0\\)/.test(found)) return found;
  }
  return 'rgb(255, 255, 255)';
}
function contrast(element) {
  const style = element.ownerDocument.defaultView.getComputedStyle(element);
  const pair = [luminance(element.closest('svg') ? style.fill : style.color), luminance(background(element))];
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}
function said(element) {
  return [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
}
function spills(text) {
  const svg = text.closest('svg').getBoundingClientRect(), box = text.getBoundingClientRect();
  return box.left < svg.left - 1 || box.right > svg.right + 1 || box.top < svg.top - 1 || box.bottom > svg.bottom + 1;
}
function named(element) { return element.tagName + ' ' + element.textContent.slice(0, 40); }
function wide(element) {
  const scrolls = element.closest('.wide, pre');
  return !scrolls && element.getBoundingClientRect().right > element.ownerDocument.documentElement.clientWidth + 1;
}
function measured(frame) {
  const page = frame.contentDocument, all = [...page.querySelectorAll('body *')];
  page.querySelectorAll('details').forEach(one => one.open = true);
  const texts = all.filter(one => said(one) && !one.closest('title, desc, style'));
  return {
    width: frame.contentWindow.innerWidth,
    scrolls: page.documentElement.scrollWidth > page.documentElement.clientWidth,
    headings: [...page.querySelectorAll('h1, h2, h3')].map(one => one.tagName + ' ' + one.textContent),
    images: [...page.querySelectorAll('svg')].map(one => {
      const box = one.getBBox();
      return [Math.round(one.getBoundingClientRect().width), Math.round(box.width), Math.round(box.height)];
    }),
    spilling: [...page.querySelectorAll('svg text')].filter(spills).map(one => one.textContent),
    wide: texts.filter(wide).map(named),
    faint: texts.filter(one => contrast(one) < CONTRAST_MIN).map(named),
    texts: texts.length,
    background: page.defaultView.getComputedStyle(page.body).backgroundColor,
    requests: frame.contentWindow.performance.getEntriesByType('resource').length,
  };
}
addEventListener('load', () => {
  const found = [...document.querySelectorAll('iframe')].map(measured);
  document.documentElement.innerHTML = '<body><pre id="measured"></pre></body>';
  document.getElementById('measured').textContent = JSON.stringify(found);
});
"""


def combined(*reports: Report, extra: tuple[PartResult, ...] = ()) -> Report:
    parts = tuple(part for one in reports for part in one.parts)
    return Report(reports[0].options, (*parts, *extra), sum(one.seconds for one in reports))


@pytest.fixture(scope="module")
def holding() -> Report:
    """A real run of the parts that take seconds, and some rows of the kill table."""
    kills = [kill_by_scenario(one, ROOT).row() for one in BROKEN[:3]]
    table = PartResult("broken engines", "broken on purpose", 3, "engines", facts={"killed": 3, "kills": kills})
    only = ("museum/00*", "latency")
    return combined(*(run_suite(SuiteOptions(only=one, profile="quick")) for one in only), extra=(table,))


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A real run that fails in many ways: an engine broken on purpose."""
    found = tmp_path_factory.mktemp("found")
    engine = "bidir.conformance.broken:no_eviction"
    only = ("museum/00*", "states 1:1/three")
    return combined(
        *(run_suite(SuiteOptions(only=one, profile="quick", engine=engine, found_in=found)) for one in only)
    )


@pytest.fixture
def browse(tmp_path: Path) -> Callable[[str, str], list[dict[str, Any]]]:
    """Return what measures a page in the browser, at each of the widths, and refuses anything on its console."""
    if BROWSER is None:
        if REQUIRED:
            pytest.fail("LAKESIM_BROWSER=required, and no chromium is installed")
        pytest.skip("no chromium is installed (apt-get install chromium)")

    def measure(page: str, scheme: str) -> list[dict[str, Any]]:
        frames = "".join(
            f'<iframe style="border:0;width:{width}px;height:900px" srcdoc="{escape(page)}"></iframe>'
            for width in WIDTHS
        )
        host = tmp_path / "host.html"
        script = f"<script>const CONTRAST_MIN = {CONTRAST_MIN};{MEASURE}</script>"
        host.write_text(f"<!DOCTYPE html><meta charset=utf-8>{script}<body>{frames}", encoding="utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"]
        done = subprocess.run(
            [BROWSER, *flags, f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}", "--window-size=1400,1000",
             f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", host.as_uri()],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
        found = re.search(r'<pre id="measured">(.*?)</pre>', done.stdout, re.DOTALL)
        assert found is not None, done.stdout[:500]
        result: list[dict[str, Any]] = json.loads(unescape(found.group(1)))
        return result

    return measure


SECTIONS = ["Parts", "Invariants by view", "Writes per intent", "Latency", "Engines broken on purpose", "Every case"]


def assert_readable(found: list[dict[str, Any]], scheme: str) -> None:
    assert [one["width"] for one in found] == list(WIDTHS)
    for one in found:
        assert not one["scrolls"], "the page scrolls sideways"
        assert one["texts"] > 100
        assert one["requests"] == 0
        assert (one["spilling"], one["wide"], one["faint"]) == ([], [], [])
        assert all(min(sizes) > 50 for sizes in one["images"])
        assert one["background"] == ("rgb(17, 21, 26)" if scheme == "dark" else "rgb(255, 255, 255)")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_of_a_run_that_holds(scheme: str, holding: Report, browse: Any) -> None:
    assert holding.passed
    found = browse(html_page(holding), scheme)
    assert_readable(found, scheme)
    for one in found:
        assert one["headings"] == [f"H1 Conformance of {holding.options.engine}", *(f"H2 {name}" for name in SECTIONS)]
        assert len(one["images"]) == 3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_of_a_run_that_fails(scheme: str, failing: Report, browse: Any) -> None:
    found = browse(html_page(failing), scheme)
    failures = [f"H3 {part.name}: {one.name}" for part in failing.parts for one in part.failures]
    assert len(failures) > 10
    assert_readable(found, scheme)
    for one in found:
        assert one["headings"][:3] == [f"H1 Conformance of {failing.options.engine}", "H2 Parts", "H2 Failures"]
        assert one["headings"][3 : 3 + len(failures)] == failures
        # A graph before and one after each of them.
        assert len(one["images"]) == 2 * len(failures)


def test_the_measuring_sees_what_is_wrong(browse: Any) -> None:
    """A page that is too wide, pale, and has an empty image and a text outside of one."""
    page = (
        '<!DOCTYPE html><body style="background:#fff;margin:0"><h2>Bad</h2><p style="color:#ccc">pale</p>'
        '<p style="width:3000px">wide</p><svg viewBox="0 0 100 100" width="100"></svg>'
        '<svg viewBox="0 0 100 100" width="100" height="100"><text x="90" y="50">outside</text></svg></body>'
    )
    for one in browse(page, "light"):
        assert one["scrolls"]
        assert one["faint"] == ["P pale"]
        assert one["wide"] == ["P wide"]
        assert one["spilling"] == ["outside"]
        assert one["images"][0][1:] == [0, 0]
