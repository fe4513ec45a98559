"""Derived inverses: relations of which only the declaring end is stored, the other being the answer to a query.

Source: bidirectional semantics, E3 ("write e only; inverse is a query").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bidir.relations.building import build_field
from bidir.relations.ends import Ends
from bidir.relations.model import Field, Relation
from bidir.relations.pairing import Declared, Pair, known_type
from bidir.relations.problems import Problems
from bidir.relations.shapes import TypeTable
from bidir.suggest import one_of

__all__ = ["DERIVED_OPTIONS", "build_derived"]

DERIVED_OPTIONS = frozenset({"targetField", "name", "enabled", "derived", "onDelete", "onUnpublish"})
"""What can be said of a derived inverse; every other option speaks of a half that is written."""


@dataclass(frozen=True, slots=True)
class _Target:
    """One derived end: the declaration, and the document type that shows it."""

    item: Declared
    type: str

    @property
    def name(self) -> str:
        """The derived end as people write it: `studio.films`."""
        return f"{self.type}.{self.item.target_field}"

    @property
    def label(self) -> str:
        """Both ends and the place of the declaration, for messages."""
        return f"{self.item.end.name} ⇄ {self.name} ({self.item.place})"


def build_derived(
    declared: Sequence[Declared],
    types: Mapping[str, Ends],
    table: TypeTable,
    pairs: Sequence[Pair],
    stored: Sequence[Relation],
    problems: Problems,
) -> tuple[Relation, ...]:
    """Return one relation per declaration and target type; what does not fit goes to `problems`.

    The target type need not have a field of that name. If it has one it must not hold references: they would be read
    as if they were kept in step.
    """
    names = {relation.name: relation for relation in stored}
    shown: dict[str, _Target] = {}
    relations: list[Relation] = []
    for item in declared:
        _only_its_options(item, problems)
        for type_name in item.end.to:
            if not known_type(item, type_name, table, problems):
                continue
            target = _Target(item, type_name)
            _nothing_stored(target, types[type_name], pairs, problems)
            first = shown.setdefault(target.name, target)
            if first is not target:
                other_end = f"{first.item.end.name} already ({first.item.place})"
                problems.add(
                    f"{target.label}: {target.name} is derived from {other_end}; give one of them another targetField"
                )
            relation = _relation(target, problems)
            if relation.name in names:
                other = names[relation.name]
                problems.add(
                    f'{target.label}: the name "{relation.name}" is taken by {other.left.name} ⇄ {other.right.name}; '
                    "give one of them another name"
                )
            names[relation.name] = relation
            relations.append(relation)
    return tuple(relations)


def _only_its_options(item: Declared, problems: Problems) -> None:
    useless = [name for name in item.options if name not in DERIVED_OPTIONS]
    if useless:
        problems.add(
            f"{item.end.name} ⇄ {'|'.join(item.end.to)}.{item.target_field} ({item.place}): nothing is written for a "
            f"derived inverse, so {one_of(useless, word='and')} would have no effect; leave it out"
        )


def _nothing_stored(target: _Target, ends: Ends, pairs: Sequence[Pair], problems: Problems) -> None:
    wanted = target.item.target_field
    for end in ends.ends:
        if wanted in (".".join(end.path), ".".join((*end.path, *end.member))):
            problems.add(
                f"{target.label}: derived means that nothing is stored on the target, but {end.name} ({end.place}) "
                "holds references; take the field away, or leave derived out to keep both in step"
            )
            return
    for pair in pairs:
        if target.item.end in (pair.left, pair.right):
            problems.add(
                f"{target.label}: {target.item.end.name} already takes part in {pair.label} ({pair.place}), which "
                "stores the inverse; keep one of the declarations"
            )
            return


def _relation(target: _Target, problems: Problems) -> Relation:
    item = target.item
    left = build_field(item.end, (), problems)
    right = Field(type=target.type, path=tuple(item.target_field.split(".")), many=True, to=(item.end.type,), weak=True)
    name = str(item.options.get("name", left.name.replace("[]", "")))
    return Relation(
        name=f"{name}:{target.type}" if len(item.end.to) > 1 else name,
        left=left,
        right=right,
        owner="left",
        on_delete=item.options.get("onDelete", "clear"),
        on_unpublish=item.options.get("onUnpublish"),
        enabled=item.options.get("enabled", True) is True,
        derived=True,
    )
