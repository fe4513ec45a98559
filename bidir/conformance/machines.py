"""Stateful properties: random edits from either side, in either layer, judged after every step (semantics, F11.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.machines_edits import DrawnEdit, EditDrawer
from bidir.conformance.machines_found import write_found
from bidir.conformance.machines_kinds import KINDS, Kind
from bidir.conformance.machines_tally import Tally
from bidir.conformance.machines_world import Trace, World
from bidir.conformance.model import Layer, ModelEdit
from bidir.conformance.parts import Profile
from bidir.conformance.playing import EngineFactory
from bidir.relations import Schema

__all__ = [
    "PROFILES",
    "SEEDS_APART",
    "Effort",
    "MachineResult",
    "RelationMachine",
    "effort_settings",
    "machine_for",
    "play_kind",
    "run_machines",
]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is tried: runs per relation kind, and steps per run."""

    runs: int
    steps: int


PROFILES: dict[Profile, Effort] = {"quick": Effort(15, 15), "default": Effort(60, 20), "deep": Effort(2_000, 40)}

SEEDS_APART = 100
"""Seeds between one run of the suite and the next, so that no two kinds play the same draws."""

LAYERS: tuple[Layer, ...] = ("drafts", "published")
_STARTS: tuple[tuple[Layer, ...], ...] = (("published",), ("drafts",), ("drafts", "published"), ())


@dataclass(frozen=True, slots=True)
class MachineResult:
    """What one relation kind came to: what was done, and the smallest failure if there is one.

    `faults` are the properties that failed, `scenario` is the file it was written to, `trace` the run itself; `facts`
    are the counts with the checks of each invariant and the histograms.
    """

    name: str
    counts: dict[str, int]
    faults: tuple[str, ...] = ()
    scenario: Path | None = None
    trace: Trace | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing failed."""
        return not self.faults


class RelationMachine(RuleBasedStateMachine):
    """One run for one relation kind; made concrete by `machine_for`."""

    kind: ClassVar[Kind]
    schema: ClassVar[Schema]
    engine_factory: ClassVar[EngineFactory]
    lake_factory: ClassVar[LakeFactory]
    tally: ClassVar[Tally]
    last: ClassVar[list[Trace]]

    def __init__(self) -> None:
        """Start an engine on a fresh lake."""
        super().__init__()
        cls = type(self)
        self.world = World(cls.kind, cls.schema, cls.lake_factory(), cls.engine_factory, cls.tally)
        self.drawer = EditDrawer(cls.kind, self.world.model)
        self.texts = 0
        cls.tally.counts["runs"] += 1
        cls.last[:] = [self.world.trace]

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Store some of the groups, published or as drafts, without links."""
        self.world.begin({group: data.draw(st.sampled_from(_STARTS), label=group) for group in self.kind.type_of})

    @rule(data=st.data(), layer=st.sampled_from(LAYERS), title=st.booleans())
    def edit(self, data: st.DataObject, layer: Layer, title: bool) -> None:
        """Edit one relation field, sometimes a text of the same document with it."""
        if not (seen := self.world.seen(layer)):
            return
        drawn = self._edit(data, layer, data.draw(st.sampled_from(seen), label="document"))
        if drawn is None:
            return
        patches = [(drawn.edit.group, patch) for patch in drawn.patches]
        if title:
            patches.append((drawn.edit.group, {"set": {"title": self._title()}}))
        outcome = self.world.patch(layer, patches, self.world.model.edit(self.world.state, layer, [drawn.edit]))
        if outcome.conflicts and all(conflict.kind == "held" for conflict in outcome.conflicts):
            consented = self.world.model.edit(self.world.state, layer, [drawn.edit], consented=True)
            self.world.patch(layer, patches, consented, consent=[conflict.token for conflict in outcome.conflicts])
        if drawn.edit.group in self.world.seen(layer):
            self.world.restate(layer, drawn.edit.group, drawn.edit.field)

    @rule(data=st.data(), layer=st.sampled_from(LAYERS), count=st.integers(2, 3))
    def edit_several(self, data: st.DataObject, layer: Layer, count: int) -> None:
        """Edit several relation fields in one submit."""
        if not (seen := self.world.seen(layer)):
            return
        drawn: dict[tuple[str, str], DrawnEdit] = {}
        for _ in range(count):
            one = self._edit(data, layer, data.draw(st.sampled_from(seen), label="document"))
            if one is not None:
                drawn.setdefault((one.edit.group, one.edit.field), one)
        if not drawn:
            return
        edits = list(drawn.values())
        patches = [(one.edit.group, patch) for one in edits for patch in one.patches]
        prediction = self.world.model.edit(self.world.state, layer, [one.edit for one in edits])
        self.world.patch(layer, patches, prediction)

    @rule(data=st.data(), layer=st.sampled_from(LAYERS))
    def write_text(self, data: st.DataObject, layer: Layer) -> None:
        """Edit a text that has nothing to do with any relation."""
        if not (seen := self.world.seen(layer)):
            return
        group = data.draw(st.sampled_from(seen), label="document")
        prediction = self.world.model.edit(self.world.state, layer, [])
        self.world.patch(layer, [(group, {"set": {"title": self._title()}})], prediction)

    @precondition(lambda self: self.world.missing())
    @rule(data=st.data(), layer=st.sampled_from(LAYERS))
    def create(self, data: st.DataObject, layer: Layer) -> None:
        """Create a group that has no version, its fields stated or silent."""
        group = data.draw(st.sampled_from(self.world.missing()), label="document")
        body: dict[str, Any] = {"_id": group, "_type": self.kind.type_of[group], "title": self._title()}
        stated: dict[str, tuple[str, ...]] = {}
        for name in self.world.model.fields(group):
            if data.draw(st.booleans(), label=f"{name} stated"):
                stated[name], body[name] = self.drawer.stated(data.draw, group, name)
        self.world.create(layer, body, self.world.model.create(self.world.state, layer, group, stated))

    @rule(data=st.data(), layer=st.sampled_from(LAYERS))
    def delete(self, data: st.DataObject, layer: Layer) -> None:
        """Delete the version of a group in one layer."""
        state = self.world.state
        there = sorted(state.drafted) if layer == "drafts" else self.world.seen("published")
        if not there:
            return
        group = data.draw(st.sampled_from(there), label="document")
        self.world.delete(layer, group, self.world.model.delete(state, layer, group))

    def _edit(self, data: st.DataObject, layer: Layer, group: str) -> DrawnEdit | None:
        """Draw an edit of one of the group's relation fields; None for one that the form itself would refuse."""
        field = data.draw(st.sampled_from(self.world.model.fields(group)), label="field")
        body = self.world.body(layer, group)
        stored = body.get(field) if self.world.model.is_many(group, field) else ()
        drawn = self.drawer.draw(data.draw, self.world.state.view(layer), group, field, stored or ())
        return None if self._over_its_own_bound(drawn.edit) else drawn

    def _over_its_own_bound(self, edit: ModelEdit) -> bool:
        """Whether the user fills a list past its own maximum, which the Studio's validation refuses."""
        end = (self.kind.type_of[edit.group], edit.field)
        return any(
            relation.right == end and relation.right_max is not None and len(edit.value) > relation.right_max
            for relation in self.kind.relations
        )

    def _title(self) -> str:
        self.texts += 1
        return f"text {self.texts}"


def machine_for(
    kind: Kind,
    engine_factory: EngineFactory,
    *,
    lake_factory: LakeFactory = EmbeddedLake,
) -> type[RelationMachine]:
    """Return the state machine class for one relation kind and one engine."""
    return type(
        f"RelationMachine[{kind.name}]",
        (RelationMachine,),
        {
            "kind": kind,
            "schema": Schema.load(list(kind.types)),
            "engine_factory": staticmethod(engine_factory),
            "lake_factory": staticmethod(lake_factory),
            "tally": Tally(),
            "last": [],
            "__module__": __name__,
        },
    )


def run_machines(
    profile: Profile,
    seed: int,
    engine_factory: EngineFactory,
    *,
    kinds: Iterable[Kind] = KINDS,
    lake_factory: LakeFactory = EmbeddedLake,
    found: Path | None = None,
    share: float = 1.0,
    examples: Path | None = None,
) -> list[MachineResult]:
    """Play every kind with the effort of `profile`; a failure's smallest example is written as a scenario to `found`.

    The same seed repeats the same runs; `share` plays only that part of them. Examples that failed anywhere before,
    kept in the folder `examples`, are played first.
    """
    effort = replace(PROFILES[profile], runs=max(1, round(share * PROFILES[profile].runs)))
    return [
        play_kind(kind, effort, seed, engine_factory, lake_factory=lake_factory, found=found, examples=examples)
        for kind in kinds
    ]


def play_kind(
    kind: Kind,
    effort: Effort,
    seed: int,
    engine_factory: EngineFactory,
    *,
    lake_factory: LakeFactory = EmbeddedLake,
    found: Path | None = None,
    examples: Path | None = None,
) -> MachineResult:
    """Play one kind; the smallest example of a failure is written as a scenario to `found`, if it is given."""
    machine = seeded(seed * SEEDS_APART + _index(kind))(machine_for(kind, engine_factory, lake_factory=lake_factory))
    try:
        run_state_machine_as_test(machine, settings=effort_settings(effort, examples))
    except Exception as error:
        # Hypothesis plays the smallest example last, so the last trace is that example.
        trace = machine.last[0] if machine.last else Trace(kind)
        faults = tuple(trace.faults or _lines(error))
        trace.faults = list(faults)
        path = None if found is None or not trace.steps else write_found(trace, found, seed=seed)
        return MachineResult(kind.name, dict(machine.tally.counts), faults, path, trace, machine.tally.facts())
    return MachineResult(kind.name, dict(machine.tally.counts), facts=machine.tally.facts())


def _index(kind: Kind) -> int:
    """Return a number that sets the runs of this kind apart from those of the others."""
    return [one.name for one in KINDS].index(kind.name) if kind in KINDS else len(KINDS)


def _lines(error: Exception) -> Sequence[str]:
    return [f"{type(error).__name__}: {line}" for line in str(error).splitlines()] or [type(error).__name__]


def effort_settings(effort: Effort, examples: Path | None) -> settings:
    """Return the settings; with a database the examples in it come first, without one every run is the seed's alone."""
    return settings(
        max_examples=effort.runs,
        stateful_step_count=effort.steps,
        deadline=None,
        database=None if examples is None else DirectoryBasedExampleDatabase(examples),
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink) if examples is None else (Phase.reuse, Phase.generate, Phase.shrink),
    )
