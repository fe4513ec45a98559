"""The part of the suite that visits every reachable state, one result per scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from bidir.conformance.parts import Failure, PartResult, Profile
from bidir.conformance.states.replay import write_counterexample
from bidir.conformance.states.scopes import PROFILES, SCOPES, STATES_MAX
from bidir.conformance.states.search import Counterexample, Options, SearchResult, search
from bidir.conformance.states.telling import told
from bidir.conformance.totals import ANY, INVARIANTS, view_of
from bidir.errors import NotSupportedError

__all__ = ["failure_of", "state_parts"]

STANDING_RULES = ("I1", "I2", "I3", "I5", "I6")
"""What every state is judged by, in each view."""
STEP_RULES = ("I4", "I7", "I8", "I9", "I10")
"""What every transition is judged by."""


def state_parts(
    profile: Profile,
    *,
    found: Path | None = None,
    jobs: int = 1,
    on_scope: Callable[[str], None] | None = None,
    scopes: Sequence[str] | None = None,
    planner: Callable[[], AbstractContextManager[None]] = nullcontext,
    engine_option: str = "",
) -> list[PartResult]:
    """Search the scopes of a profile with the engine's own planner; what is found is written into `found`.

    `scopes` names others than the profile's; the planner is in the state that `planner()` puts it into, which an
    engine broken on purpose needs; `engine_option` is added to the replay commands.
    """
    parts = []
    for name in PROFILES[profile] if scopes is None else scopes:
        if on_scope is not None:
            on_scope(f"reachable states {name}")
        with planner():
            result = search(SCOPES[name], Options(states_max=STATES_MAX[profile], jobs=jobs))
        parts.append(_part(result, found, engine_option))
    return parts


def _part(result: SearchResult, found: Path | None, engine_option: str) -> PartResult:
    failures = [failure_of(result, one, found, engine_option) for one in result.counterexamples]
    if result.violations and not failures:
        failures = [Failure(result.scope.name, f"{result.violations} violations, whose histories could not be told")]
    return PartResult(
        name=f"states {result.scope.name}",
        title=f"every reachable state of {result.scope.title}",
        checked=result.states,
        unit="states",
        failures=tuple(failures),
        seconds=result.seconds,
        facts={
            "orbits": result.orbits,
            "transitions": result.transitions,
            "depth": result.depth,
            "complete": "yes" if result.complete else "no",
            INVARIANTS: _checks(result),
        },
    )


def _checks(result: SearchResult) -> dict[str, dict[str, int]]:
    """Return the checks by invariant: of every state in every view, or of every transition."""
    states = {rule: {view_of(layer): result.states for layer in result.scope.layers} for rule in STANDING_RULES}
    return states | {rule: {ANY: result.transitions} for rule in STEP_RULES}


def failure_of(result: SearchResult, one: Counterexample, found: Path | None, engine_option: str = "") -> Failure:
    """Return a counterexample as a failure; where it can be told as a scenario it is written into `found`."""
    path, replay = "", ""
    text = told(result.scope, one)
    if found is not None:
        try:
            path = str(write_counterexample(result.scope, one, found, without=result.without))
            replay = f"bidir scenario run {path}{engine_option}"
        except NotSupportedError as error:
            text += f"\n  no scenario: {error}"
    return Failure(f"{result.scope.name}: {one.faults[0]}", text, replay, path)
