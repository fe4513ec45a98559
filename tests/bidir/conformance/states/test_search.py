"""The search visits every state of its scopes: counts, bounds, orbits, steps remembered and steps planned anew."""

from __future__ import annotations

import os

import pytest

from bidir.conformance.states.coding import Coding
from bidir.conformance.states.operations import KINDS, ROWS, operations
from bidir.conformance.states.renaming import Renaming
from bidir.conformance.states.scopes import PROFILES, SCOPES
from bidir.conformance.states.search import Options, search
from bidir.conformance.states.walking import Walker

COUNTS = {
    # scope: states, up to renaming, transitions. Fewer would mean that an operation got lost.
    "1:1/pair": (205, 205, 5_994),
    "live/target": (112, 61, 3_190),
    "live/release": (99, 99, 2_448),
    "live/both": (34, 14, 1_044),
    "symmetric/pair": (110, 63, 3_096),
}


@pytest.mark.parametrize("name", COUNTS)
def test_every_state_of_a_small_scope_holds(name: str) -> None:
    result = search(SCOPES[name])
    assert result.violations == 0, result.counterexamples
    assert result.complete
    assert (result.states, result.orbits, result.transitions) == COUNTS[name]


DEEP = ("1:1/marks", "1:1/drafts", "1:1/release", "n:1/three", "n:m/drafts", "symmetric/release", "owners", "live/n:1")


@pytest.mark.deep
@pytest.mark.skipif(os.environ.get("LAKESIM_PROFILE") != "deep", reason="minutes: LAKESIM_PROFILE=deep")
@pytest.mark.parametrize("name", DEEP)
def test_every_state_of_a_larger_scope_holds(name: str) -> None:
    result = search(SCOPES[name])
    assert result.violations == 0, result.counterexamples
    assert result.complete
    assert result.orbits <= result.states < result.transitions


def test_a_bound_is_kept_and_a_bounded_search_does_not_call_itself_complete() -> None:
    result = search(SCOPES["1:1"], Options(states_max=20))
    assert (result.states, result.complete, result.violations) == (20, False, 0)
    whole = search(SCOPES["live/both"], Options(states_max=34))
    assert (whole.states, whole.complete) == (34, True)


@pytest.mark.parametrize("name", ["live/both", "symmetric/pair"])
def test_a_search_over_orbits_finds_the_same_states(name: str) -> None:
    """Soundness of comparing states up to renaming: same verdict, and the orbits add up to all states."""
    every, folded = search(SCOPES[name]), search(SCOPES[name], Options(orbits=True))
    assert (every.violations, every.complete) == (folded.violations, folded.complete) == (0, True)
    assert (every.states, every.orbits) == (folded.states, folded.orbits)
    assert folded.transitions < every.transitions


@pytest.mark.parametrize("rule", ["eviction", "reconcile"])
def test_a_search_over_orbits_finds_a_counterexample_as_short(rule: str) -> None:
    every, folded = (
        search(SCOPES["1:1/three"], Options(without=rule, orbits=orbits)).counterexamples[0] for orbits in (False, True)
    )
    assert len(every.operations) == len(folded.operations)
    assert folded.faults


def test_what_can_be_reached_does_not_depend_on_names() -> None:
    coding = Coding(SCOPES["live/target"])
    renaming, walker = Renaming(coding), Walker(coding)
    seen, queue = {coding.empty}, [coding.empty]
    while queue:
        state = queue.pop()
        for operation in operations(coding, state):
            reached = walker.walk(state, operation).state
            if reached is not None and reached not in seen:
                seen.add(reached)
                queue.append(reached)
    assert all(renaming.orbit(state) <= seen for state in seen)


def test_a_remembered_step_is_the_step_the_planner_takes() -> None:
    coding = Coding(SCOPES["1:1/three"])
    remembering, planning = Walker(coding), Walker(coding, remember=False)
    queue, seen = [coding.empty], {coding.empty}
    for state in queue[:]:
        queue = _expanded(coding, planning, state, seen)
    for state in [*queue, *queue[::-1]]:
        for operation in operations(coding, state):
            assert remembering.walk(state, operation) == planning.walk(state, operation), (state, operation)
    assert remembering.planned < planning.planned / 2


def _expanded(coding: Coding, walker: Walker, start: str, seen: set[str]) -> list[str]:
    """Return the first states in breadth, a few dozen of them."""
    queue = [start]
    for state in queue:
        for operation in operations(coding, state):
            reached = walker.walk(state, operation).state
            if reached is not None and reached not in seen and len(queue) < 12:
                seen.add(reached)
                queue.append(reached)
    return queue


@pytest.mark.deep
@pytest.mark.skipif(os.environ.get("LAKESIM_PROFILE") != "deep", reason="starts processes: LAKESIM_PROFILE=deep")
def test_two_processes_find_what_one_does() -> None:
    one, two = (search(SCOPES["live/target"], Options(jobs=jobs)) for jobs in (1, 2))
    assert (one.states, one.orbits, one.transitions, one.depth) == (two.states, two.orbits, two.transitions, two.depth)
    found = search(SCOPES["live/target"], Options(without="defer", jobs=2))
    assert found.counterexamples[0].faults[0].rule == "I4 isolation"


def test_every_kind_of_operation_is_tried_somewhere_and_says_which_rows_it_covers() -> None:
    assert {kind for scope in SCOPES.values() for kind in scope.kinds} == set(KINDS) == set(ROWS)
    assert all(set(names) <= set(SCOPES) for names in PROFILES.values())
