"""An independent model of two-way references: plain lists of names per view, and what an intent does to them.

It shares no code with any engine and is written for being obviously right, not for being fast: a state is what every
visible group shows in every field, in the published view and in the drafts view (bidirectional semantics, E1 to E3
and E8; releases and the life cycle beyond deleting are not modelled).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

__all__ = ["End", "Layer", "Model", "ModelEdit", "ModelRelation", "Prediction", "State", "View"]

End: TypeAlias = tuple[str, str]
"""A field: (document type, field name)."""

View: TypeAlias = dict[tuple[str, str], tuple[str, ...]]
"""What is seen: (group, field name) → the groups it points at, in order. A group that is not seen has no entries."""

UNBOUNDED = 1_000
"""More links than any model state holds."""

Layer: TypeAlias = Literal["published", "drafts"]


@dataclass(frozen=True, slots=True)
class ModelRelation:
    """Two ends and whether each holds many.

    `reject`: taking an occupied place is refused; `right_max`: how many links the right end takes.
    """

    left: End
    right: End
    left_many: bool
    right_many: bool
    reject: bool = False
    right_max: int | None = None


@dataclass(frozen=True, slots=True)
class ModelEdit:
    """The user's own words: `group.field` is to hold exactly `value`, in this order."""

    group: str
    field: str
    value: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """Both views, and which groups have a draft (`drafted`); every other group of the drafts view is seen through."""

    published: View = field(default_factory=dict)
    drafts: View = field(default_factory=dict)
    drafted: frozenset[str] = frozenset()

    def view(self, layer: Layer) -> View:
        """Return the view of a layer."""
        return self.published if layer == "published" else self.drafts


@dataclass(frozen=True, slots=True)
class Prediction:
    """What must be so after an intent.

    `conflicts` are the (claimant, place, holder) that refuse it, holder None for a full list; then nothing changes.
    `loose` are the (layer, group, field) whose order is nobody's business; `sure` is False where the semantics allow
    more than one result, so that only the invariants judge.
    """

    state: State
    conflicts: frozenset[tuple[str, str, str | None]] = frozenset()
    loose: frozenset[tuple[str, str, str]] = frozenset()
    sure: bool = True


class Model:
    """The relations, the types of the groups, and how intents change a state."""

    def __init__(self, relations: Iterable[ModelRelation], types: Mapping[str, str]) -> None:
        """Take the relations and the document type of every group that may ever exist."""
        self.relations = tuple(relations)
        self.types = dict(types)
        self.many: dict[End, bool] = {}
        self.opposite: dict[End, tuple[ModelRelation, End]] = {}
        for relation in self.relations:
            self.many[relation.left], self.many[relation.right] = relation.left_many, relation.right_many
            self.opposite[relation.left] = (relation, relation.right)
            self.opposite[relation.right] = (relation, relation.left)

    # ------------------------------------------------------------------------------------------------- vocabulary

    def fields(self, group: str) -> list[str]:
        """Return the relation fields of the group's type."""
        return [name for kind, name in self.many if kind == self.types[group]]

    def is_many(self, group: str, field: str) -> bool:
        """Whether the field of that group is a list."""
        return self.many[self.types[group], field]

    def inverse(self, group: str, field: str) -> str:
        """Return the name of the field that answers it at the other end."""
        return self.opposite[self.types[group], field][1][1]

    def target_type(self, group: str, field: str) -> str:
        """Return the document type that the field points at."""
        return self.opposite[self.types[group], field][1][0]

    def room(self, group: str, field: str) -> int:
        """Return how many links the field of that group takes."""
        end = (self.types[group], field)
        if not self.many[end]:
            return 1
        relation = self.opposite[end][0]
        return relation.right_max if relation.right_max is not None and end == relation.right else UNBOUNDED

    @staticmethod
    def sees(view: View, group: str) -> bool:
        """Whether the group is visible in the view."""
        return any(name == group for name, _ in view)

    # ------------------------------------------------------------------------------------------------------ edits

    def edit(self, state: State, layer: Layer, edits: Sequence[ModelEdit], *, consented: bool = False) -> Prediction:
        """Predict one submit that states the values of some fields, each (group, field) at most once.

        `consented`: the user has agreed to take occupied places.
        """
        before = state.view(layer)
        clean = [replace(edit, value=tuple(dict.fromkeys(edit.value))) for edit in edits]
        conflicts = frozenset() if consented else self._conflicts(before, clean)
        if conflicts:
            return Prediction(state, conflicts=conflicts, sure=len(edits) == 1)
        below: View = state.published if layer == "drafts" else {}
        after = before
        for edit in clean:
            after = self._set(after, edit, below)
        # Taken as differences against the common base the edits must come to the same, else either may be right.
        by_difference = before
        for edit in clean:
            by_difference = self._set(by_difference, self._as_difference(before, by_difference, edit), below)
        sure = _unordered(after) == _unordered(by_difference)
        sure = sure and not self._at_odds(after, clean) and not self._overfull(after)
        loose = self._partners(layer, before, clean) if len(clean) > 1 else frozenset()
        return self._with_view(state, layer, after, loose=loose, sure=sure)

    def _set(self, view: View, edit: ModelEdit, below: View) -> View:
        """Let one field hold exactly the stated value and let everything else follow (R1)."""
        after = dict(view)
        inverse = self.inverse(edit.group, edit.field)
        here = (edit.group, edit.field)
        for old in after[here]:
            if old not in edit.value and (old, inverse) in after:
                after[old, inverse] = _without(after[old, inverse], edit.group)
        added = [new for new in edit.value if new not in after[here]]
        after[here] = edit.value
        for new in added:
            place = (new, inverse)
            if place not in after or edit.group in after[place]:
                continue
            if self.is_many(new, inverse):
                after[place] = _came_back(after[place], edit.group, below.get(place, ()))
                continue
            for holder in after[place]:
                if (holder, edit.field) in after:
                    after[holder, edit.field] = _without(after[holder, edit.field], new)
            after[place] = (edit.group,)
        return after

    @staticmethod
    def _as_difference(base: View, now: View, edit: ModelEdit) -> ModelEdit:
        here = (edit.group, edit.field)
        removed = [name for name in base[here] if name not in edit.value]
        kept = [name for name in now[here] if name not in removed]
        added = [name for name in edit.value if name not in base[here] and name not in kept]
        return replace(edit, value=tuple(kept + added))

    def _at_odds(self, after: View, edits: Sequence[ModelEdit]) -> bool:
        """Whether one edit overrules another where taking a place is refused: who is refused then is left open."""
        return any(
            self.opposite[self.types[edit.group], edit.field][0].reject and after[edit.group, edit.field] != edit.value
            for edit in edits
        )

    def _overfull(self, view: View) -> bool:
        """Whether several edits together fill a list past its bound: who is refused then is left open."""
        return any(len(value) > self.room(*key) for key, value in view.items())

    def _conflicts(self, view: View, edits: Sequence[ModelEdit]) -> frozenset[tuple[str, str, str | None]]:
        """Return who stands in the way where the policy is to refuse."""
        let_go = {(edit.group, old) for edit in edits for old in view[edit.group, edit.field] if old not in edit.value}
        counts = {place: len(value) for place, value in view.items()}
        found: set[tuple[str, str, str | None]] = set()
        for edit in edits:
            relation, inverse = self.opposite[self.types[edit.group], edit.field]
            for new in edit.value:
                place = (new, inverse[1])
                if new in view[edit.group, edit.field] or place not in view:
                    continue
                if relation.reject and not self.many[inverse]:
                    holders = [holder for holder in view[place] if (holder, new) not in let_go and holder != edit.group]
                    found |= {(edit.group, new, holder) for holder in holders}
                counts[place] += 1
                bound = relation.right_max if inverse == relation.right else None
                if bound is not None and counts[place] > bound:
                    found.add((edit.group, new, None))
        return frozenset(found)

    def _partners(self, layer: Layer, view: View, edits: Sequence[ModelEdit]) -> frozenset[tuple[str, str, str]]:
        found = set()
        for edit in edits:
            inverse = self.inverse(edit.group, edit.field)
            found |= {(layer, name, inverse) for name in (*edit.value, *view[edit.group, edit.field])}
        return frozenset(found)

    # -------------------------------------------------------------------------------------------- create and delete

    def create(self, state: State, layer: Layer, group: str, stated: Mapping[str, tuple[str, ...]]) -> Prediction:
        """Predict the creation of a group that has no version anywhere; fields not in `stated` are silent (E8.8)."""
        view = dict(state.view(layer))
        view.update({(group, name): () for name in self.fields(group)})
        edits = [ModelEdit(group, name, tuple(dict.fromkeys(value))) for name, value in stated.items()]
        conflicts = self._conflicts(view, edits)
        if conflicts:
            return Prediction(state, conflicts=conflicts)
        for edit in edits:
            view = self._set(view, edit, state.published if layer == "drafts" else {})
        loose: set[tuple[str, str, str]] = set()
        for name in self.fields(group):
            waiting = self._waiting(view, group, name)
            adopted = [] if name in stated else waiting[: self.room(group, name)]
            view[group, name] += tuple(adopted)
            for other in waiting:
                if other not in adopted:
                    place = (other, self.inverse(group, name))
                    view[place] = _without(view[place], group)
            loose.add((layer, group, name))
        return self._with_view(state, layer, view, loose=frozenset(loose), born=group)

    def _waiting(self, view: View, group: str, field: str) -> list[str]:
        """Return who points at the group through the inverse field without being pointed back at."""
        inverse = self.inverse(group, field)
        return sorted(
            name
            for (name, other), value in view.items()
            if other == inverse
            and self.types[name] == self.target_type(group, field)
            and group in value
            and name not in view[group, field]
        )

    def delete(self, state: State, layer: Layer, group: str) -> Prediction:
        """Predict the deletion of the group's version in `layer`, which must exist."""
        in_published = self.sees(state.published, group)
        if layer == "drafts" and in_published:
            return self._discard(state, group)
        if layer == "published" and group in state.drafted:
            # Pointers at it stay, weak: the draft may be published again (policy `keep`).
            gone = {key: value for key, value in state.published.items() if key[0] != group}
            return Prediction(replace(state, published=gone))
        # The last version: nobody points at it any more, in any layer (R7).
        return Prediction(
            State(self._erased(state.published, group), self._erased(state.drafts, group), state.drafted - {group})
        )

    def _erased(self, view: View, group: str) -> View:
        after: View = {}
        for (name, field_name), value in view.items():
            if name != group:
                points_here = self.target_type(name, field_name) == self.types[group]
                after[name, field_name] = _without(value, group) if points_here else value
        return after

    def _discard(self, state: State, group: str) -> Prediction:
        """Bring the drafts view back to what is published, but let others keep what they took meanwhile (R6)."""
        view = dict(state.drafts)
        for name in self.fields(group):
            inverse = self.inverse(group, name)
            lower = state.published[group, name]
            kept = []
            for other in lower:
                place = (other, inverse)
                free = place not in view or len(_without(view[place], group)) < self.room(other, inverse)
                if free or (other == group and inverse == name):
                    kept.append(other)
            view = self._set(view, ModelEdit(group, name, tuple(kept)), state.published)
        return Prediction(replace(state, drafts=view))

    # ---------------------------------------------------------------------------------------------------- the views

    def _with_view(
        self,
        state: State,
        layer: Layer,
        view: View,
        *,
        loose: frozenset[tuple[str, str, str]] = frozenset(),
        sure: bool = True,
        born: str | None = None,
    ) -> Prediction:
        """Return the state with one view changed; a change of the published view goes up into the drafts view."""
        if layer == "drafts":
            return Prediction(replace(state, drafts=view), loose=loose, sure=sure)
        drafts = self._follow(state, view, born)
        # In which order a newcomer's waiting halves are looked at is nobody's rule, so both must agree.
        if born is not None:
            sure = sure and _unordered(drafts) == _unordered(self._follow(state, view, born, backward=True))
        # Whether a draft follows a published pointer at something never published is left open.
        sure = sure and not self._points_up(state.published, view)
        loose |= {("drafts", *key) for key in drafts if key[0] in state.drafted or drafts[key] != view.get(key)}
        return Prediction(replace(state, published=view, drafts=drafts), loose=loose, sure=sure)

    def _points_up(self, old: View, new: View) -> bool:
        """Whether the change touches a pointer at a group that this view does not show."""
        return any(
            not self.sees(new, target)
            for key in old.keys() & new.keys()
            if old[key] != new[key]
            for target in {*old[key], *new[key]}
        )

    def _follow(self, state: State, published: View, born: str | None, *, backward: bool = False) -> View:
        """Carry a change of the published view up: drafts that merely inherited follow (R9), overrides win (R8)."""
        drafts: View = dict(state.drafts)
        for key, new in published.items():
            old = state.published.get(key, ())
            if key[0] not in state.drafted:
                drafts[key] = new
            elif not self.is_many(*key):
                drafts[key] = new if drafts[key] == old else drafts[key]
            else:
                stays = [name for name in drafts[key] if name in new or name not in old]
                comes = [name for name in new if name not in old and name not in drafts[key]]
                drafts[key] = tuple(stays + comes[: max(0, self.room(*key) - len(stays))])
        keys = sorted(drafts, reverse=backward)
        return self._settle(drafts, keys, set(state.drafted), state.published, born)

    def _settle(
        self, drafts: View, keys: Sequence[tuple[str, str]], drafted: set[str], below: View, born: str | None
    ) -> View:
        """Take away or complete every half that stands alone in the drafts view (E8.9), in the order of `keys`."""
        for key in keys:
            group = key[0]
            for target in drafts[key]:
                place = (target, self.inverse(*key))
                if place not in drafts or group in drafts[place]:
                    continue
                fits = len(drafts[place]) < self.room(*place)
                if born in (target, group):
                    linked = fits
                else:
                    linked = group in drafted and target not in drafted and (fits or not self.is_many(*place))
                if not linked:
                    drafts[key] = _without(drafts[key], target)
                    drafted.add(group)
                    continue
                value = (*drafts[place], group) if self.is_many(*place) else (group,)
                drafts = self._set(drafts, ModelEdit(target, place[1], value), below)
                drafted.add(target)
        return drafts


def _without(value: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(item for item in value if item != name)


def _came_back(value: tuple[str, ...], name: str, below: tuple[str, ...]) -> tuple[str, ...]:
    """Append `name`, or put it back behind the nearest predecessor it has in the layer below (E8.5)."""
    if name not in below:
        return (*value, name)
    for neighbour in reversed(below[: below.index(name)]):
        if neighbour in value:
            at = value.index(neighbour) + 1
            return (*value[:at], name, *value[at:])
    return (name, *value)


def _unordered(view: View) -> dict[tuple[str, str], frozenset[str]]:
    return {key: frozenset(value) for key, value in view.items()}
