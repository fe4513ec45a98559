"""Each rule switched off is noticed, by a shortest history that a whole engine on a real lake plays again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bidir.conformance.engines import EngineNotFoundError, load_engine
from bidir.conformance.result import render
from bidir.conformance.scenarios_part import play_files
from bidir.conformance.states import weakened as module
from bidir.conformance.states.replay import write_counterexample
from bidir.conformance.states.scopes import SCOPES
from bidir.conformance.states.search import Options, search
from bidir.conformance.states.telling import told
from bidir.conformance.states.weakened import RULES, weakened
from bidir.errors import NotSupportedError
from bidir.planning import arrivals

EXPECTED = {
    # rule: (steps of the shortest history, what breaks)
    "old-partner": (3, "I1 symmetry"),
    "eviction": (3, "I1 symmetry"),
    "versions": (2, "I1 symmetry"),
    "co-publish": (3, "I1 symmetry"),
    "field-only": (4, "I7 frame"),
    "resync": (3, "I5 dangling"),
    "erase": (3, "I9 erase"),
    "reconcile": (2, "I1 symmetry"),
    "follow": (4, "R9 follow"),
    "prune": (3, "R10 noise"),
    "adopt": (3, "I1 symmetry"),
    "weak-inverse": (2, "I5 dangling"),
    "weaken": (3, "I5 dangling"),
    "secure": (2, "I5 dangling"),
    "stamps": (4, "I5 dangling"),
    "defer": (2, "I4 isolation"),
    "pending": (2, "E5 pending"),
}


@pytest.mark.parametrize("name", RULES)
def test_a_planner_without_the_rule_is_caught_and_the_counterexample_replays(name: str, tmp_path: Path) -> None:
    result = search(SCOPES[RULES[name].scope], Options(without=name))
    assert result.violations
    assert not result.complete
    first = result.counterexamples[0]
    assert (len(first.operations), first.faults[0].rule) == EXPECTED[name]
    assert all(f"{number}. " in told(result.scope, first) for number in range(1, len(first.operations) + 1))
    path = write_counterexample(result.scope, first, tmp_path, without=name)
    whole, weak = load_engine(), load_engine(f"{module.__name__}:without_{name.replace('-', '_')}")
    (held,), (failed,) = (play_files([path], engine) for engine in (whole, weak))
    assert held.passed, render(held)
    assert not failed.passed
    assert failed.problem is None


def test_a_rule_is_only_off_for_a_while() -> None:
    before = arrivals.weaken_pointers
    with weakened("weaken"):
        assert arrivals.weaken_pointers is not before
    assert arrivals.weaken_pointers is before
    with pytest.raises(ZeroDivisionError), weakened("weaken"):
        raise ZeroDivisionError
    assert arrivals.weaken_pointers is before


def test_an_unknown_rule_is_refused_by_name() -> None:
    with pytest.raises(NotSupportedError, match='Did you mean "erase"'), weakened("erasse"):
        pass
    with pytest.raises(EngineNotFoundError, match="without_erasse"):
        load_engine(f"{module.__name__}:without_erasse")


def test_a_planner_that_raises_is_a_fault_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.plan, "adopt", None)
    result = search(SCOPES["live/both"])
    assert result.counterexamples[0].faults[0].rule == "totality"
    assert "TypeError" in result.counterexamples[0].faults[0].text
