"""One step: an operation on a state, planned by the real planner and carried out on the small lake.

What is called is what production calls: `plan` for an intent or an operation of the life cycle, `plan_aftermath` for
what others (or the lake itself) have done. The mutations that come out are applied as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bidir import releases
from bidir.conformance.states.coding import ABSENT, REVISION, TEXT, Coding
from bidir.conformance.states.operations import Operation
from bidir.conformance.states.scope import RELEASE
from bidir.conformance.states.small_lake import WRITTEN, commit, patched, publish_release
from bidir.outcome import Pending
from bidir.planning import Intent, Plan, parse_intent, plan, plan_aftermath
from bidir.planning import Operation as PlannedOperation
from bidir.refs import DRAFTS, PUBLISHED, group_of, layer_of, stored_id
from bidir.siblings import Snapshot, is_marked

__all__ = ["Step", "Stepper"]

Document = dict[str, Any]
Documents = dict[str, Document]


@dataclass(slots=True)
class Step:
    """What an operation came to.

    `state` is the state after it (the same as before where a policy refused); `before` and `after` the documents,
    `pending` and `settled` what the plans said of waiting halves, `written` the ids of documents of each transaction.
    `ours` are the versions the engine made. `known` are the groups that were read, `claims` those whose referrers were,
    `rounds` both as they stood before each plan.
    """

    before: Documents
    after: Documents
    ours: set[str]
    state: str = ""
    pending: dict[tuple[str, str, str, str], Pending] = field(default_factory=dict)
    settled: set[tuple[str, str, str, str]] = field(default_factory=set)
    written: list[tuple[str, ...]] = field(default_factory=list)
    refused: bool = False
    known: set[str] = field(default_factory=set)
    claims: set[str] = field(default_factory=set)
    rounds: list[tuple[frozenset[str], frozenset[str]]] = field(default_factory=list)


class Stepper:
    """Takes steps in one scope."""

    def __init__(self, coding: Coding) -> None:
        """Work in the scope of `coding`."""
        self.coding = coding
        self.scope = coding.scope

    def step(self, state: str, operation: Operation) -> Step:
        """Do `operation` in `state`.

        Raises: LakeRefusedError for a transaction that the lake would not take, BidirError for what the engine refuses,
        UnknownCellError where a document comes out that no valid state has.
        """
        documents = self.coding.documents(state)
        ours = {self.coding.ids[place] for place in self._engine_made(state)}
        step = Step(documents, documents, ours)
        groups, claims = self.reading(operation)
        step.known |= groups
        step.claims |= claims
        _STEPS.get(operation.kind, Stepper._operate)(self, step, operation)
        step.state = self._read(state, step)
        return step

    def reading(self, operation: Operation) -> tuple[frozenset[str], frozenset[str]]:
        """Return the groups that are read before the first plan, and those whose referrers are, as production does."""
        if operation.kind in ("publish_release", "delete_release"):
            every = frozenset(self.scope.groups)
            return every, every
        groups = frozenset({operation.group, operation.other} - {""})
        if operation.kind == "set":
            return groups | frozenset(operation.value or ()), frozenset()
        return groups | frozenset(operation.value or ()), groups - {operation.other if operation.value is None else ""}

    def _engine_made(self, state: str) -> list[int]:
        places = self.coding.places
        cells = self.coding.cells
        return [
            place
            for place, letter in enumerate(state)
            if (cell := cells[places[place][0]].get(letter)) is not None and cell.ours
        ]

    def _read(self, state: str, step: Step) -> str:
        letters = list(state)
        for place, document_id in enumerate(self.coding.ids):
            document = step.after.get(document_id)
            if document is None:
                letters[place] = ABSENT
            elif document is not step.before.get(document_id) or document_id in step.ours:
                letters[place] = self.coding.read(place, document, ours=document_id in step.ours)
        return "".join(letters)

    # ------------------------------------------------------------------------------------------- carrying out

    def _snapshot(self, step: Step) -> Snapshot:
        """Return what was read: every version of the groups known, and of all that point at those in `claims`."""
        groups = {name: group_of(name) for name in step.after}
        for name, document in step.after.items():
            if groups[name] not in step.known and any(
                one in step.claims for one in self._targets(document, groups[name])
            ):
                step.known.add(groups[name])
        documents = {name: document for name, document in step.after.items() if groups[name] in step.known}
        return Snapshot(documents, frozenset(step.known), frozenset(step.claims))

    def _targets(self, document: Document, group: str) -> list[str]:
        value = document.get(self._name(group))
        items = value if isinstance(value, list) else () if value is None else (value,)
        return [item["_ref"] for item in items]

    def _carry_out(self, step: Step, planner: Callable[[Snapshot], Plan]) -> None:
        """Read and plan until nothing more is asked for, then commit."""
        while True:
            step.rounds.append((frozenset(step.known), frozenset(step.claims)))
            made = planner(self._snapshot(step))
            if not made.needs and not made.needs_claims:
                break
            step.known |= made.needs
            step.claims |= made.needs_claims
        if made.conflicts:
            step.refused = True
            return
        if made.mutations:
            step.after = commit(step.after, made.mutations)
            step.written.append(made.documents)
        # As the store of pending halves does it (E8.10).
        step.ours = (step.ours | made.made) - made.user_owned
        for key in made.settled:
            step.pending.pop(key, None)
        step.settled |= made.settled
        for item in made.pending:
            step.pending[item.key] = item

    def _plan(self, step: Step, intent: Intent) -> None:
        schema, ours = self.scope.schema, step.ours
        self._carry_out(step, lambda read: plan(schema, read, intent, patched=patched, engine_versions=ours))

    def _submit(self, step: Step, layer: str, *mutations: Mapping[str, Any]) -> None:
        self._plan(step, Intent(parse_intent(mutations), layer))

    def _aftermath(
        self, step: Step, earlier: Mapping[str, Mapping[str, Any] | None], restamp: Mapping[str, Document] | None = None
    ) -> None:
        schema, ours = self.scope.schema, step.ours
        self._carry_out(step, lambda read: plan_aftermath(schema, read, earlier, engine_versions=ours, restamp=restamp))

    # ------------------------------------------------------------------------------------------- the operations

    def value_of(self, group: str, value: tuple[str, ...], present: Mapping[str, Any] | None) -> Any:
        """Return what a user writes into the field: items that are there already as they are, new ones plain."""
        field_ = self.scope.field_of[group]
        stored = (present or {}).get(field_.path[0])
        items = stored if isinstance(stored, list) else [] if stored is None else [stored]
        there = {item["_ref"]: item for item in items}
        chosen = [there.get(target) or self.coding.item(group, target, "=") for target in value]
        return chosen if field_.many else (chosen[0] if chosen else None)

    def _body(self, operation: Operation) -> Document:
        body: Document = {"_id": operation.group, "_type": self.scope.type_of[operation.group], TEXT: operation.layer}
        if operation.value is not None:
            body[self._name(operation.group)] = self.value_of(operation.group, operation.value, None)
        return body

    def _name(self, group: str) -> str:
        return self.scope.field_of[group].path[0]

    def _create(self, step: Step, operation: Operation) -> None:
        self._submit(step, operation.layer, {"create": self._body(operation)})

    def _set(self, step: Step, operation: Operation) -> None:
        group, name = operation.group, self._name(operation.group)
        present = step.before.get(stored_id(group, operation.layer)) or step.before.get(group)
        value = self.value_of(group, operation.value or (), present)
        change = {"unset": [name]} if value is None else {"set": {name: value}}
        self._submit(step, operation.layer, {"patch": {"id": group, **change}})

    def _remove(self, step: Step, operation: Operation) -> None:
        self._submit(step, PUBLISHED, {"delete": {"id": operation.group}})

    def _operate(self, step: Step, operation: Operation) -> None:
        groups = (operation.group,)
        kind: Any = operation.kind
        self._plan(step, Intent((), operation.layer, PlannedOperation(kind, groups, operation.layer)))

    def _publish_together(self, step: Step, operation: Operation) -> None:
        groups = (operation.group, operation.other)
        self._plan(step, Intent((), DRAFTS, PlannedOperation("publish", groups, DRAFTS)))

    def _duplicate(self, step: Step, operation: Operation) -> None:
        planned = PlannedOperation("duplicate", (operation.group,), operation.layer, copy_id=operation.other)
        self._plan(step, Intent((), operation.layer, planned))

    def _restore(self, step: Step, operation: Operation) -> None:
        revision = {**self._body(operation), "_id": stored_id(operation.group, operation.layer)}
        planned = PlannedOperation("restore", (operation.group,), DRAFTS, document=revision)
        self._plan(step, Intent((), DRAFTS, planned))

    def _mark(self, step: Step, operation: Operation) -> None:
        """The lake's own action, past the engine, which reads the mark (E8.13)."""
        name = stored_id(operation.group, RELEASE)
        body = {"_id": name, "_type": self.scope.type_of[operation.group], "_rev": WRITTEN, "_createdAt": REVISION}
        step.after = {**step.after, name: {**body, "_system": {"delete": True}}}
        step.ours = step.ours - {name}

    def _publish_release(self, step: Step, operation: Operation) -> None:
        versions = {group_of(name): one for name, one in step.after.items() if layer_of(name) == RELEASE}
        marked = tuple(sorted(group for group, version in versions.items() if is_marked(version)))
        if marked:
            self._plan(step, Intent((), RELEASE, PlannedOperation("soften", marked, RELEASE)))
        before = step.after
        stamps = releases.early_stamps(self.scope.schema, self._snapshot(step), RELEASE)
        edited = {
            name: {**patched(before[name], {"unset": paths}), "_rev": WRITTEN}
            for group, paths in stamps.items()
            for name in (stored_id(group, RELEASE),)
        }
        step.after = publish_release({**before, **edited})
        earlier = releases.changed_by_publish(Snapshot(before), Snapshot(step.after), sorted(versions))
        self._aftermath(step, earlier, {group: before[stored_id(group, RELEASE)] for group in stamps})

    def _delete_release(self, step: Step, operation: Operation) -> None:
        groups = tuple(sorted(group_of(name) for name in step.after if layer_of(name) == RELEASE))
        step.after = {name: document for name, document in step.after.items() if layer_of(name) != RELEASE}
        self._plan(step, Intent((), PUBLISHED, PlannedOperation("forget", groups, PUBLISHED)))

    # ------------------------------------------------------------------------------- what others do, past the engine

    def _elsewhere(self, step: Step, group: str, document: Document | None) -> None:
        before = step.after.get(group)
        after = dict(step.after)
        after.pop(group, None)
        if document is not None:
            after[group] = document
        step.after = after
        self._aftermath(step, {group: before})

    def _elsewhere_set(self, step: Step, operation: Operation) -> None:
        present = step.before[operation.group]
        name = self._name(operation.group)
        value = self._foreign(step, operation) or None
        rest = {key: item for key, item in present.items() if key != name}
        self._elsewhere(step, operation.group, {**rest, **({} if value is None else {name: value}), "_rev": WRITTEN})

    def _elsewhere_create(self, step: Step, operation: Operation) -> None:
        body = {**self._body(operation), "_createdAt": REVISION, "_rev": WRITTEN}
        value = self._foreign(step, operation)
        if operation.value is not None:
            body[self._name(operation.group)] = value
        self._elsewhere(step, operation.group, body)

    def _foreign(self, step: Step, operation: Operation) -> Any:
        """Return what another client writes: strong pointers at what is published, weak ones at what is not."""
        group = operation.group
        items = [
            self.coding.item(group, target, "=" if target in step.before or target == group else "~")
            for target in operation.value or ()
        ]
        many = self.scope.field_of[group].many
        return items if many else items[0] if items else None

    def _elsewhere_remove(self, step: Step, operation: Operation) -> None:
        self._elsewhere(step, operation.group, None)


_STEPS: dict[str, Callable[[Stepper, Step, Operation], None]] = {
    "create": Stepper._create,
    "set": Stepper._set,
    "remove": Stepper._remove,
    "publish_together": Stepper._publish_together,
    "duplicate": Stepper._duplicate,
    "restore": Stepper._restore,
    "mark": Stepper._mark,
    "publish_release": Stepper._publish_release,
    "delete_release": Stepper._delete_release,
    "elsewhere_set": Stepper._elsewhere_set,
    "elsewhere_create": Stepper._elsewhere_create,
    "elsewhere_remove": Stepper._elsewhere_remove,
}
"""How each kind is done; the others are operations of the planner under the same name."""
