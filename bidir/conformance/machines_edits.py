"""Draws edits the way clients make them: the same change of a field in the different forms a mutation can take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis import strategies as st

from bidir.conformance.machines_kinds import Kind
from bidir.conformance.model import Model, ModelEdit, View

__all__ = ["Draw", "DrawnEdit", "EditDrawer"]

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]
Patch: TypeAlias = dict[str, Any]

LIST_MOVES = ("add", "add-first", "add-again", "remove", "reorder", "replace", "clear")


@dataclass(frozen=True, slots=True)
class DrawnEdit:
    """One field of one group as the user wants it: for the model as names, for the engine as patches without `id`."""

    edit: ModelEdit
    patches: tuple[Patch, ...]


class EditDrawer:
    """Draws edits for one kind; item keys count up so that a run repeats."""

    def __init__(self, kind: Kind, model: Model) -> None:
        """Start counting keys."""
        self.kind = kind
        self.model = model
        self._keys = 0

    def draw(self, draw: Draw, view: View, group: str, field: str, stored: Sequence[Any]) -> DrawnEdit:
        """Draw an edit of `group.field`; `stored` are the items that stand there now, in the order of the view."""
        targets = self.kind.groups[self.model.target_type(group, field)]
        if not self.model.is_many(group, field):
            return self._single(draw, group, field, targets)
        now = view[group, field]
        moves = [move for move in LIST_MOVES if now or move in ("add", "replace", "clear")]
        move = draw(st.sampled_from(moves))
        return self._list(draw, move, group, field, targets, now, dict(zip(now, stored, strict=True)))

    def stated(self, draw: Draw, group: str, field: str) -> tuple[tuple[str, ...], Any]:
        """Draw the value of a field in the body of a create: the names, and the JSON."""
        targets = self.kind.groups[self.model.target_type(group, field)]
        if self.model.is_many(group, field):
            names = tuple(draw(st.lists(st.sampled_from(targets), max_size=2, unique=True)))
            return names, [self.item(group, field, name) for name in names]
        name = draw(st.none() | st.sampled_from(targets))
        return ((), None) if name is None else ((name,), reference(name))

    def item(self, group: str, field: str, target: str) -> dict[str, Any]:
        """Return a new list item that points at `target`."""
        self._keys += 1
        key = f"k{self._keys}"
        member = self.kind.member.get((self.kind.type_of[group], field))
        if member is None:
            return {"_key": key, **reference(target)}
        return {"_key": key, "_type": member[1], member[0]: reference(target), "role": f"role {key}"}

    def _single(self, draw: Draw, group: str, field: str, targets: Sequence[str]) -> DrawnEdit:
        target = draw(st.sampled_from((*targets, None)))
        if target is None:
            patch: Patch = draw(st.sampled_from(({"unset": [field]}, {"set": {field: None}})))
            return DrawnEdit(ModelEdit(group, field, ()), (patch,))
        return DrawnEdit(ModelEdit(group, field, (target,)), ({"set": {field: reference(target)}},))

    def _list(
        self,
        draw: Draw,
        move: str,
        group: str,
        field: str,
        targets: Sequence[str],
        now: tuple[str, ...],
        items: Mapping[str, Any],
    ) -> DrawnEdit:
        if move in ("add", "add-first", "add-again"):
            choice = now if move == "add-again" else [name for name in targets if name not in now] or now
            target = draw(st.sampled_from(choice))
            return self._add(move, group, field, target, now)
        if move == "remove":
            target = draw(st.sampled_from(now))
            member = self.kind.member.get((self.kind.type_of[group], field))
            by_target = f'{member[0]}._ref=="{target}"' if member else f'_ref=="{target}"'
            by_key = f'_key=="{items[target]["_key"]}"'
            path = f"{field}[{draw(st.sampled_from((by_key, by_target)))}]"
            value = tuple(name for name in now if name != target)
            return DrawnEdit(ModelEdit(group, field, value), ({"unset": [path]},))
        if move == "clear":
            patch: Patch = draw(st.sampled_from(({"unset": [field]}, {"set": {field: []}})))
            return DrawnEdit(ModelEdit(group, field, ()), (patch,))
        some = (
            st.permutations(now) if move == "reorder" else st.lists(st.sampled_from(targets), max_size=3, unique=True)
        )
        value = tuple(draw(some))
        kept = [items.get(name) or self.item(group, field, name) for name in value]
        return DrawnEdit(ModelEdit(group, field, value), ({"set": {field: kept}},))

    def _add(self, move: str, group: str, field: str, target: str, now: tuple[str, ...]) -> DrawnEdit:
        item = self.item(group, field, target)
        if move == "add-first" and now and target not in now:
            value = (target, *now)
            patch: Patch = {"insert": {"before": f"{field}[0]", "items": [item]}}
        else:
            # An item that already stands in the list stays where it is: the second one is left out (R11).
            value = now if target in now else (*now, target)
            patch = {"setIfMissing": {field: []}, "insert": {"after": f"{field}[-1]", "items": [item]}}
        return DrawnEdit(ModelEdit(group, field, value), (patch,))


def reference(target: str) -> dict[str, Any]:
    """Return a plain reference, as a client writes it."""
    return {"_type": "reference", "_ref": target}
