"""Pairs the declared ends: which field answers which, for every target type, and what does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.relations.ends import End, Ends
from bidir.relations.options import parse_options
from bidir.relations.problems import Problems
from bidir.relations.shapes import TypeTable
from bidir.suggest import did_you_mean, one_of

__all__ = ["Declared", "Pair", "declared_ends", "known_type", "pair_ends"]


@dataclass(frozen=True, slots=True)
class Declared:
    """One end that carries a declaration, with its checked options."""

    end: End
    options: Mapping[str, Any]
    place: str

    @property
    def target_field(self) -> str:
        """The path named in `targetField`, in dotted form without `[]`."""
        return str(self.options["targetField"]).replace("[]", "")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ends of one relation; `left` declares it, `right_options` are those of the other end if it does too."""

    left: End
    right: End
    left_options: Mapping[str, Any]
    right_options: Mapping[str, Any] | None
    place: str

    @property
    def label(self) -> str:
        """Both ends, for messages."""
        return f"{self.left.name} ⇄ {self.right.name}"


def declared_ends(types: Mapping[str, Ends], problems: Problems) -> list[Declared]:
    """Return every end that carries a declaration that can be read, in the order of the schema."""
    declared: list[Declared] = []
    for ends in types.values():
        for end in ends.ends:
            if end.declaration is None:
                continue
            options = parse_options(end.declaration.raw, end.name, end.to, end.declaration.place, problems)
            if options is not None:
                declared.append(Declared(end, options, end.declaration.place))
    return declared


def pair_ends(
    declared: Sequence[Declared], types: Mapping[str, Ends], table: TypeTable, problems: Problems
) -> list[Pair]:
    """Return the pairs of a schema in the order of their declarations; what does not fit goes to `problems`."""
    return _Pairing(types, table, {item.end: item for item in declared}, problems).pairs()


def known_type(item: Declared, name: str, table: TypeTable, problems: Problems) -> bool:
    """Whether the target type `name` of a declaration is a document type of the schema; if not, that is noted."""
    label = f"{item.end.name} ⇄ {name}.{item.target_field} ({item.end.place}.to)"
    if name not in table:
        hint = did_you_mean(name, [declared.name for declared in table.documents])
        problems.add(f'{label}: the schema has no type "{name}".{hint}')
        return False
    if not table.is_document(name):
        problems.add(f'{label}: "{name}" is no document type; references point at documents')
        return False
    return True


class _Pairing:
    """The resolution of all declarations of one schema."""

    def __init__(
        self, types: Mapping[str, Ends], table: TypeTable, declared: Mapping[End, Declared], problems: Problems
    ) -> None:
        self.types = types
        self.table = table
        self.declared = declared
        self.problems = problems
        # Where each declaration leads: target type → end there. A type that has no such field is left out.
        self.leads: dict[End, dict[str, End]] = {end: self.targets(item) for end, item in declared.items()}

    def pairs(self) -> list[Pair]:
        found: dict[frozenset[End], Pair] = {}
        for end, item in self.declared.items():
            for other in self.leads[end].values():
                key = frozenset((end, other))
                if key in found or not self.agrees(item, other):
                    continue
                answer = self.declared.get(other) if other != end else None
                found[key] = Pair(end, other, item.options, answer.options if answer else None, item.place)
        pairs = list(found.values())
        self.one_relation_per_target(pairs)
        return pairs

    def targets(self, item: Declared) -> dict[str, End]:
        """Find the inverse end in every target type; at least one must have it (bidirectional semantics, E1)."""
        found: dict[str, End] = {}
        faults: list[str] = []
        known = [name for name in item.end.to if known_type(item, name, self.table, self.problems)]
        for name in known:
            candidates = self.candidates(item, name)
            if isinstance(candidates, str):
                faults.append(candidates)
            elif (end := self.the_one(item, name, candidates)) is not None:
                found[name] = end
            else:
                faults.append("")
        if not found:
            for fault in filter(None, faults):
                self.problems.add(fault)
        return found

    def candidates(self, item: Declared, name: str) -> list[End] | str:
        """Return the ends of type `name` that `targetField` may mean, or what is wrong with it."""
        wanted = item.target_field
        ends = self.types[name]
        exact = [end for end in ends.ends if ".".join(end.path + end.member) == wanted]
        through = [end for end in ends.ends if end.member and ".".join(end.path) == wanted]
        if exact or through:
            return exact or through
        label = f"{item.end.name} ⇄ {name}.{wanted} ({item.place})"
        inside = [path for path in ends.paths if path.startswith(f"{wanted}.")]
        if inside:
            return f"{label}: {name}.{wanted} is an object; name the reference in it, such as {one_of(inside[:3])}"
        if wanted in ends.others:
            return f"{label}: {name}.{wanted} is {ends.others[wanted]}, not a reference or an array of references"
        hint = did_you_mean(wanted, ends.paths)
        if not hint:
            right = _field_example(wanted, item.end.type)
            hint = f" Its reference fields are {one_of(ends.paths, word='and')}." if ends.paths else f" Add {right}."
        return f'{label}: the type "{name}" has no field "{wanted}".{hint}'

    def the_one(self, item: Declared, name: str, candidates: Sequence[End]) -> End | None:
        """Choose the end that is meant; None after noting why there is no single one."""
        label = f"{item.end.name} ⇄ {name}.{item.target_field} ({item.place})"
        members = {end.member for end in candidates}
        if len(members) > 1:
            names = one_of(dict.fromkeys(".".join(end.path + end.member) for end in candidates))
            self.problems.add(f"{label}: {name}.{item.target_field} holds several references; name one: {names}")
            return None
        # Items of several types may hold the reference under one name: the type of the source tells them apart.
        allowing = [end for end in candidates if item.end.type in end.to]
        if len(allowing) > 1:
            kinds = one_of((end.item_type or end.reference_type for end in allowing), word="and")
            self.problems.add(
                f'{label}: items of several types ({kinds}) may point at "{item.end.type}"; let only one of them'
            )
            return None
        if not allowing:
            first = candidates[0]
            targets = one_of(first.to, word="and") or "nothing"
            remedy = f'add {{"type": "{item.end.type}"}} to its "to" ({first.place})'
            self.problems.add(f'{label}: {first.name} may point at {targets} but not at "{item.end.type}"; {remedy}')
            return None
        return allowing[0]

    def agrees(self, item: Declared, other: End) -> bool:
        """Whether the other end, if it is declared too, names this one back."""
        answer = self.declared.get(other)
        if answer is None or other == item.end:
            return True
        leads = self.leads[other]
        back = leads.get(item.end.type)
        if back == item.end:
            return True
        label = f"{item.end.name} ⇄ {other.name}"
        places = f"({item.place}, {answer.place})"
        named = back.name if back else f'nothing called "{answer.target_field}" in {item.end.type}'
        if back is None and not leads:
            return False  # The other declaration does not resolve at all, which has been noted.
        remedy = (
            f'let {other.name} name "{".".join(item.end.path + item.end.member)}" or take one of the declarations away'
        )
        self.problems.add(
            f"{label} {places}: both ends are declared, but {other.name} is declared towards {named}; {remedy}"
        )
        return False

    def one_relation_per_target(self, pairs: Sequence[Pair]) -> None:
        """Note every field that takes part in two relations for one target type."""
        taken: dict[tuple[End, str], Pair] = {}
        for pair in pairs:
            for end, other in dict.fromkeys(((pair.left, pair.right), (pair.right, pair.left))):
                first = taken.setdefault((end, other.type), pair)
                if first is not pair:
                    self.problems.add(
                        f"{pair.label} ({pair.place}): {end.name} already takes part in {first.label} ({first.place}) "
                        f'for the type "{other.type}"; a field has one inverse per target type, '
                        "so give one of them a field of its own"
                    )


def _field_example(name: str, target: str) -> str:
    return f'{{"name": "{name}", "type": "reference", "to": [{{"type": "{target}"}}]}}'
