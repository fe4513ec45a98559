"""Plays every fitting scenario on the watched lake and gathers verdicts, follow-ups and convergence times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

from bidir.clock import SystemClock
from bidir.conformance.broken_rules import rules_in
from bidir.conformance.external.cases import as_edits, unfit
from bidir.conformance.external.hand import Hand
from bidir.conformance.external.quiet import Observed, Patience, QuietLake
from bidir.conformance.external.watched import Watched
from bidir.conformance.latency import percentile
from bidir.conformance.loading import LoadedScenario
from bidir.conformance.matching import Mismatch
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.playing import NotQuietError
from bidir.conformance.result import Finding, Result, render
from bidir.conformance.runner import layers_of, run_scenario
from bidir.conformance.scenario import Layer
from bidir.errors import IntentError, NotSupportedError
from bidir.ports import Backend
from bidir.refs import group_of
from bidir.relations import Schema

__all__ = ["ExternalOptions", "judge_external"]

AFTER_EDIT = "after an edit"
CLEARINGS_MAX = 3
"""Times that what a case left is deleted, where somebody brings it back."""


@dataclass(frozen=True, slots=True)
class ExternalOptions:
    """What somebody else keeps in step (`schema`), how patient the judge is, and which scenarios it plays.

    `command` is what judges the same lake again, for the replay of one case.
    """

    schema: Schema
    patience: Patience = field(default_factory=Patience)
    only: str = "*"
    command: str = ""


def judge_external(
    watched: Watched,
    scenarios: Sequence[LoadedScenario],
    options: ExternalOptions,
    *,
    on_case: Callable[[str], None] | None = None,
) -> list[PartResult]:
    """Judge whoever keeps the watched lake in step; documents of the schema's types are deleted between the cases.

    Raises: IntentError for a lake that already holds such documents, which are somebody's.
    """
    _refuse_a_lake_in_use(watched, options.schema)
    clock = SystemClock()
    started = clock.monotonic()
    observed = Observed()
    skipped: Counter[str] = Counter()
    results: list[Result] = []
    chosen = [one for one in scenarios if fnmatch(one.name, options.only) or fnmatch(one.path.stem, options.only)]
    for one in chosen:
        reason = unfit(one, options.schema)
        layers = layers_of(one)
        if reason:
            skipped[reason] += len(layers)
            continue
        for layer in layers:
            if on_case is not None:
                on_case(one.name)
            result = _play(as_edits(one), layer, watched, options, observed)
            if result.skipped is not None:
                skipped[result.skipped] += 1
            else:
                results.append(result)
    return [_part(results, skipped, observed, clock.monotonic() - started)]


def _refuse_a_lake_in_use(watched: Watched, schema: Schema) -> None:
    types = {name for name in schema.types if schema.fields_of(name)}
    if not types:
        raise NotSupportedError("the schema declares no relation, so there is nothing to judge")
    there = sorted(key for key, document in watched.documents().items() if document.get("_type") in types)
    if there:
        shown = ", ".join(there[:3]) + (" …" if len(there) > 3 else "")
        raise IntentError(
            f"the dataset holds {len(there)} documents of the types {', '.join(sorted(types))} ({shown}); the judge "
            "writes and deletes such documents, so give it a dataset without them"
        )


def _play(
    loaded: LoadedScenario, layer: Layer | None, watched: Watched, options: ExternalOptions, observed: Observed
) -> Result:
    """Play one case on the emptied lake; what was observed beside the expectations becomes findings of its own."""
    seen = Observed()
    lake = QuietLake(watched, options.patience, seen)
    watched.changes()

    def hand(schema: Schema, backend: Backend) -> Any:
        return Hand(schema, backend, lake)

    try:
        result = run_scenario(loaded, hand, lambda: lake, layer=layer)
    except NotQuietError as error:
        result = Result(loaded.name, str(loaded.path), loaded.scenario.title, loaded.scenario.why, "", layer)
        result.given = [f"{len(loaded.scenario.given.documents)} documents, as in the file"]
        seen.faults.append(("F6 loops", "quiet in the end", str(error)))
    for rule, expected, got in seen.faults:
        result.findings.append(Finding(AFTER_EDIT, None, Mismatch(f"invariant {rule}", expected, got)))
        result.breaks += rules_in([rule])
    result.breaks = list(dict.fromkeys(result.breaks))
    observed.convergence += seen.convergence
    observed.follow_ups += seen.follow_ups
    result.replay = f"{options.command} --only {loaded.name}" if options.command else ""
    _empty(watched, options, lake.groups)
    return result


def _empty(watched: Watched, options: ExternalOptions, groups: Collection[str]) -> None:
    """Delete the documents of the case: those the judge wrote, and what somebody else made of the schema's types."""
    types = options.schema.types
    for _ in range(CLEARINGS_MAX):
        found = watched.documents().items()
        mine = [key for key, one in found if one.get("_type") in types or group_of(key) in groups]
        if not mine:
            return
        watched.backend().commit([{"delete": {"id": key}} for key in mine], transaction_id=None)
        # Whoever goes on writing without anything to write about is told of by the case itself.
        with suppress(NotQuietError):
            QuietLake(watched, options.patience, Observed()).settle()


def _part(results: Sequence[Result], skipped: Counter[str], observed: Observed, seconds: float) -> PartResult:
    facts: dict[str, Any] = {f"skipped ({reason})": count for reason, count in sorted(skipped.items())}
    if observed.follow_ups:
        facts["edits"] = len(observed.follow_ups)
        facts["transactions after an edit, mean"] = round(sum(observed.follow_ups) / len(observed.follow_ups), 2)
        facts["transactions after an edit, most"] = max(observed.follow_ups)
    waited = [one for one in observed.convergence if one > 0]
    if waited:
        facts["convergence ms, median"] = round(1000 * percentile(waited, 0.5))
        facts["convergence ms, 95 of 100"] = round(1000 * percentile(waited, 0.95))
    return PartResult(
        name="external",
        title="plain edits on a lake that somebody else keeps in step: state, leaks, loops, convergence",
        checked=len(results),
        unit="plays",
        failures=tuple(
            Failure(one.label, render(one), one.replay, one.path, one.picture, one.breaches)
            for one in results
            if not one.passed
        ),
        seconds=seconds,
        facts=facts,
        cases=tuple(one.label for one in results),
    )
