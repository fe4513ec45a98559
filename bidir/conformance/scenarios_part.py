"""The part of the suite that plays scenario files, folder by folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from pathlib import Path

from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.loading import ScenarioError, find_scenarios, load_scenario
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.playing import EngineFactory
from bidir.conformance.result import Result, render
from bidir.conformance.runner import layers_of, run_scenario
from bidir.conformance.totals import INVARIANTS, checks_of

__all__ = ["play_files", "run_folder"]

Told = Callable[[Result], None]

FINAL_RULES = ("I1", "I2", "I3", "I5", "I9")
"""The invariants that the documents at the end of a scenario are judged by, in each of its views."""


def play_files(
    paths: Sequence[Path],
    engine_factory: EngineFactory,
    backend_factory: LakeFactory = EmbeddedLake,
    *,
    layer: str | None = None,
    on_result: Told | None = None,
) -> list[Result]:
    """Play every file in each of its layers (only in `layer` if given) and return the results in order.

    Raises: ScenarioError if a file cannot be read; nothing has been played then.
    """
    problems: list[str] = []
    loaded = []
    for path in paths:
        try:
            loaded.append(load_scenario(path))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    results: list[Result] = []
    for one in loaded:
        for present in layers_of(one):
            if layer in (None, present):
                result = run_scenario(one, engine_factory, backend_factory, layer=present)
                results.append(result)
                if on_result is not None:
                    on_result(result)
    return results


def run_folder(
    folder: Path,
    engine_factory: EngineFactory,
    backend_factory: LakeFactory = EmbeddedLake,
    *,
    title: str,
    only: str = "*",
    engine_option: str = "",
) -> PartResult | None:
    """Return the result of playing a folder's scenarios, None if there are none whose name matches `only`.

    `engine_option` is added to the replay commands, so that they judge the same engine.
    Raises: ScenarioError if a file cannot be read.
    """
    files = find_scenarios([folder]) if any(folder.glob("*.yaml")) else []
    files = [file for file in files if fnmatch(f"{folder.name}/{file.stem}", only) or fnmatch(file.stem, only)]
    if not files:
        return None
    results = play_files(files, engine_factory, backend_factory)
    failures = []
    skipped: dict[str, int] = {}
    for result in results:
        result.replay += engine_option
        if result.skipped is not None:
            skipped[result.skipped] = skipped.get(result.skipped, 0) + 1
        elif not result.passed:
            failures.append(_failure(result))
    return PartResult(
        name=f"scenarios {folder.name}",
        title=title,
        checked=len(results) - sum(skipped.values()),
        unit="plays",
        failures=tuple(failures),
        seconds=sum(result.seconds for result in results),
        facts={
            "files": len(files),
            **{f"skipped ({reason})": count for reason, count in skipped.items()},
            INVARIANTS: checks_of((result.views, FINAL_RULES) for result in results),
        },
        cases=tuple(result.label for result in results if result.skipped is None),
    )


def _failure(result: Result) -> Failure:
    return Failure(result.label, render(result), result.replay, result.path, result.picture, result.breaches)
