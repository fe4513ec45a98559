"""One run of a life-cycle machine: plays steps of the scenario format, judges each, and keeps them for a replay."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bidir.conformance.checking import Happened
from bidir.conformance.given import given_documents
from bidir.conformance.invariants import DRAFTS, PUBLISHED, Documents, references, resolve_view, split_id, targets
from bidir.conformance.lakes import JudgedLake
from bidir.conformance.machines_judging import Judge
from bidir.conformance.machines_life_kinds import RELEASES, LifeKind, switched_off
from bidir.conformance.machines_meaning import stored_id
from bidir.conformance.machines_tally import Tally
from bidir.conformance.machines_world import PropertyFailedError
from bidir.conformance.model import View
from bidir.conformance.naming import Naming
from bidir.conformance.playing import EngineFactory, Play
from bidir.conformance.scenario import Scenario, Step
from bidir.conformance.skipping import SkipPlay
from bidir.conformance.writing import quoted
from bidir.relations import Schema

__all__ = ["LifeTrace", "LifeWorld"]

WIRE = ("submit", "elsewhere", "elsewhere_actions")
"""Parts of a step that hold JSON in wire form, where no text is an arrow."""


@dataclass(slots=True)
class LifeTrace:
    """What happened in one run, in the words of the scenario format; `faults` is what was found after the last step."""

    kind: LifeKind
    follow: bool = True
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def scenario(self, *, seed: int = 0, steps: Sequence[Mapping[str, Any]] = ()) -> Scenario:
        """Return the run as a scenario that judges every step of it by the invariants; `steps` are those it plays."""
        first = self.faults[0] if self.faults else "a property failed"
        return Scenario.model_validate(
            {
                "title": f"{self.kind.name}: {first}",
                "why": "\n".join(self.faults) or first,
                "source": f"state machine {self.kind.name}, seed {seed}",
                "schema": self.kind.types,
                "follow": self.follow,
                "given": {"documents": quoted(self.given), "releases": list(RELEASES)},
                "when": list(steps),
                "invariants_after_each_step": True,
                "then": {"audit": []},
            }
        )


class LifeWorld:
    """The state of one run; every `do` is one step."""

    def __init__(
        self,
        kind: LifeKind,
        schema: Schema,
        lake: JudgedLake,
        factory: EngineFactory,
        tally: Tally,
        given: Mapping[str, Sequence[str]],
    ) -> None:
        """Store each group of `given` in its layers, without links, and let the engine and a worker begin."""
        self.kind = kind
        self.schema = schema
        self.lake = lake
        self.tally = tally
        self.engine_probe = factory(schema, lake.backend())
        self.trace = LifeTrace(kind, follow=self.can("follow"))
        for group, layers in given.items():
            for layer in layers:
                # A document edited live has no draft.
                name = stored_id(PUBLISHED if kind.is_live(group) and layer == DRAFTS else layer, group)
                self.trace.given[name] = {"_type": kind.kind.type_of[group], "title": f"{group} as given"}
        scenario = self.trace.scenario()
        lake.act([{"actionType": "sanity.action.release.create", "releaseId": release} for release in RELEASES])
        bodies = given_documents(scenario.given, schema, Naming())
        if bodies:
            lake.mutate([{"create": body} for body in bodies.values()])
        self.play = Play(scenario, schema, lake, factory, Naming(), {}, self._overtaken)
        self.judge = Judge(self.play, tally)
        self.on_failure: Callable[[LifeTrace], object] = lambda trace: None

    def close(self) -> None:
        """End the workers."""
        self.play.close()

    # ------------------------------------------------------------------------------------------------------- steps

    def can(self, *operations: str) -> bool:
        """Whether the engine offers these; what it does not offer is counted by name."""
        missing = [name for name in operations if not callable(getattr(self.engine_probe, name, None))]
        self.tally.skipped.update(missing)
        return not missing

    def do(self, **step: Any) -> Happened | None:
        """Play one step and judge it; None if the engine does not offer it.

        Raises: PropertyFailedError with every fault.
        """
        if "in_" in step:
            step["in"] = step.pop("in_")
        told = {key: quoted(value) if key in WIRE else value for key, value in step.items()}
        parsed = Step.model_validate(told)
        self.trace.steps.append(told)
        try:
            happened = self.play.step(parsed)
            faults = self.judge.judge(parsed, happened)
        except SkipPlay as skip:
            self.trace.steps.pop()
            self.tally.skipped[str(skip)] += 1
            return None
        if faults:
            self.on_failure(self.trace)
            self.trace.faults = list(dict.fromkeys(str(fault) for fault in faults))
            raise PropertyFailedError(self.trace.faults)
        return happened

    def settle(self) -> None:
        """Let the workers handle what has come."""
        if self.trace.follow:
            self.do(settle=True)

    def switch(self, *, on: bool) -> None:
        """Begin anew with every relation switched on or off."""
        types = self.kind.types
        self.do(restart={"schema": types if on else switched_off(types)})

    def _overtaken(self, step: Step, happened: Happened, play: Play) -> None:
        self.judge.overtaken(step, happened, play)

    # ----------------------------------------------------------------------------------------------------- looking

    def documents(self) -> Documents:
        """Return what is stored now, without the service's own documents."""
        return {name: body for name, body in self.lake.documents().items() if not name.startswith("_.")}

    def releases(self, *states: str) -> list[str]:
        """Return the releases that are in one of `states`, in order."""
        documents = self.lake.documents()
        return [name for name in RELEASES if documents.get(f"_.releases.{name}", {}).get("state") in states]

    def layers(self) -> list[str]:
        """Return the layers that can be written to."""
        return [PUBLISHED, DRAFTS, *self.releases("active")]

    def stored(self, layer: str) -> list[str]:
        """Return the groups that have a version of their own in a layer."""
        return sorted(split_id(name)[1] for name in self.documents() if split_id(name)[0] == layer)

    def editable(self, layer: str) -> list[str]:
        """Return the groups that an editor of a layer can open; where nothing is published, a draft counts (R3)."""
        documents = self.documents()
        seen = set(resolve_view(documents, layer))
        if layer not in (PUBLISHED, DRAFTS):
            marked = {group for group in self.stored(layer) if group not in seen}
            seen |= set(self.stored(DRAFTS)) - marked
        return sorted(seen)

    def missing(self) -> list[str]:
        """Return the groups that have no version, not in an archived release either."""
        there = {split_id(name)[1] for name in self.documents()} | self.judge.meanings.parked
        return [group for group in self.kind.kind.type_of if group not in there]

    def locked(self) -> set[str]:
        """Return the groups that a release which takes no writes has a version of, or refers to strongly."""
        found: set[str] = set()
        for name, body in self.documents().items():
            layer, group = split_id(name)
            if layer in self.releases("scheduled", "archived"):
                ends = self.schema.fields_of(str(body["_type"]))
                found |= {group, *(target for end in ends for target, weak in references(body, end) if not weak)}
        return found

    def most(self, group: str, field: str) -> float:
        """Return how many links a field takes at most."""
        ends = self.schema.fields_of(self.kind.kind.type_of[group])
        return min((end.max for end in ends if end.path[-1] == field and end.max is not None), default=math.inf)

    def body(self, layer: str, group: str) -> Mapping[str, Any]:
        """Return what an editor of a layer sees of a group."""
        return self.judge.meanings.base(self.documents(), layer, group) or {}

    def view(self, layer: str, group: str) -> View:
        """Return what the group's relation fields show to an editor of a layer."""
        body = self.body(layer, group)
        fields = self.schema.fields_of(str(body["_type"])) if body else ()
        return {(group, end.path[-1]): tuple(targets(body, end)) for end in fields}
