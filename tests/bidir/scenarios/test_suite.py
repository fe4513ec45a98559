"""The main job and its reports: what is counted, what fails, what the files say."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from bidir.conformance import machines_part, units
from bidir.conformance.engines import EngineNotFoundError, load_engine
from bidir.conformance.machines import MachineResult
from bidir.conformance.machines_kinds import KINDS
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.pictures import Picture
from bidir.conformance.report_files import report_json, write_json, write_junit
from bidir.conformance.report_text import print_report
from bidir.conformance.suite import Report, SuiteOptions, run_suite
from bidir.engine import Engine
from bidir.errors import NotSupportedError

GOOD = PartResult(
    "scenarios prd", "the flows", 2, "plays", (), 0.25, {"files": 1}, ("prd/a [drafts]", "prd/a [published]")
)
BAD = PartResult(
    "machine n:1",
    "random edits",
    30,
    "runs",
    (Failure("n:1", "I1 symmetry\x00 in drafts", "bidir scenario run f.yaml"),),
)
LATENCY = PartResult(
    "latency",
    "added time",
    2,
    "figures",
    facts={
        "latency": [
            {
                "relation": "1:1",
                "intent": "set",
                "rtt_ms": rtt,
                "added_ms_p50": rtt + 12,
                "added_ms_p95": rtt + 12,
                "added_ms_p99": rtt + 60 if rtt > 100 else rtt + 12,
                "reads": 1,
                "writes": 1,
                "documents": 2,
            }
            for rtt in (20, 150)
        ]
    },
)


def report(*parts: PartResult) -> Report:
    return Report(SuiteOptions(scenarios=Path("scenarios")), parts, 1.5)


def printed(one: Report) -> str:
    out = StringIO()
    print_report(one, Console(file=out, width=160, highlight=False))
    return out.getvalue()


@pytest.mark.parametrize(
    ("parts", "passed"),
    [((GOOD,), True), ((GOOD, BAD), False), ((), False), ((PartResult("x", "y", 0, "runs"),), False)],
)
def test_a_report_passes_only_if_something_was_checked_and_all_of_it_holds(
    parts: tuple[PartResult, ...], passed: bool
) -> None:
    assert report(*parts).passed == passed


def test_the_printed_report_has_counts_failures_and_how_to_replay_them() -> None:
    text = printed(report(GOOD, BAD))
    assert "scenarios prd      2   2  plays      0.2  the flows" in text
    assert "machine n:1       29  30  runs " in text
    assert "I1 symmetry" in text
    assert "replay  bidir scenario run f.yaml" in text
    assert text.rstrip().endswith("1 of 32 checks fail, in 1.5 seconds.")


def test_the_printed_report_shows_latency_by_round_trip() -> None:
    text = printed(report(LATENCY))
    assert "budget of 200" in text
    assert text.split("150 ms\n")[1].split("\n")[0].split() == ["1:1", "set", "1", "1", "2", "32", "162..210"]
    assert "All 2 checks hold" in text


def test_the_printed_report_shows_invariants_histograms_criteria_and_pictures() -> None:
    picture = Picture({"b1": {"_type": "book"}}, {})
    facts = {
        "invariants": {"I1": {"drafts": 1200, "r1": 3}},
        "writes_per_intent": {1: 40, 0: 2},
        "criteria": [{"asked": "fast", "measured": "12 ms", "holds": True}],
    }
    failure = Failure("f", "I1 symmetry in drafts: x", "again", picture=picture)
    lines = printed(report(PartResult("x", "y", 3, "runs", (failure,), facts=facts))).splitlines()
    words = [" ".join(line.split()) for line in lines]
    assert "I1 symmetry - 1 of 1,200 fail 3 -" in words
    assert "I12 no loss - - - -" in words
    assert "Intents by write requests: 0: 2, 1: 40" in words
    assert "fast 12 ms" in words
    assert "* published b1 {_type: book} -" in words


def test_an_empty_report_says_that_nothing_was_checked() -> None:
    assert "Nothing was checked" in printed(report())


def test_the_json_report_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "report.json"
    write_json(report(GOOD, BAD), path)
    value: dict[str, Any] = json.loads(path.read_text())
    assert value == report_json(report(GOOD, BAD))
    assert value["passed"] is False
    assert [part["checked"] for part in value["parts"]] == [2, 30]
    assert value["parts"][1]["failures"][0]["replay"] == "bidir scenario run f.yaml"


def test_the_junit_report_has_a_test_case_per_named_case(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    write_junit(report(GOOD, BAD), path)
    suites = ElementTree.parse(path).getroot()
    assert [(one.get("name"), one.get("tests"), one.get("failures")) for one in suites] == [
        ("scenarios prd", "2", "0"),
        ("machine n:1", "2", "1"),
    ]
    assert [case.get("name") for case in suites[0].findall("testcase")] == ["prd/a [drafts]", "prd/a [published]"]
    failure = suites[1].find("testcase/failure")
    assert failure is not None
    assert failure.text == "I1 symmetry in drafts"


SCENARIO = """
title: Set
why: Because
source: test
relations: [book.author <-> author.currentBook]
given: {documents: {b1: book, a1: author}}
when: [{set: {b1.author: -> a1}, in: published}]
then: {documents: {b1: {author: -> a1}, a1: {currentBook: %s}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prd").mkdir()
    (tmp_path / "prd" / "right.yaml").write_text(SCENARIO % "-> b1")
    (tmp_path / "museum").mkdir()
    (tmp_path / "museum" / "wrong.yaml").write_text(SCENARIO % "null")
    return tmp_path


def test_only_selects_scenarios_by_name(folder: Path) -> None:
    told: list[str] = []
    all_of_prd = run_suite(SuiteOptions(only="prd/*", scenarios=folder), on_part=told.append)
    assert [(part.name, part.passed, part.cases) for part in all_of_prd.parts] == [
        ("scenarios prd", True, ("prd/right",))
    ]
    assert told == ["scenarios prd", "scenarios museum"]
    wrong = run_suite(SuiteOptions(only="wrong", scenarios=folder))
    assert not wrong.passed
    (failure,) = wrong.parts[0].failures
    assert "currentBook" in failure.text
    assert failure.replay == f"bidir scenario run {folder / 'museum' / 'wrong.yaml'}"
    assert run_suite(SuiteOptions(only="nothing", scenarios=folder)).parts == ()


def test_a_replay_names_the_engine_that_was_judged(folder: Path) -> None:
    wrong = run_suite(SuiteOptions(only="wrong", scenarios=folder, engine="bidir.engine:Engine"))
    assert "--engine" not in wrong.parts[0].failures[0].replay
    other = run_suite(SuiteOptions(only="wrong", scenarios=folder, engine="bidir:Engine"))
    assert other.parts[0].failures[0].replay.endswith("wrong.yaml --engine bidir:Engine")


def without_the_long_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what has tests of its own and takes too long for these."""
    monkeypatch.setattr(units, "LIFE_KINDS", ())
    monkeypatch.setattr(units, "paths_part", lambda *_, **__: PartResult("paths", "", 1, "ways"))
    monkeypatch.setattr(units, "selected_simulation", lambda *_, **__: [])
    monkeypatch.setattr(units, "state_parts", lambda *_, **__: [])
    monkeypatch.setattr(units, "run_latency", lambda *_, **__: [PartResult("latency", "", 1, "figures")])
    monkeypatch.setattr(units, "criteria_part", lambda *_, **__: PartResult("criteria", "", 1, "criteria"))


@pytest.mark.parametrize(
    ("only", "parts"),
    [
        ("machines", ["machine", "machine", "paths"]),
        ("latency", ["latency"]),
        ("broken", ["broken engines"]),
        ("criteria", ["criteria"]),
        ("machine many-to-one", ["machine"]),
        ("scenarios museum", ["scenarios museum"]),
        (
            "*",
            [
                "scenarios prd",
                "scenarios museum",
                "machine",
                "machine",
                "paths",
                "latency",
                "criteria",
                "broken engines",
            ],
        ),
    ],
)
def test_only_selects_parts_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch, only: str, parts: list[str]) -> None:
    asked: list[tuple[Any, ...]] = []
    without_the_long_parts(monkeypatch)
    monkeypatch.setattr(units, "KINDS", KINDS[:2])
    monkeypatch.setattr(units, "killing_part", lambda *_, **__: PartResult("broken engines", "", 1, "engines"))

    def machines(profile: str, seed: int, engine: Any, **options: Any) -> list[PartResult]:
        asked.append((profile, seed, engine, options["found"], [kind.name for kind in options["kinds"]]))
        return [PartResult("machine", "", 1, "runs")]

    monkeypatch.setattr(units, "machine_parts", machines)
    one = run_suite(SuiteOptions(only=only, scenarios=folder, profile="deep", seed=7))
    assert [part.name for part in one.parts] == parts
    kinds = [kind.name for kind in KINDS[:2]]
    expected = (
        kinds if "machine" in parts and only != "machine many-to-one" else [*parts.count("machine") * ["many-to-one"]]
    )
    assert asked == [("deep", 7, Engine, folder / "found", [kind]) for kind in expected]


@pytest.mark.parametrize(
    ("result", "passed", "replay"),
    [
        (MachineResult("n:1", {"runs": 30, "submits": 200}), True, None),
        (
            MachineResult("n:1", {"runs": 31}, ("I1 symmetry in drafts",), Path("found/n-1.yaml")),
            False,
            "bidir scenario run found/n-1.yaml --engine mine:Engine",
        ),
        (MachineResult("n:1", {"runs": 31}, ("I1 symmetry in drafts",)), False, ""),
    ],
)
def test_a_state_machine_is_a_part_of_its_own(
    monkeypatch: pytest.MonkeyPatch, result: MachineResult, passed: bool, replay: str | None
) -> None:
    told: list[str] = []
    monkeypatch.setattr(machines_part, "KINDS", KINDS[:1])
    monkeypatch.setattr(machines_part, "run_machines", lambda *arguments, **options: [result])
    (part,) = machines_part.machine_parts(
        "quick", 0, Engine, engine_option=" --engine mine:Engine", on_kind=told.append
    )
    assert told == [f"state machine {KINDS[0].name}"]
    assert (part.name, part.checked, part.passed) == ("machine n:1", result.counts["runs"], passed)
    assert [failure.replay for failure in part.failures] == ([] if replay is None else [replay])


def test_our_engine_is_judged_unless_another_is_named() -> None:
    assert load_engine() is Engine
    assert load_engine("bidir:Engine") is Engine


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bidir.engine", 'an engine is named "module:factory"'),
        (":Engine", 'an engine is named "module:factory"'),
        ("bidir.engin:Engine", "cannot be imported"),
        ("bidir.engine:Engin", 'has no factory "Engin". Did you mean "Engine"?'),
        ("bidir.engine:RETRIES_MAX", "has no factory"),
    ],
)
def test_an_engine_that_cannot_be_found_is_told(name: str, message: str) -> None:
    with pytest.raises(EngineNotFoundError) as caught:
        load_engine(name)
    assert message in str(caught.value)


def test_an_external_engine_is_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match=r"external engine is never called.* --engine external --lake URL"):
        load_engine("external")


def test_an_engine_that_stops_a_part_fails_it_and_the_others_are_judged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any, **__: Any) -> list[PartResult]:
        raise ValueError("no licence")

    without_the_long_parts(monkeypatch)
    monkeypatch.setattr(units, "KINDS", KINDS[:1])
    monkeypatch.setattr(units, "machine_parts", stopped)
    one = run_suite(SuiteOptions(scenarios=folder))
    assert [part.name for part in one.parts][-4:] == ["machine one-to-one", "paths", "latency", "criteria"]
    assert not one.passed
    (failure,) = one.parts[-4].failures
    assert "brought to a stop: ValueError: no licence (in stopped," in failure.text
    assert failure.replay == 'bidir conformance --only "machine one-to-one" --profile default --seed 0'
