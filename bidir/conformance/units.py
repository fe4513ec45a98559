"""The units of the suite: what can run by itself, in its own process or on its own machine, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from bidir.conformance.criteria.part import criteria_part
from bidir.conformance.engines import OWN_ENGINE
from bidir.conformance.killing import killing_part
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.latency import run_latency
from bidir.conformance.machines_kinds import KINDS, Kind
from bidir.conformance.machines_life_kinds import LIFE_KINDS, LifeKind
from bidir.conformance.machines_life_part import life_parts
from bidir.conformance.machines_part import machine_parts
from bidir.conformance.machines_paths import paths_part
from bidir.conformance.options import MEMORY, SuiteOptions
from bidir.conformance.parts import PartResult
from bidir.conformance.playing import EngineFactory
from bidir.conformance.scenarios_part import run_folder
from bidir.conformance.simulation.part import run_simulation, selected_simulation, wants_simulation
from bidir.conformance.states.part import state_parts
from bidir.conformance.states.scopes import PROFILES

__all__ = ["FOLDERS", "Unit", "parts_without_files", "units_of"]

SERVED_SHARE = 0.05
"""Which part of the state machines' runs is played over HTTP, where each step takes many requests."""
FOLDERS = {
    "prd": "the requirement's user flows and its graceful degradation",
    "museum": "faults that other systems have shown",
    "found": "counterexamples that properties have found",
    "teeth": "shortest cases that tell engines broken on purpose",
    "codex": "reference fields whose links carry a strength and metadata",
    "stash": "relationships of a media library, with descriptions and derived inverses",
}
"""The folders of scenarios that the suite plays, with what each asks."""

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that runs by itself and results in parts of the report; `run` tells what it is at, as it goes."""

    name: str
    run: Callable[[Told], Sequence[PartResult]]


def units_of(options: SuiteOptions, factory: EngineFactory, lake_factory: LakeFactory = EmbeddedLake) -> list[Unit]:
    """Return the units that the options select, of this shard, cheap and telling ones first.

    Scenarios and state machines are played on lakes from `lake_factory`, the machines fewer where `options.lake` is
    not the one in memory; latency is always measured there, in virtual time.
    """
    found = list(_units(options, factory, lake_factory))
    return [unit for index, unit in enumerate(found) if options.shard.takes(index)]


def _units(options: SuiteOptions, factory: EngineFactory, lake_factory: LakeFactory) -> Iterator[Unit]:
    for folder, title in FOLDERS.items():
        path = options.scenarios / folder
        if path.is_dir():
            yield Unit(f"scenarios {folder}", _scenarios(path, title, options, factory, lake_factory))
    for kind in KINDS:
        if _asked(options, f"machine {kind.name}", "machines"):
            yield Unit(f"machine {kind.name}", _of_kind(machine_parts, kind, options, factory, lake_factory))
    for life in LIFE_KINDS:
        if _asked(options, f"machine {life.name}", "machines"):
            yield Unit(f"machine {life.name}", _of_kind(life_parts, life, options, factory, lake_factory))
    if _asked(options, "paths", "machines"):
        yield Unit("paths", _paths(options, factory, lake_factory))
    if _asked(options, "latency"):
        yield Unit(
            "latency",
            lambda _: run_latency(factory, found=options.found, engine_option=options.replay_options),
        )
    if _asked(options, "criteria"):
        yield Unit("criteria", _criteria(options, factory, lake_factory))
    # The simulation owns its lake, its time and its network.
    if wants_simulation(options.only) and options.lake == MEMORY:
        yield Unit("simulation", _simulation(options, factory))
    yield from _states(options, factory)
    wanted = options.profile == "deep" or options.kill_table or options.only != "*"
    if wanted and _asked(options, "broken engines", "broken"):
        root = options.scenarios
        yield Unit("broken engines", lambda told: [killing_part(root, parts_without_files, on_engine=told)])


def _asked(options: SuiteOptions, *names: str) -> bool:
    return any(fnmatch(name, options.only) for name in names)


def parts_without_files(factory: EngineFactory) -> Iterator[Callable[[], Sequence[PartResult]]]:
    """Yield the parts that need no scenario files, cheapest first, with the least effort: for the kill table."""
    yield lambda: run_latency(factory)
    yield lambda: machine_parts("quick", 0, factory)
    yield lambda: [paths_part("quick", 0, factory)]
    yield lambda: life_parts("quick", 0, factory)
    yield lambda: run_simulation("quick", 0, factory)
    planner = getattr(factory, "planner", None)
    if planner is not None:
        yield lambda: state_parts("quick", planner=planner)


def _scenarios(
    path: Path, title: str, options: SuiteOptions, factory: EngineFactory, lake_factory: LakeFactory
) -> Callable[[Told], Sequence[PartResult]]:
    only = "*" if options.only == f"scenarios {path.name}" else options.only

    def run(_: Told) -> Sequence[PartResult]:
        part = run_folder(path, factory, lake_factory, title=title, only=only, engine_option=options.replay_options)
        return [] if part is None else [part]

    return run


def _of_kind(
    play: Callable[..., list[PartResult]],
    kind: Kind | LifeKind,
    options: SuiteOptions,
    factory: EngineFactory,
    lake_factory: LakeFactory,
) -> Callable[[Told], Sequence[PartResult]]:
    return lambda _: play(
        options.profile,
        options.seed,
        factory,
        found=options.found,
        engine_option=options.replay_options,
        lake_factory=lake_factory,
        share=_share(options),
        kinds=[kind],
        examples=options.examples,
    )


def _paths(
    options: SuiteOptions, factory: EngineFactory, lake_factory: LakeFactory
) -> Callable[[Told], Sequence[PartResult]]:
    return lambda _: [
        paths_part(
            options.profile,
            options.seed,
            factory,
            found=options.found,
            engine_option=options.replay_options,
            lake_factory=lake_factory,
            share=_share(options),
        )
    ]


def _criteria(
    options: SuiteOptions, factory: EngineFactory, lake_factory: LakeFactory
) -> Callable[[Told], Sequence[PartResult]]:
    return lambda _: [
        criteria_part(
            factory,
            profile=options.profile,
            seed=options.seed,
            engine_option=options.judging_options,
            lake_factory=lake_factory,
            share=_share(options),
        )
    ]


def _share(options: SuiteOptions) -> float:
    return 1.0 if options.lake == MEMORY else SERVED_SHARE


def _simulation(options: SuiteOptions, factory: EngineFactory) -> Callable[[Told], Sequence[PartResult]]:
    return lambda told: selected_simulation(
        options.only,
        options.profile,
        options.seed,
        factory,
        engine_option=options.judging_options,
        found=options.found,
        on_part=told,
    )


def _states(options: SuiteOptions, factory: EngineFactory) -> Iterator[Unit]:
    """Yield the scopes; the planner is driven past any lake, so that only one that can be reached is judged."""
    planner: Any = nullcontext if options.engine == OWN_ENGINE else getattr(factory, "planner", None)
    if planner is None or options.lake != MEMORY:
        return
    for scope in PROFILES[options.profile]:
        if _asked(options, f"states {scope}", "states"):
            yield Unit(f"states {scope}", _scope(scope, options, planner))


def _scope(scope: str, options: SuiteOptions, planner: Any) -> Callable[[Told], Sequence[PartResult]]:
    return lambda _: state_parts(
        options.profile,
        found=options.found,
        scopes=[scope],
        planner=planner,
        engine_option=options.replay_options,
    )
