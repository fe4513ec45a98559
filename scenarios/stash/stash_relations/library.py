"""The schema as the library sees it: types of entities, what they hold, and the ends of their relationships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from bidir import Schema
from bidir.relations import Field, Relation
from bidir.relations.reading import read_source
from bidir.suggest import did_you_mean
from stash_relations.errors import UnknownNameError
from stash_relations.naming import class_name, singular

__all__ = ["SCHEMA_FILE", "End", "EntityType", "Library", "Strategy"]

Json = Any
Strategy = Literal["direct_field", "filter_query", "complex_object"]

SCHEMA_FILE: Final = Path(__file__).parents[1] / "schemas" / "stash.yaml"
"""The schema that the demonstration and the tests use."""

_PYTHON_TYPES: Final = {"number": "float", "boolean": "bool"}
"""What holds an attribute; everything else is a text."""


@dataclass(frozen=True, slots=True)
class End:
    """One side of a relationship.

    `members` are the names and Python types of the metadata beside the reference, of whichever side stores it.
    `field` is None where nothing is stored on this side: it is the answer to a query. `through`: links are written on
    the other side, because metadata stands there. `container`: the target holds this entity.
    """

    type: str
    name: str
    many: bool
    target: str
    inverse: str | None
    strategy: Strategy
    field: Field | None
    other: Field
    members: Mapping[str, str]
    item_class: str | None
    container: bool
    through: bool

    @property
    def input_name(self) -> str:
        """What the relationship is called when it is written: `gallery_ids`, `studio_id`, `sub_groups`."""
        if self.is_complex:
            return self.name
        return f"{singular(self.name)}_ids" if self.many else f"{self.name}_id"

    @property
    def is_complex(self) -> bool:
        """Whether this side lists objects round its references."""
        return self.item_class is not None

    @property
    def member(self) -> str:
        """What the reference is called in a complex item: `group`."""
        assert self.field is not None, "a derived end has no items"
        return self.field.member[0]


@dataclass(frozen=True, slots=True)
class EntityType:
    """A type of entity: its attributes with their Python types, and its relationships, by name."""

    name: str
    class_name: str
    attributes: Mapping[str, str]
    ends: Mapping[str, End]

    @property
    def label(self) -> str:
        """The attribute that stands for an entity in a list."""
        return next((one for one in ("title", "name") if one in self.attributes), "_id")

    @property
    def sort(self) -> tuple[str, str]:
        """How lists of it are sorted if nobody says: by date, the newest first, or by what it is called."""
        return ("date", "DESC") if "date" in self.attributes else (self.label, "ASC")

    @property
    def inputs(self) -> dict[str, End]:
        """The relationships that can be written, by the name they are written with."""
        return {end.input_name: end for end in self.ends.values() if end.field is not None}


class Library:
    """The types of a schema with their relationships, both sides of each."""

    def __init__(self, source: str | Path | Mapping[str, Json] | Sequence[Json] = SCHEMA_FILE) -> None:
        """Read the schema.

        Raises: SchemaError listing everything that does not fit.
        """
        data = read_source(source)
        self.schema = Schema.load(data)
        listed = data["types"] if isinstance(data, Mapping) else data
        self._raw: dict[str, Mapping[str, Json]] = {one["name"]: one for one in listed}

    @cached_property
    def types(self) -> dict[str, EntityType]:
        """The types of entities by name."""
        return {name: self._type(name) for name in self.schema.types}

    def __iter__(self) -> Iterator[EntityType]:
        """Yield the types of entities."""
        return iter(self.types.values())

    def type(self, name: object) -> EntityType:
        """Return the type called `scene`, or `Scene` after its class.

        Raises: UnknownNameError naming what comes near.
        """
        for one in self:
            if name in (one.name, one.class_name):
                return one
        hint = did_you_mean(name, self.types) if isinstance(name, str) else ""
        raise UnknownNameError(f'there is no type "{name}".{hint} There are {", ".join(self.types)}')

    def end(self, type_name: str, name: object) -> End:
        """Return the relationship of a type, by the name it is read or written with.

        Raises: UnknownNameError naming what comes near.
        """
        entity = self.type(type_name)
        known = {**entity.ends, **entity.inputs}
        if isinstance(name, str) and name in known:
            return known[name]
        hint = did_you_mean(name, known) if isinstance(name, str) else ""
        raise UnknownNameError(f'{entity.class_name} has no relationship "{name}"; {", ".join(entity.ends)}.{hint}')

    # ------------------------------------------------------------------------------------------------- building

    def _type(self, name: str) -> EntityType:
        ends: dict[str, End] = {}
        relations = [*self.schema.relations, *self.schema.derived]
        for field in self.schema.types[name].fields:
            relation = next(one for one in relations if field in (one.left, one.right))
            ends[field.path[0]] = self._stored(field, relation)
        for relation in self.schema.derived:
            if relation.right.type == name:
                ends[relation.right.path[0]] = self._derived(relation)
        attributes = {
            one["name"]: _PYTHON_TYPES.get(one["type"], "str") for one in self._fields(name) if one["name"] not in ends
        }
        return EntityType(name, class_name(name), attributes, ends)

    def _stored(self, field: Field, relation: Relation) -> End:
        other = relation.other(field)
        own = self._members(field)
        theirs = {} if relation.derived else self._members(other)
        strategy: Strategy = (
            "complex_object" if field.member else "filter_query" if relation.derived else "direct_field"
        )
        return End(
            field.type,
            field.path[0],
            field.many,
            other.type,
            None if relation.derived else other.path[0],
            strategy,
            field,
            other,
            own or theirs,
            self._item_class(field),
            self._option(field, "container") is True,
            bool(theirs and not own),
        )

    def _derived(self, relation: Relation) -> End:
        right, left = relation.right, relation.left
        return End(
            right.type, right.path[0], True, left.type, left.path[0], "filter_query", None, left, {}, None, False, False
        )

    def _fields(self, type_name: str) -> list[Mapping[str, Json]]:
        return list(self._raw[type_name]["fields"])

    def _declared(self, field: Field) -> Mapping[str, Json]:
        return next(one for one in self._fields(field.type) if one["name"] == field.path[0])

    def _option(self, field: Field, name: str) -> Json:
        return (self._declared(field).get("options") or {}).get(name)

    def _members(self, field: Field) -> dict[str, str]:
        """Return the metadata members beside the reference, with their Python types."""
        if not field.member:
            return {}
        item = self._declared(field)["of"][0]
        return {
            one["name"]: _PYTHON_TYPES.get(one["type"], "str")
            for one in item["fields"]
            if one["name"] != field.member[0]
        }

    def _item_class(self, field: Field) -> str | None:
        if not field.member:
            return None
        return class_name(field.item_type or f"{field.type}_{singular(field.path[0])}")
