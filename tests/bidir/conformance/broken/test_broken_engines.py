"""Engines broken on purpose: each is caught by the name of the rule it breaks, in the smallest scenario about it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bidir.conformance import broken, killing
from bidir.conformance.broken.catalogue import BROKEN, BrokenEngine
from bidir.conformance.broken.seams import nothing, weakened
from bidir.conformance.engines import load_engine
from bidir.conformance.killing import kill_by_scenario, kill_table, killing_part
from bidir.conformance.loading import load_scenario
from bidir.conformance.result import render
from bidir.conformance.runner import layers_of, run_scenario
from bidir.engine import Engine

ROOT = Path(__file__).parents[4] / "scenarios"
SCENARIOS = sorted({one.scenario for one in BROKEN})

LISTED = {
    "no eviction of displaced holder": "no_eviction",
    "no clear of old partner": "no_clear_of_old_partner",
    "eviction only from one end": "eviction_from_one_end",
    "lock source only": "lock_source_only",
    "whole-array set": "whole_array_set",
    "random item key": "random_item_key",
    "boolean loop flag shared by relations": "shared_loop_flag",
    "no co-publish": "no_co_publish",
    "whole-document co-publish": "whole_document_co_publish",
    "no resync": "no_resync",
    "self-only erase": "self_only_erase",
    "no upward reconcile": "no_upward_reconcile",
    "no follow": "no_follow",
    "write-through to liveEdit": "write_through_to_live",
    "createIfNotExists instead of create": "create_if_not_exists",
    "swallow 403 on the source": "swallows_403_on_the_source",
    "retry re-sends absolute lists": "retry_sends_absolute_lists",
    "repair with union": "repair_with_union",
    "clears everything": "clears_everything",
    "does nothing": "does_nothing",
    "both sides in two requests": "two_requests",
}
"""The mutants that the semantics name (F11.7), and three that pass some of the invariants."""


def nothing_else(_: Any) -> Any:
    return iter(())


def test_every_fault_of_the_list_has_its_engine() -> None:
    assert set(LISTED.values()) <= {one.name for one in BROKEN}
    assert sorted(one.name for one in BROKEN) == broken.__all__


@pytest.mark.parametrize("engine", BROKEN, ids=lambda one: one.name)
def test_it_is_caught_by_name_in_its_smallest_scenario(engine: BrokenEngine) -> None:
    assert load_engine(engine.option) is engine.factory
    found = kill_by_scenario(engine, ROOT)
    assert found.caught, f"{found.rules} instead of {engine.breaks}\n{found.story}"
    assert f"--engine {engine.option}" in found.story


@pytest.mark.parametrize("name", SCENARIOS)
def test_ours_holds_where_they_fail(name: str) -> None:
    loaded = load_scenario(ROOT / f"{name}.yaml")
    for layer in layers_of(loaded):
        result = run_scenario(loaded, Engine, layer=layer)
        assert result.passed, render(result)
        assert result.breaks == []


def test_each_tooth_is_needed() -> None:
    """A scenario that no engine is caught by has no business among the teeth."""
    assert {path.stem for path in (ROOT / "teeth").glob("*.yaml")} == {
        name.removeprefix("teeth/") for name in SCENARIOS if name.startswith("teeth/")
    }


def test_the_table_is_the_same_twice_but_for_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killing, "BROKEN", [one for one in BROKEN if one.scenario.startswith("teeth/")][:2])
    monkeypatch.setattr(killing, "FOLDERS", ("teeth",))
    first, again = (
        [(one.part, one.case, one.rules, one.checks) for one in kill_table(ROOT, nothing_else)] for _ in range(2)
    )
    assert first == again
    assert all(part and checks for part, _, _, checks in first)


def test_an_engine_that_nothing_catches_is_a_failure_of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fine(BrokenEngine):
        @property
        def factory(self) -> Any:
            return Engine

    fine = Fine("fine", "Nothing is wrong.", "nowhere", "I1 symmetry", "teeth/an-unrelated-pair-stays")
    monkeypatch.setattr(killing, "BROKEN", [fine])
    monkeypatch.setattr(killing, "FOLDERS", ("teeth",))
    part = killing_part(ROOT, nothing_else)
    assert not part.passed
    assert [one.name for one in part.failures] == ["fine", "fine"]
    assert "not caught by the suite" in part.failures[0].text
    assert part.facts["killed"] == 0


def test_an_engine_caught_for_something_else_is_a_failure_of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    named = BrokenEngine("overwrites_text", "…", "…", "I3 no duplicates", "teeth/an-unrelated-pair-stays")
    monkeypatch.setattr(killing, "BROKEN", [named])
    monkeypatch.setattr(killing, "FOLDERS", ("teeth",))
    part = killing_part(ROOT, nothing_else)
    assert "named I7 frame" in part.failures[0].text
    assert "not I3 no duplicates" in part.failures[0].text


def test_the_planner_is_whole_again_after_every_call_even_one_that_raises() -> None:
    from bidir.planning import lifecycle

    right = lifecycle._STAGES, lifecycle.erase
    seen = []

    class Nosy:
        def __init__(self, schema: Any, backend: Any) -> None:
            seen.append(lifecycle.erase is right[1])

        def submit(self) -> None:
            inner.audit()
            seen.append(lifecycle.erase is right[1])
            raise KeyError("x")

        def audit(self) -> None:
            seen.append(lifecycle.erase is right[1])

    factory = weakened({"bidir.planning.lifecycle.erase": nothing}, Nosy)
    engine, inner = factory(None, None), factory(None, None)
    with pytest.raises(KeyError):
        engine.submit()
    assert seen == [False] * 4
    assert (lifecycle._STAGES, lifecycle.erase) == right


@pytest.mark.deep
@pytest.mark.skipif(os.environ.get("LAKESIM_PROFILE") != "deep", reason="deep: LAKESIM_PROFILE=deep")
def test_the_whole_suite_kills_all_of_them_by_name() -> None:
    part = killing_part(ROOT, nothing_else)
    assert part.passed, "\n".join(one.text for one in part.failures)
    assert part.facts["killed"] == len(BROKEN)
