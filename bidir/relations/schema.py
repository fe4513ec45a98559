"""The schema an engine works by: its document types and the relations between them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bidir.errors import SchemaError
from bidir.relations.building import build_relations
from bidir.relations.derived import build_derived
from bidir.relations.ends import Ends
from bidir.relations.model import DocumentType, Field, Relation
from bidir.relations.pairing import declared_ends, pair_ends
from bidir.relations.problems import Problems
from bidir.relations.reading import Declared, read_source, type_declarations
from bidir.relations.shapes import TypeTable
from bidir.relations.titles import text_names, title_path
from bidir.relations.walk import collect_ends
from bidir.suggest import did_you_mean

__all__ = ["DIGEST_LENGTH", "Schema"]

DIGEST_LENGTH = 12
"""Hexadecimal digits of a schema's digest."""


@dataclass(frozen=True, slots=True)
class Schema:
    """Document types and relations, checked and immutable; make one with `Schema.load`."""

    types: Mapping[str, DocumentType]
    relations: tuple[Relation, ...]
    derived: tuple[Relation, ...]
    """Relations whose right end is derived: nothing is stored there, so only the strength of pointers, and what is left
    at a document that goes, is planned for them."""
    digest: str
    """A short hash of the relations: two engines that disagree about them can tell."""
    _fields: Mapping[str, tuple[Field, ...]] = field(repr=False)
    _pointers: Mapping[str, tuple[Field, ...]] = field(repr=False)
    _inverses: Mapping[tuple[Field, str], tuple[Relation, Field]] = field(repr=False)

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any] | Sequence[Any]) -> Schema:
        """Read Sanity's schema form from a JSON or YAML file (its path) or from data, and check it whole.

        Raises: SchemaError listing everything that does not fit; NotSupportedError for relations over variants.
        """
        problems = Problems()
        declared = type_declarations(read_source(source), problems)
        table = TypeTable(declared, problems)
        _check_types(declared, problems)
        ends = {item.name: collect_ends(item, table, problems) for item in table.documents}
        declarations = declared_ends(ends, problems)
        stored = [item for item in declarations if item.options.get("derived") is not True]
        one_sided = [item for item in declarations if item.options.get("derived") is True]
        pairs = pair_ends(stored, ends, table, problems)
        relations = build_relations(pairs, problems)
        derived = build_derived(one_sided, ends, table, pairs, relations, problems)
        problems.check()
        return cls._of(table, ends, relations, derived)

    @classmethod
    def _of(
        cls,
        table: TypeTable,
        ends: Mapping[str, Ends],
        relations: tuple[Relation, ...],
        derived: tuple[Relation, ...],
    ) -> Schema:
        inverses: dict[tuple[Field, str], tuple[Relation, Field]] = {}
        for relation in relations:
            if relation.enabled:
                inverses[relation.left, relation.right.type] = (relation, relation.right)
                inverses[relation.right, relation.left.type] = (relation, relation.left)
        stored = [*_fields(relations), *(relation.left for relation in derived)]
        every = {(end.type, end.path, end.member, end.item_type, end.reference_type): end for end in stored}
        active = {end for end, _ in inverses}
        one_sided = {relation.left for relation in derived if relation.enabled}
        types: dict[str, DocumentType] = {}
        pointers: dict[str, tuple[Field, ...]] = {}
        fields: dict[str, tuple[Field, ...]] = {}
        for item in table.documents:
            keys = [(end.type, end.path, end.member, end.item_type, end.reference_type) for end in ends[item.name].ends]
            own = tuple(every[key] for key in keys if key in every)
            types[item.name] = DocumentType(
                item.name,
                item.body.get("liveEdit") is True,
                own,
                ends[item.name].attributes,
                title_path(item, table),
                text_names(item, table),
            )
            fields[item.name] = tuple(end for end in own if end in active)
            pointers[item.name] = tuple(end for end in own if end in active or end in one_sided)
        return cls(
            MappingProxyType(types),
            relations,
            derived,
            _digest([*relations, *derived]),
            MappingProxyType(fields),
            MappingProxyType(pointers),
            MappingProxyType(inverses),
        )

    def fields_of(self, type: str) -> tuple[Field, ...]:
        """Return the ends of enabled relations in a document type, in schema order; none for an unknown type."""
        return self._fields.get(type, ())

    def pointers_of(self, type: str) -> tuple[Field, ...]:
        """Return the same and the stored ends of derived relations: all that may hold a target fast."""
        return self._pointers.get(type, ())

    @property
    def related_types(self) -> tuple[str, ...]:
        """The document types that are an end of an enabled relation, derived ends included, in schema order."""
        shown = {relation.right.type for relation in self.derived if relation.enabled}
        return tuple(name for name in self.types if self.pointers_of(name) or name in shown)

    def inverse(self, field: Field, target_type: str) -> tuple[Relation, Field] | None:
        """Return the relation of `field` towards a target type and the field there; None if it has no inverse field."""
        return self._inverses.get((field, target_type))

    def relations_of(self, field: Field) -> tuple[Relation, ...]:
        """Return the relations that `field` is an end of, in schema order."""
        return tuple(relation for relation in self.relations if field in (relation.left, relation.right))

    def derived_of(self, field: Field, target_type: str | None) -> Relation | None:
        """Return the enabled derived relation of `field` towards a target type (None: towards any), if there is one."""
        of_field = (one for one in self.derived if one.enabled and one.left == field)
        return next((one for one in of_field if target_type in (None, one.right.type)), None)

    def one_sided(self, field: Field, target_type: str | None) -> Relation | None:
        """Return the enabled relation with but one stored end towards a target type: derived, or without inverse."""
        enabled = (one for one in self.relations_of(field) if one.enabled)
        return self.derived_of(field, target_type) or next(enabled, None)

    def relation(self, name: str) -> Relation:
        """Return the relation called `name`, stored or derived.

        Raises: SchemaError with the names that come near.
        """
        for relation in (*self.relations, *self.derived):
            if relation.name == name:
                return relation
        names = [relation.name for relation in (*self.relations, *self.derived)]
        hint = did_you_mean(name, names) or (f" There are: {', '.join(names)}." if names else " The schema has none.")
        raise SchemaError([f'no relation is called "{name}".{hint}'])

    def without_relations(self) -> Schema:
        """Return the same document types with every relation switched off."""
        nothing: Mapping[str, tuple[Field, ...]] = MappingProxyType(dict.fromkeys(self.types, ()))
        return Schema(self.types, (), (), self.digest, nothing, nothing, MappingProxyType({}))

    def is_live(self, type: str) -> bool:
        """Whether documents of `type` are edited live, without drafts; an undeclared type is not."""
        known = self.types.get(type)
        return known is not None and known.live_edit


def _check_types(declared: Sequence[Declared], problems: Problems) -> None:
    for item in declared:
        kind = item.body.get("type")
        if not isinstance(kind, str):
            problems.add(
                f'{item.place}: the type "{item.name}" needs a "type", "document" for what has an id of its own'
            )
        elif hint := "" if kind == "document" else did_you_mean(kind, ["document"]):
            problems.add(f'{item.place}: the type "{item.name}" is of the unknown type "{kind}".{hint}')
        live = item.body.get("liveEdit", False)
        if not isinstance(live, bool):
            problems.add(f"{item.place}.liveEdit: must be true or false, not {live!r}")


def _fields(relations: Sequence[Relation]) -> list[Field]:
    return [end for relation in relations for end in (relation.left, relation.right)]


def _digest(relations: Sequence[Relation]) -> str:
    """Hash what the relations say, whatever the order they are declared in."""
    said = sorted(json.dumps(asdict(relation), sort_keys=True) for relation in relations)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:DIGEST_LENGTH]
