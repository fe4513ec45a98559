"""Different paths to one state: our engine comes to the same links, one that minds the side of an edit does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bidir import Engine
from bidir.conformance import broken, machines_paths
from bidir.conformance.loading import load_scenario
from bidir.conformance.machines_kinds import KINDS
from bidir.conformance.machines_paths import LAYERS, judge_paths, paths_part
from bidir.conformance.runner import run_scenario

FEW = {"quick": 3}
BY_NAME = {kind.name: kind for kind in KINDS}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_path_leads_to_the_same_links(layer: str) -> None:
    for result in judge_paths(BY_NAME["two-relations"], layer, "7", Engine):
        assert result.faults == []
        assert result.ways > 0


def test_an_engine_that_minds_the_side_is_caught_and_the_failure_replays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machines_paths, "CASES", FEW)
    kinds = [BY_NAME["one-to-one"]]
    part = paths_part("quick", 0, broken.eviction_from_one_end, kinds=kinds, found=tmp_path)
    assert any("I11 path independence" in failure.text for failure in part.failures)
    loaded = load_scenario(Path(part.failures[0].scenario))
    assert not run_scenario(loaded, broken.eviction_from_one_end).passed
    ours = run_scenario(loaded, Engine)
    assert ours.passed, ours


def test_what_comes_and_goes_in_one_transaction_is_excused_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines_paths, "CASES", FEW)
    part = paths_part("quick", 0, Engine, kinds=[BY_NAME["one-to-one"]])
    assert part.passed, part.failures
    assert part.facts["excused: comes and goes in one transaction"] > 0
    assert part.facts["invariants"]["I11"]["drafts"] > 0
