"""What one may give for a relationship: entities, ids, or objects with an id and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from bidir.suggest import did_you_mean
from stash_relations.entity import Entity
from stash_relations.errors import BadValueError, UnknownNameError
from stash_relations.library import End

__all__ = ["Link", "checked_members", "complex_input", "id_of", "link_of"]

Json = Any


@dataclass(frozen=True, slots=True)
class Link:
    """A wish to point at `target`, with metadata; None leaves what is there."""

    target: str
    members: Mapping[str, Json]


def id_of(value: object) -> str:
    """Return the id of an entity, or an id as it is.

    Raises: BadValueError for anything else.
    """
    found = value.id if isinstance(value, Entity) else value
    if isinstance(found, str) and found:
        return found
    raise BadValueError(f'an entity or its id is wanted, such as "scene-1", not {value!r}')


def complex_input(end: End, value: object) -> dict[str, Json]:
    """Return `{"group_id": …, "description": …}` for an entity, an id, such an object, or what reading gives.

    Raises: BadValueError, UnknownNameError.
    """
    link = link_of(end, value)
    return {f"{end.member}_id": link.target, **{name: link.members.get(name) for name in end.members}}


def link_of(end: End, value: object) -> Link:
    """Return the link that is meant by what one gave for a relationship.

    Raises: BadValueError, UnknownNameError naming what comes near.
    """
    if not end.is_complex or not (isinstance(value, Mapping) or is_dataclass(value)) or isinstance(value, Entity):
        return Link(id_of(value), {})
    given = dict(value) if isinstance(value, Mapping) else {one.name: getattr(value, one.name) for one in fields(value)}
    target = given.pop(f"{end.member}_id", None) or given.pop(end.member, None)
    given.pop(end.member, None)
    if target is None:
        raise BadValueError(f'{end.type}.{end.name}: an item names its "{end.member}_id", this one does not: {value!r}')
    for name in given:
        if name not in end.members:
            known = [f"{end.member}_id", *end.members]
            hint = did_you_mean(name, known)
            raise UnknownNameError(f'{end.type}.{end.name}: an item has {", ".join(known)}, not "{name}".{hint}')
    return Link(id_of(target), checked_members(end, given))


def checked_members(end: End, members: Mapping[str, Json]) -> dict[str, Json]:
    """Return metadata without what is not given.

    Raises: BadValueError for a value of another type.
    """
    for name, value in members.items():
        kind = end.members[name]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        fits = {"str": isinstance(value, str), "float": is_number, "bool": isinstance(value, bool)}[kind]
        if value is not None and not fits:
            word = {"str": "a text", "float": "a number", "bool": "true or false"}[kind]
            raise BadValueError(f"{end.type}.{end.name}: {name} is {word}, not {value!r}")
    return {name: value for name, value in members.items() if value is not None}
