"""What the small lake says is what a whole engine does on a real lake: histories of the search, played as scenarios."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bidir import Engine
from bidir.conformance.fault import Fault
from bidir.conformance.result import render
from bidir.conformance.scenarios_part import play_files
from bidir.conformance.states.coding import Coding
from bidir.conformance.states.operations import Operation, operations
from bidir.conformance.states.replay import write_counterexample
from bidir.conformance.states.scopes import SCOPES
from bidir.conformance.states.search import Counterexample
from bidir.conformance.states.walking import Walker
from bidir.errors import NotSupportedError
from bidir.ports import Backend
from bidir.relations import Schema


class Forgetful(Engine):
    """An engine that does not remember which versions it made, as the scopes played here do not."""

    def __init__(self, schema: Schema, backend: Backend) -> None:
        super().__init__(schema, backend)
        self.carrier.store.remember_versions = lambda *_made, **_options: None  # type: ignore[method-assign]


STATES_MAX = 120
NOTHING_WRONG = (Fault("none", "every view", "a history that holds"),)
HISTORIES = 200 if os.environ.get("LAKESIM_PROFILE") == "deep" else 12


def histories(name: str) -> list[tuple[tuple[str, ...], tuple[Operation, ...]]]:
    """Return shortest histories to states all over the scope, evenly spread; of a larger scope the nearest states."""
    coding = Coding(SCOPES[name])
    walker = Walker(coding)
    found: dict[str, tuple[tuple[str, ...], tuple[Operation, ...]]] = {coding.empty: ((coding.empty,), ())}
    for state in (queue := [coding.empty]):
        states, done = found[state]
        # From the end, so that other operations than the first that leads there are met, too.
        for operation in reversed(list(operations(coding, state))):
            reached = walker.walk(state, operation).state
            if operation.kind != "restore" and reached is not None and reached not in found and len(found) < STATES_MAX:
                found[reached] = ((*states, reached), (*done, operation))
                queue.append(reached)
    told = list(found.values())[1:]
    return told[:: max(1, len(told) // HISTORIES)]


@pytest.mark.parametrize("name", ["live/release", "symmetric/pair", "1:1/marks"])
def test_a_history_comes_to_the_same_on_a_real_lake(name: str, tmp_path: Path) -> None:
    scope = SCOPES[name]
    paths = []
    for states, done in histories(name):
        example = Counterexample(states, done, NOTHING_WRONG)
        paths.append(write_counterexample(scope, example, tmp_path, without="nothing"))
    assert len(paths) >= 12
    failed = [render(result) for result in play_files(paths, Forgetful) if not result.passed]
    assert failed == []


def test_a_history_that_the_format_cannot_tell_is_refused_by_name(tmp_path: Path) -> None:
    coding = Coding(SCOPES["1:1/pair"])
    restored = Operation("restore", "b1", "drafts", ("a1",))
    example = Counterexample((coding.empty,), (restored,), NOTHING_WRONG)
    with pytest.raises(NotSupportedError, match="restore b1"):
        write_counterexample(SCOPES["1:1/pair"], example, tmp_path, without=None)
