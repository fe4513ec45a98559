"""The state machines: our engine holds, engines broken on purpose are caught by name, and failures replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bidir import Engine, Outcome
from bidir.conformance import broken
from bidir.conformance.loading import load_scenario
from bidir.conformance.machines import Effort, play_kind, run_machines
from bidir.conformance.machines_kinds import KINDS
from bidir.conformance.runner import run_scenario

BY_NAME = {kind.name: kind for kind in KINDS}
FEW = Effort(runs=12, steps=8)
MANY = Effort(runs=60, steps=8)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_our_engine_holds(kind: Any) -> None:
    result = play_kind(kind, FEW, 7, Engine)
    assert result.faults == ()
    assert result.counts["judged"] >= result.counts["predicted exactly"] > result.counts["judged"] // 2


def test_the_same_seed_repeats_the_same_runs() -> None:
    first, again, other = (play_kind(BY_NAME["many-to-many"], FEW, seed, Engine).counts for seed in (3, 3, 4))
    assert first == again
    assert first != other


BROKEN = {
    "one side only": ("one-to-one", broken.one_sided, "I1 symmetry"),
    "one side only, lists": ("many-to-many", broken.one_sided, "I1 symmetry"),
    "two requests": ("one-to-one", broken.two_requests, "I10 bounded work"),
    "overwrites a colleague's text": ("one-to-one", broken.overwrites_text, "I7 frame"),
    "strong inverse": ("many-to-many", broken.strong_inverse, "E8.6 strength"),
}


@pytest.mark.parametrize("case", BROKEN, ids=lambda name: name.replace(" ", "-"))
def test_an_engine_broken_on_purpose_is_caught_and_its_failure_replays(case: str, tmp_path: Path) -> None:
    kind, factory, rule = BROKEN[case]
    result = play_kind(BY_NAME[kind], MANY, 1, factory, found=tmp_path)
    assert any(fault.startswith(rule) for fault in result.faults), result.faults
    assert result.scenario is not None
    loaded = load_scenario(result.scenario)
    assert loaded.scenario.source == f"state machine {kind}, seed 1"
    assert not run_scenario(loaded, factory).passed
    ours = run_scenario(loaded, Engine)
    assert ours.passed, ours


def test_a_crash_of_the_engine_is_a_failure_with_its_steps() -> None:
    class Crashing(Engine):
        def submit(self, mutations: Any, **options: Any) -> Outcome:
            raise KeyError("books")

    result = play_kind(BY_NAME["one-to-one"], FEW, 1, Crashing)
    assert result.faults == ("KeyError: 'books'",)
    assert result.trace is not None
    assert len(result.trace.steps) == 1


def test_run_machines_plays_the_kinds_asked_for() -> None:
    results = run_machines("quick", 1, broken.one_sided, kinds=[BY_NAME["reject"], BY_NAME["symmetric-one"]])
    assert [result.name for result in results] == ["reject", "symmetric-one"]
    assert not any(result.holds for result in results)
