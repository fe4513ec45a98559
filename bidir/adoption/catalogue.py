"""The relations of a schema by number, as the tables of an audit name them."""

from __future__ import annotations

from dataclasses import dataclass

from bidir.relations import Field, Relation, Schema

__all__ = ["Answer", "Catalogue"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers field number `field` when it points at a document of `type`: `mirror`, by `relation` (numbers)."""

    field: int
    type: str
    relation: int
    mirror: int
    single: bool
    """Whether the answering field holds one reference."""
    weak: bool
    """Whether a pointer in `field` has to be weak."""


class Catalogue:
    """Fields and relations of a schema, numbered: within one document type in the order of the schema."""

    def __init__(self, schema: Schema) -> None:
        """Number what `schema` declares and is switched on."""
        self.schema = schema
        self.fields: list[Field] = []
        self._of_type: dict[str, tuple[tuple[int, Field], ...]] = {}
        for name in schema.types:
            own = schema.fields_of(name)
            start = len(self.fields)
            self.fields.extend(own)
            if own:
                self._of_type[name] = tuple(enumerate(own, start=start))

    def fields_of(self, type: str) -> tuple[tuple[int, Field], ...]:
        """Return the numbered relation fields of a document type; none for a type that takes no part."""
        return self._of_type.get(type, ())

    def relation_of(self, field: int) -> Relation:
        """Return the first relation a field takes part in: the one faults without a partner are told under."""
        end = self.fields[field]
        return self.schema.relations_of(end)[0]

    def answers(self) -> list[Answer]:
        """Return every (field, target type) that has an inverse field, with that field."""
        numbers = {field: number for number, field in enumerate(self.fields)}
        out = []
        for field, number in numbers.items():
            for name in self._of_type:
                pair = self.schema.inverse(field, name)
                if pair is None:
                    continue
                relation, mirror = pair
                weak = relation.inverse_weak and not relation.is_forward(field)
                place = self.schema.relations.index(relation)
                out.append(Answer(number, name, place, numbers[mirror], not mirror.many, weak))
        return out
