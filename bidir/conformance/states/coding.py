"""States as short texts, one letter per group and layer: documents made from letters, and letters read off documents.

A letter stands for what one group has in one layer: nothing, a mark for unpublishing, or a version. Of a version the
state keeps what its relation field points at, in order, how strong each pointer is, and whether it is the engine's own
(E8.10). Texts beside the relation are not part of the state: each version is given a text that tells whose it is, and
transitions are judged on the documents themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

from bidir.conformance.states.scope import Scope
from bidir.origin import item_key
from bidir.refs import DRAFTS, PUBLISHED, stored_id
from bidir.relations import Field

__all__ = ["ABSENT", "MARKED", "REVISION", "STAMPED", "STRONG", "TEXT", "WEAK", "Cell", "Coding", "UnknownCellError"]

Document = dict[str, Any]

ABSENT = " "
"""The letter of a group that has no version in a layer."""
MARKED = "!"
"""The letter of a release version that says its group is to be unpublished."""
_FIRST = 0x100
"""Versions are numbered from here, so that no letter is taken for one of the two above."""

WEAK, STAMPED, STRONG = "~", "+", "="
"""How strong a pointer is: weak for good, weak until its target is published, strong."""

REVISION = "read"
"""The revision of every document of a state; a transaction gives another one."""

TEXT = "title"
"""The field beside the relation that tells whose words a version holds."""


class UnknownCellError(ValueError):
    """A document that no state of the scope has: a target twice, a foreign target, an item of an unknown form."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A version: what it points at, in order, each with its strength; `ours` is True for one that the engine made."""

    targets: tuple[str, ...]
    strengths: tuple[str, ...]
    ours: bool


class Coding:
    """The letters of one scope."""

    def __init__(self, scope: Scope) -> None:
        """Number every cell that a group of the scope can have."""
        self.scope = scope
        self.places = tuple((group, layer) for group in scope.groups for layer in scope.layers)
        self.position = {place: index for index, place in enumerate(self.places)}
        self.ids = tuple(stored_id(group, layer) for group, layer in self.places)
        self.cells: dict[str, dict[str, Cell]] = {}
        self.letters: dict[str, dict[Cell, str]] = {}
        for group in scope.groups:
            cells = dict(enumerate(_cells(scope, group), _FIRST))
            self.cells[group] = {chr(number): cell for number, cell in cells.items()}
            self.letters[group] = {cell: letter for letter, cell in self.cells[group].items()}
        self._documents: dict[tuple[int, str, str], Document] = {}
        self._pointed: dict[tuple[str, str], frozenset[str]] = {}

    @property
    def empty(self) -> str:
        """The state in which nothing exists."""
        return ABSENT * len(self.places)

    def cell(self, state: str, group: str, layer: str) -> Cell | None:
        """Return the group's version in `layer`; None for none, and for a mark."""
        place = self.position.get((group, layer))
        return None if place is None else self.cells[group].get(state[place])

    def letter(self, state: str, group: str, layer: str) -> str:
        """Return the letter that stands for the group in `layer`."""
        place = self.position.get((group, layer))
        return ABSENT if place is None else state[place]

    def exists(self, state: str, group: str) -> bool:
        """Whether the group has a version, or a mark, in any layer."""
        return any(self.letter(state, group, layer) != ABSENT for layer in self.scope.layers)

    def seen(self, state: str, group: str, view: str) -> Cell | None:
        """Return the version that `view` shows of the group, None where it is absent."""
        letter = self.letter(state, group, view)
        if letter == ABSENT and view != PUBLISHED:
            return self.cell(state, group, PUBLISHED)
        return self.cells[group].get(letter)

    def targets(self, state: str, group: str, view: str) -> tuple[str, ...]:
        """Return what the group points at in `view`, nothing where it is absent."""
        cell = self.seen(state, group, view)
        return () if cell is None else cell.targets

    # ---------------------------------------------------------------------------------------------- documents

    def documents(self, state: str) -> dict[str, Document]:
        """Return the stored documents of a state by stored id; the same values each time, to be read only."""
        made = self._documents
        there = "" if self.scope.strengths else self._there(state)
        out = {}
        for place, letter in enumerate(state):
            if letter == ABSENT:
                continue
            document = made.get((place, letter, there))
            if document is None:
                document = made[place, letter, there] = self._document(place, letter, state)
            out[self.ids[place]] = document
        return out

    def _there(self, state: str) -> str:
        """Return what the strength of pointers at rest depends on: which versions exist."""
        return "".join([letter if letter in (ABSENT, MARKED) else "x" for letter in state])

    def at_rest(self, state: str, group: str, layer: str, target: str) -> str:
        """Return the strength that a pointer has which was written when all is as it is in `state` (E8.6)."""
        relation = self.scope.relation
        if relation.symmetric or not relation.is_forward(self.scope.field_of[group]):
            return WEAK
        if self.letter(state, target, PUBLISHED) != ABSENT:
            return STRONG
        return STRONG if layer not in (PUBLISHED, DRAFTS) and self.cell(state, target, layer) is not None else STAMPED

    def strength(self, state: str, group: str, layer: str, target: str) -> str:
        """Return how strong the group's pointer at `target` is, which its version in `layer` must hold."""
        cell = self.cells[group][state[self.position[group, layer]]]
        if not cell.strengths:
            return self.at_rest(state, group, layer, target)
        return cell.strengths[cell.targets.index(target)]

    def _document(self, place: int, letter: str, state: str) -> Document:
        group, layer = self.places[place]
        body: Document = {"_id": self.ids[place], "_type": self.scope.type_of[group]}
        body |= {"_rev": REVISION, "_createdAt": REVISION}
        if letter == MARKED:
            return {**body, "_system": {"delete": True}}
        cell = self.cells[group][letter]
        body[TEXT] = PUBLISHED if cell.ours else layer
        field = self.scope.field_of[group]
        strengths = [self.strength(state, group, layer, target) for target in cell.targets]
        items = [self.item(group, target, strength) for target, strength in zip(cell.targets, strengths, strict=True)]
        if items:
            body[field.path[0]] = items if field.many else items[0]
        return body

    def item(self, group: str, target: str, strength: str) -> Document:
        """Return the stored form of a pointer."""
        field = self.scope.field_of[group]
        out: Document = {"_type": "reference", "_ref": target}
        if strength != STRONG:
            out["_weak"] = True
        if strength == STAMPED:
            out["_strengthenOnPublish"] = {"type": self.scope.type_of[target]}
        return {**out, "_key": item_key(self.scope.relation.name, target)} if field.many else out

    def read(self, place: int, document: Mapping[str, Any], *, ours: bool) -> str:
        """Return the letter of a stored document.

        Raises: UnknownCellError where the scope has none for it.
        """
        group, layer = self.places[place]
        system = document.get("_system")
        if isinstance(system, dict) and system.get("delete") is True:
            return MARKED
        field = self.scope.field_of[group]
        targets, strengths = _read_items(document, field)
        kept = strengths if self.scope.strengths else ()
        ours = self.scope.owners and ours and layer != PUBLISHED
        letter = self.letters[group].get(Cell(targets, kept, ours))
        if letter is None:
            shown = ", ".join(targets)
            raise UnknownCellError(f"{self.ids[place]}: {field.path[0]} holds [{shown}], which no valid state has")
        return letter

    def part(self, state: str, group: str) -> str:
        """Return the letters of one group, a letter per layer."""
        start = self.position[group, PUBLISHED]
        return state[start : start + len(self.scope.layers)]

    def with_part(self, state: str, group: str, part: str) -> str:
        """Return the state with the letters of one group replaced."""
        start = self.position[group, PUBLISHED]
        return state[:start] + part + state[start + len(part) :]

    def pointed_at(self, group: str, part: str) -> frozenset[str]:
        """Return every group that a version of `group`, whose letters are `part`, points at."""
        found = self._pointed.get((group, part))
        if found is None:
            cells = self.cells[group]
            found = frozenset(target for letter in part if letter in cells for target in cells[letter].targets)
            self._pointed[group, part] = found
        return found

    def links(self, state: str, view: str) -> Iterator[tuple[str, str]]:
        """Yield every half in `view`: (group, target)."""
        for group in self.scope.groups:
            for target in self.targets(state, group, view):
                yield group, target


def _cells(scope: Scope, group: str) -> Iterator[Cell]:
    field = scope.field_of[group]
    targets = scope.targets_for(group)
    most = min(len(targets), field.max or len(targets)) if field.many else 1
    for count in range(most + 1):
        for chosen in permutations(targets, count):
            for strengths in product((WEAK, STAMPED, STRONG), repeat=count) if scope.strengths else [()]:
                for ours in (False, True) if scope.owners else (False,):
                    yield Cell(chosen, strengths, ours)


def _read_items(document: Mapping[str, Any], field: Field) -> tuple[tuple[str, ...], tuple[str, ...]]:
    value = document.get(field.path[0])
    items = [] if value is None else value if isinstance(value, list) else [value]
    targets, strengths = [], []
    for item in items:
        targets.append(str(item.get("_ref")))
        if item.get("_weak") is not True:
            strengths.append(STRONG)
        else:
            strengths.append(STAMPED if item.get("_strengthenOnPublish") else WEAK)
    return tuple(targets), tuple(strengths)
