"""What can be done in a state: every row of the table of operations that has meaning there, with every value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

from bidir.conformance.states.coding import ABSENT, MARKED, STRONG, Coding
from bidir.conformance.states.scope import RELEASE, Scope
from bidir.refs import DRAFTS, PUBLISHED

__all__ = ["KINDS", "ROWS", "Operation", "operations"]

Value = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing somebody does: `kind` to `group` in `layer`.

    `value` is what the field is set to (None: it is not spoken of); `other` a second group: published together with
    the first, or the id of a copy.
    """

    kind: str
    group: str = ""
    layer: str = PUBLISHED
    value: Value | None = None
    other: str = ""

    def __str__(self) -> str:
        """Return the words for a numbered history."""
        return _WORDS[self.kind](self)


def operations(coding: Coding, state: str) -> Iterator[Operation]:
    """Yield everything that can be done in `state`, in a fixed order."""
    for kind in coding.scope.kinds:
        yield from _POSSIBLE[kind](coding, state)


def values(coding: Coding, state: str, group: str) -> list[Value]:
    """Return every value that the group's field may be given: nothing, one target, every order of several."""
    scope = coding.scope
    targets = [name for name in scope.targets_for(group) if scope.ghosts or coding.exists(state, name)]
    field = scope.field_of[group]
    most = min(len(targets), field.max or len(targets)) if field.many else min(1, len(targets))
    return [chosen for count in range(most + 1) for chosen in permutations(targets, count)]


def _written_layers(scope: Scope, group: str) -> list[str]:
    """Return the layers in which a user can write the group; a live document has no draft."""
    return [layer for layer in scope.layers if not (layer == DRAFTS and scope.is_live(group))]


def _create(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        for layer in _written_layers(coding.scope, group):
            if coding.letter(state, group, layer) != ABSENT:
                continue
            yield Operation("create", group, layer)
            if coding.seen(state, group, layer) is None:
                for value in values(coding, state, group):
                    yield Operation("create", group, layer, value)


def _set(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        for layer in _written_layers(coding.scope, group):
            letter = coding.letter(state, group, layer)
            if letter == MARKED:
                continue
            seen = coding.seen(state, group, layer)
            if seen is None and layer == RELEASE:
                seen = coding.cell(state, group, DRAFTS)
            if seen is None:
                continue
            for value in values(coding, state, group):
                if value != seen.targets:
                    yield Operation("set", group, layer, value)


def _publish(coding: Coding, state: str) -> Iterator[Operation]:
    for layer in coding.scope.layers[1:]:
        there = [group for group in coding.scope.groups if coding.cell(state, group, layer) is not None]
        for group in there:
            yield Operation("publish", group, layer)


def _publish_together(coding: Coding, state: str) -> Iterator[Operation]:
    there = [group for group in coding.scope.groups if coding.cell(state, group, DRAFTS) is not None]
    for index, group in enumerate(there):
        for other in there[index + 1 :]:
            yield Operation("publish_together", group, DRAFTS, None, other)


def _on_published(kind: str, *, live: bool) -> Callable[[Coding, str], Iterator[Operation]]:
    def possible(coding: Coding, state: str) -> Iterator[Operation]:
        for group in coding.scope.groups:
            if coding.cell(state, group, PUBLISHED) is not None and (live or not coding.scope.is_live(group)):
                yield Operation(kind, group)

    return possible


def _discard(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        for layer in coding.scope.layers[1:]:
            if coding.letter(state, group, layer) != ABSENT:
                yield Operation("discard", group, layer)


def _delete(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        if coding.exists(state, group):
            yield Operation("delete", group)


def _create_version(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        if coding.letter(state, group, RELEASE) == ABSENT and coding.exists(state, group):
            yield Operation("create_version", group, RELEASE)


def _duplicate(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        free = [
            other
            for other in coding.scope.groups
            if coding.scope.type_of[other] == coding.scope.type_of[group] and not coding.exists(state, other)
        ]
        for layer in _written_layers(coding.scope, group):
            if free and coding.seen(state, group, layer) is not None:
                yield Operation("duplicate", group, layer, None, free[0])


def _restore(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        layer = PUBLISHED if coding.scope.is_live(group) else DRAFTS
        cell = coding.cell(state, group, layer)
        for value in values(coding, state, group):
            if cell is None or value != cell.targets:
                yield Operation("restore", group, layer, value)


def _release(kind: str) -> Callable[[Coding, str], Iterator[Operation]]:
    def possible(coding: Coding, state: str) -> Iterator[Operation]:
        if any(coding.letter(state, group, RELEASE) != ABSENT for group in coding.scope.groups):
            yield Operation(kind, "", RELEASE)

    return possible


def _mark(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        if coding.cell(state, group, PUBLISHED) is not None and coding.letter(state, group, RELEASE) != MARKED:
            yield Operation("mark", group, RELEASE)


def _elsewhere_set(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        cell = coding.cell(state, group, PUBLISHED)
        if cell is not None:
            for value in values(coding, state, group):
                if value != cell.targets:
                    yield Operation("elsewhere_set", group, PUBLISHED, value)


def _elsewhere_create(coding: Coding, state: str) -> Iterator[Operation]:
    for group in coding.scope.groups:
        if coding.letter(state, group, PUBLISHED) == ABSENT:
            yield Operation("elsewhere_create", group, PUBLISHED)
            for value in values(coding, state, group):
                yield Operation("elsewhere_create", group, PUBLISHED, value)


def _elsewhere_remove(coding: Coding, state: str) -> Iterator[Operation]:
    """What something points at strongly the lake lets nobody delete."""
    for operation in _on_published("elsewhere_remove", live=True)(coding, state):
        if not _blocked(coding, state, operation.group):
            yield operation


def _blocked(coding: Coding, state: str, group: str) -> bool:
    for (name, layer), letter in zip(coding.places, state, strict=True):
        cell = coding.cells[name].get(letter)
        if cell is None or group not in cell.targets or (name, layer) == (group, PUBLISHED):
            continue
        stands_in = layer == RELEASE and coding.letter(state, group, RELEASE) != ABSENT
        if coding.strength(state, name, layer, group) == STRONG and not stands_in:
            return True
    return False


_POSSIBLE: dict[str, Callable[[Coding, str], Iterator[Operation]]] = {
    "create": _create,
    "set": _set,
    "publish": _publish,
    "publish_together": _publish_together,
    "unpublish": _on_published("unpublish", live=False),
    "remove": _on_published("remove", live=True),
    "discard": _discard,
    "delete": _delete,
    "create_version": _create_version,
    "duplicate": _duplicate,
    "restore": _restore,
    "mark": _mark,
    "publish_release": _release("publish_release"),
    "delete_release": _release("delete_release"),
    "elsewhere_set": _elsewhere_set,
    "elsewhere_create": _elsewhere_create,
    "elsewhere_remove": _elsewhere_remove,
}

KINDS = tuple(_POSSIBLE)
"""Every kind of operation."""

ROWS = {
    "create": "E8.8",
    "set": "1–13",
    "publish": "14–17",
    "publish_together": "18",
    "unpublish": "19, 20",
    "remove": "E8.2",
    "discard": "21, 22, 27",
    "delete": "23",
    "create_version": "E8.7",
    "duplicate": "28, 29",
    "restore": "30",
    "mark": "13, 24",
    "publish_release": "25",
    "delete_release": "27",
    "elsewhere_set": "31",
    "elsewhere_create": "31",
    "elsewhere_remove": "31",
}
"""Which rows of the table of operations (bidirectional semantics, E4) each kind covers."""


def _held(operation: Operation) -> str:
    return f"[{', '.join(operation.value or ())}]"


_WORDS: dict[str, Callable[[Operation], str]] = {
    "create": lambda one: f"create {one.group} in {one.layer}" + ("" if one.value is None else f" with {_held(one)}"),
    "set": lambda one: f"set {one.group} := {_held(one)} in {one.layer}",
    "publish": lambda one: f"publish {one.group}" + ("" if one.layer == DRAFTS else f" from {one.layer}"),
    "publish_together": lambda one: f"publish {one.group} and {one.other} together",
    "unpublish": lambda one: f"unpublish {one.group}",
    "remove": lambda one: f"delete {one.group} in published by a mutation",
    "discard": lambda one: f"discard {one.group} in {one.layer}",
    "delete": lambda one: f"delete {one.group}, every version",
    "create_version": lambda one: f"give {one.group} a version in {one.layer}",
    "duplicate": lambda one: f"duplicate {one.group} as {one.other} in {one.layer}",
    "restore": lambda one: f"restore {one.group} as it was with {_held(one)}",
    "mark": lambda one: f"mark {one.group} for unpublishing in {one.layer}",
    "publish_release": lambda one: f"publish the release {one.layer}",
    "delete_release": lambda one: f"archive and delete the release {one.layer}",
    "elsewhere_set": lambda one: f"somebody else sets published {one.group} := {_held(one)}",
    "elsewhere_create": lambda one: (
        f"somebody else creates published {one.group}" + ("" if one.value is None else f" with {_held(one)}")
    ),
    "elsewhere_remove": lambda one: f"somebody else deletes published {one.group}",
}
