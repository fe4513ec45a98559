"""The page on judging an engine: every command on it is run, and prints what the page quotes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from bidir.backends import HttpBackend
from bidir.cli import app
from bidir.conformance.answers import CALLS_MAX
from bidir.conformance.external.quiet import FOLLOW_UPS_MAX

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "judging-your-engine.md"
ENGINE = ROOT / "docs" / "naive_engine.py"
BLOCKS = re.findall(r"```console\n\$ bidir (.*?)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
ADDRESS = "http://127.0.0.1:3333"
LINES_MAX = 60


def printed(command: str, monkeypatch: pytest.MonkeyPatch, *, address: str = "") -> str:
    """Return what a command prints, run in the repository's own folder."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, shlex.split(command.replace(ADDRESS, address) if address else command))
    assert result.exit_code in (0, 1), result.output
    return result.stdout.replace(address, ADDRESS) if address else result.stdout


def plain(text: str) -> list[str]:
    """Return the lines without what differs from run to run, or is only there for the eye."""
    text = re.sub(r"─+", "───", text)
    text = re.sub(r"\d+\.\d+(?= {2,}| seconds)", "N", text)
    return [re.sub(r" +", " ", line).strip() for line in text.splitlines() if line.strip()]


def chunks(quoted: str) -> Iterator[list[str]]:
    """Yield the runs of quoted lines between those that only say `…`."""
    for part in re.split(r"^…$", quoted, flags=re.MULTILINE):
        if lines := plain(part):
            yield lines


def assert_quotes(quoted: str, output: str) -> None:
    lines = plain(output)
    place = 0
    for chunk in chunks(quoted):
        found = [at for at in range(place, len(lines)) if lines[at : at + len(chunk)] == chunk]
        assert found, "the page does not quote what is printed:\n" + "\n".join(chunk) + "\n--- printed:\n" + output
        place = found[0] + len(chunk)


@pytest.mark.parametrize(("command", "quoted"), [one for one in BLOCKS if ADDRESS not in one[0]])
def test_a_command_prints_what_the_page_quotes(command: str, quoted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_quotes(quoted, printed(command, monkeypatch))


@pytest.fixture
def listener(lake_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The loop of the page, beside the test's own lake."""
    monkeypatch.syspath_prepend(str(ROOT))
    from docs import naive_listener

    over = Event()
    with HttpBackend(lake_server, project="demo", dataset="production") as backend:
        thread = Thread(target=naive_listener.listen, args=(backend, lambda: not over.is_set()))
        thread.start()
        yield
        over.set()
        thread.join()


@pytest.mark.parametrize(("command", "quoted"), [one for one in BLOCKS if ADDRESS in one[0]])
def test_the_loop_beside_a_lake_is_judged_as_the_page_quotes(
    command: str, quoted: str, lake_server: str, listener: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_quotes(quoted, printed(command, monkeypatch, address=lake_server))


def test_the_comparison_can_fail() -> None:
    assert_quotes("a\n…\nc 1.5  d\n", "a\nb\nc 2.25   d\n")
    for quoted in ("a\nc", "c\n…\na", "b\n…\nb"):
        with pytest.raises(AssertionError, match="does not quote"):
            assert_quotes(quoted, "a\nb\nc\n")


def test_the_engine_is_as_short_as_the_page_says() -> None:
    assert len(ENGINE.read_text(encoding="utf-8").splitlines()) <= LINES_MAX


def test_the_page_has_the_bounds_right() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"more\nthan {CALLS_MAX:,} calls" in text
    assert f"more than {FOLLOW_UPS_MAX}, or no end" in text


def test_the_page_runs_every_form_of_judging() -> None:
    commands = " ".join(command for command, _ in BLOCKS)
    for form in ("docs.naive_engine:NaiveEngine", "--engine external", "scenario run", "bidir.conformance.broken:"):
        assert form in commands


def test_the_loop_answers_once_and_then_has_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from docs.naive_listener import answer

    sent: list[Any] = []
    author = {"_id": "a1", "_type": "author", "currentBook": {"_ref": "b1"}}
    backend = SimpleNamespace(
        documents=lambda ids: dict.fromkeys(ids, author), commit=lambda *sends, **_: sent.append(sends)
    )
    book = {"_id": "b1", "_type": "book", "author": {"_ref": "a1"}}
    answer(backend, {"documentId": "b1", "previous": None, "result": book})
    assert sent == []
    answer(backend, {"documentId": "b1", "previous": book, "result": {"_id": "b1", "_type": "book"}})
    assert len(sent) == 1
