"""One engine on one lake beside the model: performs intents, and judges each by the model and by the invariants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from bidir.conformance.answers import asked, called, completed
from bidir.conformance.frame import Intent, check_frame
from bidir.conformance.invariants import check_invariants, resolve_view, targets
from bidir.conformance.lakes import JudgedLake
from bidir.conformance.machines_kinds import Kind
from bidir.conformance.machines_tally import Tally
from bidir.conformance.model import Layer, Model, Prediction, State, View
from bidir.conformance.playing import EngineFactory
from bidir.conformance.proxy import ObservedBackend, Traffic
from bidir.outcome import Outcome
from bidir.relations import Schema
from lakesim.jsonvalue import equal

__all__ = ["PropertyFailedError", "Trace", "World"]

Mutation: TypeAlias = dict[str, Any]
Documents: TypeAlias = dict[str, dict[str, Any]]

READS_MAX = 1
"""Read requests per edit (bidirectional semantics, F3)."""

READS_OF_ARRIVAL_MAX = 2
"""Read requests where a group comes or goes: whom its referrers point at in other layers shows after the first."""


class PropertyFailedError(AssertionError):
    """A property does not hold; `faults` says which, one line each."""

    def __init__(self, faults: Sequence[str]) -> None:
        """Keep the lines."""
        super().__init__("\n".join(faults))
        self.faults = list(faults)


@dataclass(slots=True)
class Trace:
    """What happened in one run, in the words of the scenario format.

    `expected` is what the model said of the last step (None: nothing certain), `drafted` who had a draft after it,
    `titles` the text that each stored document had to show.
    """

    kind: Kind
    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    expected: State | None = None
    drafted: frozenset[str] = frozenset()
    titles: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class World:
    """The state of one run."""

    def __init__(self, kind: Kind, schema: Schema, lake: JudgedLake, factory: EngineFactory, tally: Tally) -> None:
        """Start `factory`'s engine on the empty `lake`; `tally` adds up what was done and checked."""
        self.kind = kind
        self.schema = schema
        self.lake = lake
        self.backend = ObservedBackend(lake.backend())
        self.engine = factory(schema, self.backend)
        self.model = Model(kind.relations, kind.type_of)
        self.state = State()
        self.tally = tally
        self.counts = tally.counts
        self.trace = Trace(kind)
        # Drafts that a user wrote to; every other draft is the engine's and must say something of its own (R10).
        self.own_drafts: set[str] = set()

    # ------------------------------------------------------------------------------------------------ observation

    def observed(self, documents: Documents) -> State:
        """Read both views from the stored documents."""
        drafted = frozenset(name.removeprefix("drafts.") for name in documents if name.startswith("drafts."))
        return State(self._view(documents, "published"), self._view(documents, "drafts"), drafted)

    def _view(self, documents: Documents, layer: Layer) -> View:
        found: View = {}
        for group, document in resolve_view(documents, layer).items():
            for end in self.schema.fields_of(document["_type"]):
                found[group, end.path[-1]] = tuple(targets(document, end))
        return found

    def seen(self, layer: Layer) -> list[str]:
        """Return the groups an editor of the layer can open."""
        view = self.state.view(layer)
        return [group for group in self.kind.type_of if self.model.sees(view, group)]

    def body(self, layer: Layer, group: str) -> dict[str, Any]:
        """Return the document an editor of the layer sees."""
        return dict(resolve_view(self.lake.documents(), layer)[group])

    def missing(self) -> list[str]:
        """Return the groups that have no version anywhere."""
        stored = {name.removeprefix("drafts.") for name in self.lake.documents()}
        return [group for group in self.kind.type_of if group not in stored]

    # ---------------------------------------------------------------------------------------------------- actions

    def begin(self, layers: Mapping[str, Collection[Layer]]) -> None:
        """Store the groups named, without links, past the engine."""
        for group, kind in self.kind.type_of.items():
            for layer in sorted(layers.get(group, ())):
                name = group if layer == "published" else f"drafts.{group}"
                self.trace.given[name] = {"_type": kind, "title": f"{group} as given"}
        if self.trace.given:
            self.lake.mutate([{"create": {"_id": name, **body}} for name, body in self.trace.given.items()])
        self.state = self.observed(self.lake.documents())
        self.own_drafts = set(self.state.drafted)

    def patch(
        self,
        layer: Layer,
        patches: Sequence[tuple[str, Mapping[str, Any]]],
        prediction: Prediction,
        *,
        consent: Sequence[str] = (),
    ) -> Outcome:
        """Submit patches of groups the layer shows and judge the result; `consent` are tokens of earlier conflicts."""
        before = self.lake.documents()
        stated: dict[str, dict[str, Any]] = {}
        for group, patch in patches:
            name = _stored(layer, group)
            base = stated.get(name) or dict(resolve_view(before, layer)[group])
            stated[name] = self.backend.patched({**base, "_id": name}, patch)
        mutations = [{"patch": {"id": group, **patch}} for group, patch in patches]
        outcome = self._submit(layer, mutations, consent=consent)
        self._judge(before, outcome, prediction, Intent(layer, stated), {group for group, _ in patches})
        return outcome

    def create(self, layer: Layer, body: dict[str, Any], prediction: Prediction) -> None:
        """Submit the creation of a new group and judge the result."""
        before = self.lake.documents()
        group = body["_id"]
        name = _stored(layer, group)
        outcome = self._submit(layer, [{"create": body}])
        self._judge(before, outcome, prediction, Intent(layer, {name: {**body, "_id": name}}), {group})

    def delete(self, layer: Layer, group: str, prediction: Prediction) -> None:
        """Submit the deletion of the group's version in a layer and judge the result."""
        before = self.lake.documents()
        name = _stored(layer, group)
        last = not ({group, f"drafts.{group}"} - {name}) & before.keys()
        gone = frozenset((group,))
        intent = Intent(
            layer,
            deleted=frozenset((name,)),
            erased=gone if last else frozenset(),
            weakened=gone if layer == "published" else frozenset(),
        )
        outcome = self._submit(layer, [{"delete": {"id": group}}])
        self.own_drafts -= {group} if layer == "drafts" else set()
        self._judge(before, outcome, prediction, intent, {group})

    def restate(self, layer: Layer, group: str, name: str) -> None:
        """Submit what a field already holds and demand that nothing is sent (C5, E8.4, I6)."""
        document = resolve_view(self.lake.documents(), layer)[group]
        value = document.get(name)
        patch = {"unset": [name]} if value is None else {"set": {name: value}}
        before = self.lake.documents()
        outcome = self._submit(layer, [{"patch": {"id": group, **patch}}], note="restated")
        faults = []
        if self.backend.traffic.writes or outcome.documents_written or not equal(before, self.lake.documents()):
            faults.append(f"I6 fixpoint: restating {group}.{name} in {layer} sent {len(outcome.mutations)} mutations")
        self.trace.expected = None
        self.trace.steps[-1]["then"] = {"writes": 0, "documents_written": 0}
        self._fail_if(faults)
        self.trace.steps.pop()

    def _submit(
        self, layer: Layer, mutations: Sequence[Mutation], *, note: str = "submits", consent: Sequence[str] = ()
    ) -> Outcome:
        self.counts["consented" if consent else note] += 1
        self.trace.steps.append({"in": layer, "submit": list(mutations)} | ({"consent": "previous"} if consent else {}))
        self.backend.traffic = Traffic()
        answer = called(self.engine, "submit", list(mutations), perspective=layer, consent=list(consent))
        seen = self.backend.traffic
        return completed(answer, reads=seen.reads, writes=seen.writes, documents=seen.documents_written)

    # ---------------------------------------------------------------------------------------------------- judging

    def _judge(
        self,
        before: Documents,
        outcome: Outcome,
        prediction: Prediction,
        intent: Intent,
        edited: Collection[str],
    ) -> None:
        after = self.lake.documents()
        now = self.observed(after)
        reads_max = self._reads_max(before, intent)
        self._expect(before, after, outcome, prediction, intent, reads_max)
        faults = self._bookkeeping(outcome, reads_max)
        faults += self._conflicts(outcome, prediction, before, after)
        if outcome.conflicts:
            intent = replace(intent, stated={}, deleted=frozenset())
        pending = asked(self.engine, "pending")
        faults += [str(breach) for breach in check_invariants(self.schema, after, pending=pending)]
        faults += [str(breach) for breach in check_frame(self.schema, before, after, intent)]
        faults += [f"I6 fixpoint: audit finds {violation}" for violation in asked(self.engine, "audit") or ()]
        if prediction.sure:
            faults += self._compare(prediction, now)
            faults += self._bounds(prediction.state, now, edited)
        self._count(outcome, prediction, intent)
        if not outcome.conflicts and intent.layer == "drafts" and not intent.deleted:
            self.own_drafts |= set(edited)
        self.own_drafts &= now.drafted
        faults += [] if intent.deleted else self._noise(after)
        self.state = now
        self.counts["judged"] += 1
        self.counts["predicted exactly"] += prediction.sure
        self._fail_if(faults)

    def _count(self, outcome: Outcome, prediction: Prediction, intent: Intent) -> None:
        """Count what was judged of one intent: what is stored in both views, what changed in its layer."""
        self.tally.intent(self.backend.traffic.writes, self.backend.traffic.documents_written)
        self.tally.checked(("I1", "I2", "I3", "I5", "I6"), ("published", "drafts"))
        self.tally.checked(("I4", "I7", "I12", "I10"), (intent.layer,))
        if prediction.sure:
            self.tally.checked(("I8", "I9") if intent.erased else ("I8",), (intent.layer,))

    def _expect(
        self,
        before: Documents,
        after: Documents,
        outcome: Outcome,
        prediction: Prediction,
        intent: Intent,
        reads_max: int,
    ) -> None:
        """Note in the trace what a right engine does in this step."""
        conflicts = prediction.conflicts if prediction.sure else _told(outcome)
        refused = [
            {"kind": "max" if holder is None else "held", "claimant": claimant} for claimant, _, holder in conflicts
        ]
        self.trace.steps[-1]["then"] = {"conflicts": refused, "reads": f"<= {reads_max}", "writes": "<= 1"}
        self.trace.expected = prediction.state if prediction.sure else None
        self.trace.drafted = frozenset(name.removeprefix("drafts.") for name in after if name.startswith("drafts."))
        bases = {name: before.get(name) or before.get(name.removeprefix("drafts.")) for name in after}
        right = {**bases, **({} if conflicts else intent.stated)}
        self.trace.titles = {
            name: str(body["title"])
            for name, body in right.items()
            if body is not None and "title" in body and name in after and name not in intent.deleted
        }

    @staticmethod
    def _reads_max(before: Documents, intent: Intent) -> int:
        """Return how many reads the intent may take: more where a group comes or goes."""
        groups = {name.removeprefix("drafts.") for name in before}
        arrives = {name.removeprefix("drafts.") for name in intent.stated} - groups
        return READS_OF_ARRIVAL_MAX if arrives or intent.deleted else READS_MAX

    def _bookkeeping(self, outcome: Outcome, reads_max: int) -> list[str]:
        """One write request at most, few reads, and an outcome that says so (I10)."""
        traffic, faults = self.backend.traffic, []
        if traffic.writes > 1:
            faults.append(f"I10 bounded work: {traffic.writes} write requests for one intent")
        if traffic.reads > reads_max:
            faults.append(f"I10 bounded work: {traffic.reads} read requests for one intent")
        told = (outcome.reads, outcome.writes, outcome.documents_written)
        seen = (traffic.reads, traffic.writes, traffic.documents_written)
        if told != seen:
            faults.append(f"the outcome tells (reads, writes, documents) {told}, the lake saw {seen}")
        return faults

    def _conflicts(self, outcome: Outcome, prediction: Prediction, before: Documents, after: Documents) -> list[str]:
        told = _told(outcome)
        faults = []
        if prediction.sure and told != prediction.conflicts:
            faults.append(f"conflicts are {_sorted(told)}, the model says {_sorted(prediction.conflicts)}")
        if told and not equal(before, after):
            faults.append("something was written although the intent was refused")
        return faults

    def _compare(self, prediction: Prediction, now: State) -> list[str]:
        """Both views show what the model says, in its order (I8 and the closure of E3)."""
        faults = []
        layers: tuple[Layer, ...] = ("published", "drafts")
        for layer in layers:
            expected, got = prediction.state.view(layer), now.view(layer)
            for key in sorted(expected.keys() | got.keys()):
                wanted, found = expected.get(key), got.get(key)
                if wanted == found:
                    continue
                unordered = wanted is not None and found is not None and sorted(wanted) == sorted(found)
                if unordered and (layer, *key) in prediction.loose:
                    continue
                where = f"{key[0]}.{key[1]} in the {layer} view"
                faults.append(f"I8 intent: {where} is {_shown(found)}, the model says {_shown(wanted)}")
        return faults

    def _bounds(self, expected: State, now: State, edited: Collection[str]) -> list[str]:
        """Only groups whose links change, or that the user edited, are written, each at most once per layer (E3)."""
        changed, gone = set(edited), set[str]()
        for layer in ("published", "drafts"):
            old, new = self.state.view(layer), expected.view(layer)
            changed |= {key[0] for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
            gone |= {key[0] for key in old} - {key[0] for key in new}
        # At a deletion the pointers that stay are weakened, in every layer.
        for old in (self.state.published, self.state.drafts):
            changed |= {key[0] for key, value in old.items() if gone & set(value)}
        written = [name for documents in self.backend.traffic.committed for name in documents]
        faults = []
        if len(written) != len(set(written)):
            faults.append(f"I10 bounded work: a document is written twice: {sorted(written)}")
        strangers = {name.removeprefix("drafts.") for name in written} - changed
        if strangers:
            faults.append(f"I10 bounded work: {', '.join(sorted(strangers))} written, though no link of it changes")
        return faults

    def _noise(self, documents: Documents) -> list[str]:
        """A draft that only the engine made says something its published document does not (R10)."""
        faults = []
        for name, document in documents.items():
            group = name.removeprefix("drafts.")
            below = documents.get(group)
            if name == group or group in self.own_drafts or below is None:
                continue
            if equal(_content(document), _content(below)):
                faults.append(f"R10 noise: {name} was made by the engine and says what {group} says")
        return faults

    def _fail_if(self, faults: Sequence[str]) -> None:
        if faults:
            self.trace.faults = list(faults)
            raise PropertyFailedError(faults)


def _stored(layer: Layer, group: str) -> str:
    return group if layer == "published" else f"drafts.{group}"


def _content(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document without system fields, an empty list counting as absent."""
    system = {"_id", "_rev", "_createdAt", "_updatedAt", "_system", "_originalId"}
    return {key: value for key, value in document.items() if key not in system and value is not None and value != []}


def _told(outcome: Outcome) -> frozenset[tuple[str, str, str | None]]:
    """Return the conflicts as the model would say them; a place may be told with its field: `a1.currentBook`."""
    return frozenset(
        (item.claimant, item.place.partition(".")[0], None if item.kind == "max" else item.holder)
        for item in outcome.conflicts
    )


def _sorted(conflicts: Collection[tuple[str, str, str | None]]) -> str:
    said = [f"{claimant} wants {place} of {holder or 'nobody'}" for claimant, place, holder in conflicts]
    return ", ".join(sorted(said)) or "none"


def _shown(value: tuple[str, ...] | None) -> str:
    if value is None:
        return "not to be seen"
    return f"[{', '.join(value)}]"
