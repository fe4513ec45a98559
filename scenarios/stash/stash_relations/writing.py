"""What one gives for an entity, read and made into mutations; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from bidir.lookups.link_patches import add_patches, remove_patches
from bidir.origin import item_key
from bidir.refs import Item, read_items, same_json, targets_of
from bidir.suggest import did_you_mean, one_of
from stash_relations.entity import Entity
from stash_relations.errors import BadValueError, UnknownNameError
from stash_relations.inputs import Link, id_of, link_of
from stash_relations.library import End, EntityType, Library

__all__ = ["BULK_MAX", "Bulk", "BulkMode", "Change", "mutations_for", "read_change", "unlinking_patches"]

Json = Any
Document = Mapping[str, Any]
BulkMode = Literal["SET", "ADD", "REMOVE"]

BULK_MAX: Final = 1_000
"""Entities changed in one transaction."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """How a list is changed: set as a whole, added to, or taken from."""

    mode: BulkMode
    ids: Sequence[Entity | str | Mapping[str, Json]]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be changed: attributes (None: unset), and links by relationship with the way they are meant."""

    attributes: Mapping[str, Json]
    links: tuple[tuple[End, BulkMode, tuple[Link, ...]], ...]

    @property
    def targets(self) -> dict[str, str]:
        """The ids that must be there, with their types; what is only taken away need not be."""
        return {link.target: end.target for end, mode, links in self.links if mode != "REMOVE" for link in links}

    def held_through(self, document: Document) -> Iterator[str]:
        """Yield what a document holds in relationships that are set and written on the other side."""
        for end, mode, _ in self.links:
            if end.through and mode != "ADD" and end.field is not None and document["_type"] == end.type:
                yield from targets_of(document, end.field)


def read_change(entity: EntityType, values: Mapping[str, Json]) -> Change:
    """Return what is meant by values by name.

    Raises: UnknownNameError naming what comes near; BadValueError.
    """
    attributes: dict[str, Json] = {}
    links: list[tuple[End, BulkMode, tuple[Link, ...]]] = []
    inputs = entity.inputs
    for given, value in values.items():
        # A typed name that is taken otherwise has an underscore behind it.
        name = given.removesuffix("_") if given not in entity.attributes and given not in inputs else given
        if name in inputs:
            mode, wanted = _wanted(inputs[name], value)
            links.append((inputs[name], mode, wanted))
        elif name in entity.attributes:
            attributes[name] = _checked(entity, name, value)
        else:
            known = [*entity.attributes, *inputs]
            hint = did_you_mean(name, known)
            written = next(
                (f' It is written as "{end.input_name}".' for end in inputs.values() if end.name == name), ""
            )
            raise UnknownNameError(
                f'{entity.class_name} has no "{name}"; there is {one_of(known, word="and")}.{written or hint}'
            )
    return Change(attributes, tuple(links))


def mutations_for(
    library: Library,
    entity: EntityType,
    ids: Sequence[str],
    change: Change,
    documents: Mapping[str, Document],
    *,
    is_new: bool,
) -> list[dict[str, Json]]:
    """Return the mutations that carry a change out on entities, given every document concerned as it is now."""
    mutations: list[dict[str, Json]] = []
    for entity_id in ids:
        document = documents.get(entity_id) or {"_id": entity_id, "_type": entity.name}
        fields: dict[str, Json] = dict(change.attributes)
        for end, mode, links in change.links:
            if not end.through:
                fields[end.name] = _value(library, document, end, mode, links)
        if is_new:
            given = {name: value for name, value in fields.items() if value not in (None, [])}
            mutations.append({"create": {**document, **given}})
        else:
            mutations += _patches(document, fields)
        for end, mode, links in change.links:
            if end.through:
                mutations += _over_there(library, document, end, mode, links, documents)
    return mutations


def unlinking_patches(entity: EntityType, entity_id: str, pointing: Sequence[Document]) -> list[dict[str, Json]]:
    """Return the patches after which `pointing` documents no longer point at an entity that stores no inverse."""
    patches: list[dict[str, Json]] = []
    for end in entity.ends.values():
        for document in pointing if end.field is None else ():
            if document["_type"] == end.target:
                made = remove_patches(document, end.other, entity_id).patches
                patches += [{"patch": {"id": document["_id"], **patch}} for patch in made]
    return patches


# ------------------------------------------------------------------------------------------------------- reading


def _wanted(end: End, value: Json) -> tuple[BulkMode, tuple[Link, ...]]:
    where = f"{end.type}.{end.input_name}"
    if not end.many:
        return "SET", () if value is None else (link_of(end, value),)
    mode: BulkMode = "SET"
    if isinstance(value, Bulk):
        mode, value = value.mode, value.ids
        if mode not in get_args(BulkMode):
            raise BadValueError(f'{where}: the mode is {one_of(get_args(BulkMode))}, not "{mode}"')
    listed = [] if value is None else value
    if isinstance(listed, (str, bytes, Mapping, Entity)) or not isinstance(listed, Sequence):
        raise BadValueError(f"{where} is a list, such as {_example(end)}, not {value!r}")
    links: dict[str, Link] = {}
    for one in listed:
        link = link_of(end, one)
        links.setdefault(link.target, link)
    return mode, tuple(links.values())


def _example(end: End) -> str:
    return f'[{{"{end.member}_id": "…"}}]' if end.is_complex else f'["{end.target}-1"]'


def _checked(entity: EntityType, name: str, value: Json) -> Json:
    kind = entity.attributes[name]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = {"str": isinstance(value, str), "float": is_number, "bool": isinstance(value, bool)}[kind]
    if value is not None and not fits:
        word = {"str": "a text", "float": "a number", "bool": "true or false"}[kind]
        raise BadValueError(f"{entity.class_name}.{name} is {word}, not {value!r}")
    return value


# ------------------------------------------------------------------------------------------------------- writing


def _value(library: Library, document: Document, end: End, mode: BulkMode, links: Sequence[Link]) -> Json:
    """Return the new value of a field; items that stay keep their key, and their place unless the list is set."""
    assert end.field is not None, "what is written is stored"
    if not end.many:
        return {"_type": "reference", "_ref": links[0].target} if links else None
    held = {item.target: item for item in read_items(document, end.field) if item.target is not None}
    named = {link.target: link for link in links}
    if mode == "REMOVE":
        return [item.raw for target, item in held.items() if target not in named]
    kept = list(held) if mode == "ADD" else []
    order = [*kept, *(target for target in named if target not in kept)]
    return [_item(library, end, target, named.get(target), held.get(target)) for target in order]


def _item(library: Library, end: End, target: str, link: Link | None, held: Item | None) -> Json:
    members = dict(link.members) if link is not None else {}
    if held is not None:
        return {**held.raw, **members}
    key = {"_key": item_key(_relation_name(library, end), target)}
    reference = {"_type": "reference", "_ref": target}
    if not end.is_complex:
        return {**key, **reference}
    named = {} if end.field is None or end.field.item_type is None else {"_type": end.field.item_type}
    return {**key, **named, end.member: reference, **members}


def _relation_name(library: Library, end: End) -> str:
    relations = (*library.schema.relations, *library.schema.derived)
    return next(one.name for one in relations if end.field in (one.left, one.right))


def _patches(document: Document, fields: Mapping[str, Json]) -> list[dict[str, Json]]:
    changed = {
        name: value
        for name, value in fields.items()
        if not same_json(document.get(name), value) and not (value == [] and not document.get(name))
    }
    if not changed:
        return []
    patch: dict[str, Json] = {"id": document["_id"], "ifRevisionID": document["_rev"]}
    given = {name: value for name, value in changed.items() if value is not None}
    gone = [name for name, value in changed.items() if value is None]
    return [{"patch": {**patch, **({"set": given} if given else {}), **({"unset": gone} if gone else {})}}]


def _over_there(
    library: Library,
    document: Document,
    end: End,
    mode: BulkMode,
    links: Sequence[Link],
    documents: Mapping[str, Document],
) -> Iterator[dict[str, Json]]:
    """Yield the patches of other entities for links whose metadata stands there."""
    assert end.field is not None, "what is written is stored"
    mine = id_of(document["_id"])
    held = targets_of(document, end.field)
    named = {link.target: link for link in links}
    gone = [one for one in held if (one in named) is (mode == "REMOVE")] if mode != "ADD" else []
    for target in gone:
        if target in documents:
            for patch in remove_patches(documents[target], end.other, mine).patches:
                yield {"patch": {"id": target, **patch}}
    for link in () if mode == "REMOVE" else links:
        made = add_patches(
            documents[link.target],
            end.other,
            {"_type": "reference", "_ref": mine},
            label=_relation_name(library, end),
            item=dict(link.members) or None,
        )
        for patch in made.patches:
            yield {"patch": {"id": link.target, **patch}}
