"""Completes the failures of a part: what a scenario file tells is played again, and what none tells gets a command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bidir.conformance.lakes import LakeFactory
from bidir.conformance.loading import ScenarioError, load_scenario
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.playing import EngineFactory
from bidir.conformance.runner import layers_of, run_scenario

__all__ = ["completed"]


def completed(
    parts: Sequence[PartResult], factory: EngineFactory, lake_factory: LakeFactory, *, again: str
) -> list[PartResult]:
    """Return the parts, every failure with a command that replays it (`again` where no file tells it), most with a
    picture.

    A scenario that was written for a failure is played on the same engine; one that holds there says so, because then
    the file does not tell the failure.
    """
    return [
        replace(part, failures=tuple(_completed(one, factory, lake_factory, again) for one in part.failures))
        if part.failures
        else part
        for part in parts
    ]


def _completed(failure: Failure, factory: EngineFactory, lake_factory: LakeFactory, again: str) -> Failure:
    if failure.scenario and failure.picture is None:
        failure = _played(failure, factory, lake_factory)
    return failure if failure.replay else replace(failure, replay=again)


def _played(failure: Failure, factory: EngineFactory, lake_factory: LakeFactory) -> Failure:
    """Play the scenario of a failure, for its picture."""
    try:
        loaded = load_scenario(Path(failure.scenario))
    except ScenarioError as error:
        return replace(failure, text=f"{failure.text}\n  the scenario cannot be read again: {error}")
    results = [run_scenario(loaded, factory, lake_factory, layer=layer) for layer in layers_of(loaded)]
    failed = next((one for one in results if one.findings), None)
    if failed is None:
        return replace(failure, text=f"{failure.text}\n  played by itself, the scenario holds: {failure.scenario}")
    return replace(failure, picture=failed.picture)
