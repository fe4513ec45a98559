"""Entities in a lake, read and written by type, id and relationship; the generated module gives it typed names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from bidir import Engine
from bidir.errors import DocumentMissing, IntentError, RevisionConflict
from bidir.outcome import Outcome
from bidir.ports import Backend
from bidir.refs import DRAFTS, PUBLISHED, stored_id
from stash_relations.entity import Entity, Found
from stash_relations.errors import BadValueError, StashError, UnknownIdError, UnknownNameError, WrongTypeError
from stash_relations.filters import filtered_end
from stash_relations.inputs import checked_members, id_of
from stash_relations.library import End, EntityType, Library
from stash_relations.reading import PER_PAGE_DEFAULT, linked_query, page_query, pointing_query, rows_of
from stash_relations.writing import BULK_MAX, Change, mutations_for, read_change, unlinking_patches

__all__ = ["ATTEMPTS_MAX", "StashClient"]

Json = Any

ATTEMPTS_MAX: Final = 4
"""Times an update is put together, because others changed the same entity meanwhile."""


class StashClient:
    """Reads and writes the entities of a library. Both sides of a relationship are written in one transaction."""

    classes: ClassVar[Mapping[str, type[Entity]]] = {}
    """The class of each type; a generated client fills it in."""

    def __init__(self, backend: Backend, library: Library | None = None) -> None:
        """Work on a lake."""
        self.library = library if library is not None else Library()
        self.backend = backend
        self.engine = Engine(self.library.schema, backend)

    # -------------------------------------------------------------------------------------------------- reading

    def find_one(self, type_name: str, entity_id: str) -> Entity | None:
        """Return an entity, None if there is none of that type and id."""
        entity = self.library.type(type_name)
        found = self.backend.query(
            "*[_id == $id && _type == $type][0]",
            {"id": id_of(entity_id), "type": entity.name},
            perspective=PUBLISHED,
        )
        return None if found is None else self._entity(found)

    def get(self, type_name: str, entity_id: str) -> Entity:
        """Return an entity.

        Raises: UnknownIdError.
        """
        found = self.find_one(type_name, entity_id)
        if found is None:
            raise _unknown([entity_id], self.library.type(type_name))
        return found

    def find(
        self,
        type_name: str,
        filters: Mapping[str, Json] | None = None,
        *,
        page: int = 1,
        per_page: int = PER_PAGE_DEFAULT,
        sort: str | None = None,
        direction: str | None = None,
    ) -> Found[Any]:
        """Return a page of entities, with the count of all; see `filter_conditions` for filters.

        Raises: UnknownNameError, BadValueError.
        """
        query, params = page_query(
            self.library.type(type_name), filters or {}, page=page, per_page=per_page, sort=sort, direction=direction
        )
        answer = self.backend.query(query, params, perspective=PUBLISHED)
        return Found(answer["count"], tuple(map(self._entity, answer["items"])), page, per_page)

    def linked(self, type_name: str, entity_id: str, name: str) -> list[tuple[Any, dict[str, Json]]]:
        """Return what a relationship holds: entities in its order, each with the metadata of its link.

        Raises: UnknownIdError, UnknownNameError.
        """
        end = self.library.end(type_name, name)
        if end.field is None:
            raise UnknownNameError(f"{type_name}.{name} is the answer to a query; ask by pages: related(…)")
        answer = self.backend.query(linked_query(end), {"id": id_of(entity_id)}, perspective=PUBLISHED)
        if answer is None or answer["there"] != self.library.type(type_name).name:
            raise _unknown([entity_id], self.library.type(type_name))
        return [(self._entity(row), members) for row, members in rows_of(end, entity_id, answer)]

    def related(
        self,
        type_name: str,
        entity_id: str,
        name: str,
        filters: Mapping[str, Json] | None = None,
        *,
        page: int = 1,
        per_page: int = PER_PAGE_DEFAULT,
        sort: str | None = None,
        direction: str | None = None,
    ) -> Found[Any]:
        """Return a page of the entities whose relationship points here, by query.

        Raises: UnknownNameError, BadValueError.
        """
        end = self.library.end(type_name, name)
        if end.inverse is None:
            raise UnknownNameError(f"{type_name}.{name} is held by the entity itself; ask with linked(…)")
        mine = {end.inverse: {"value": [id_of(entity_id)], "modifier": "INCLUDES"}}
        target = self.library.type(end.target)
        clash = [one for one in filters or {} if filtered_end(target, one) == target.ends[end.inverse]]
        if clash:
            raise BadValueError(f'"{clash[0]}" is what is asked for already; leave it out')
        return self.find(
            end.target, {**mine, **(filters or {})}, page=page, per_page=per_page, sort=sort, direction=direction
        )

    # -------------------------------------------------------------------------------------------------- writing

    def create(self, type_name: str, values: Mapping[str, Json], *, entity_id: str | None = None) -> Any:
        """Make an entity with its relationships, in one transaction.

        `values` has attributes, and relationships by the names they are written with (`gallery_ids`).
        Raises: UnknownIdError naming every id that is not there, WrongTypeError, UnknownNameError, BadValueError.
        """
        entity = self.library.type(type_name)
        made = id_of(entity_id) if entity_id is not None else self.backend.generate_id()
        change = read_change(entity, values)
        self._change(entity, [made], change, is_new=True)
        return self.get(entity.name, made)

    def update(self, type_name: str, entity_id: str, values: Mapping[str, Json]) -> Outcome:
        """Change an entity: what is given is set, lists as a whole; what is not given stays.

        Raises: as `create`.
        """
        return self.bulk_update(type_name, [entity_id], values)

    def bulk_update(self, type_name: str, entity_ids: Sequence[str], values: Mapping[str, Json]) -> Outcome:
        """Change many entities in one transaction; a list may be given as `Bulk("ADD", ids)`, "REMOVE" or "SET".

        Raises: as `create`.
        """
        entity = self.library.type(type_name)
        if isinstance(entity_ids, (str, bytes)) or not isinstance(entity_ids, Sequence):
            raise BadValueError(f'a list of ids is wanted, such as ["scene-1", "scene-2"], not {entity_ids!r}')
        ids = list(dict.fromkeys(map(id_of, entity_ids)))
        if len(ids) > BULK_MAX:
            raise BadValueError(f"at most {BULK_MAX} entities are changed at once, not {len(ids)}; do it in parts")
        return self._change(entity, ids, read_change(entity, values), is_new=False)

    def add(
        self, type_name: str, entity_id: str, name: str, target: Entity | str, members: Mapping[str, Json] | None = None
    ) -> Outcome:
        """Add one link to a list, with metadata; one that is there already gets the metadata. One read, one write.

        Raises: UnknownIdError, WrongTypeError, UnknownNameError, BadValueError.
        """
        end = self._writable(type_name, name)
        item = checked_members(end, members or {}) or None
        source, field, other = self._direction(end, id_of(entity_id), id_of(target))
        with _translated(source, other):
            return _done(self.engine.add(source, field, other, item=item, perspective=PUBLISHED))

    def remove(self, type_name: str, entity_id: str, name: str, target: Entity | str) -> Outcome:
        """Take one link out of a list; one that is not there is no error. One read, at most one write.

        Raises: UnknownIdError, UnknownNameError.
        """
        end = self._writable(type_name, name)
        source, field, other = self._direction(end, id_of(entity_id), id_of(target))
        with _translated(source, other):
            return _done(self.engine.remove(source, field, other, perspective=PUBLISHED))

    def destroy(self, type_name: str, entity_id: str) -> Outcome:
        """Delete an entity, and the links to it in the same transaction.

        Raises: UnknownIdError, also for an id of another type.
        """
        entity, group = self.library.type(type_name), id_of(entity_id)
        query, params = pointing_query(entity, group)
        answer = self.backend.query(query, params, perspective=PUBLISHED)
        if not answer["there"]:
            raise _unknown([group], entity)
        patches = unlinking_patches(entity, group, answer["pointing"])
        draft = stored_id(group, DRAFTS)
        with _translated(group, group):
            if not patches:
                return _done(self.engine.delete(group))
            if self.backend.documents([draft])[draft] is None:
                return _done(self.engine.submit([*patches, {"delete": {"id": group}}], perspective=PUBLISHED))
            # Somebody has begun a draft, which the delete of the published document alone would leave.
            _done(self.engine.submit(patches, perspective=PUBLISHED))
            return _done(self.engine.delete(group))

    # ------------------------------------------------------------------------------------------------- internals

    def _change(self, entity: EntityType, ids: Sequence[str], change: Change, *, is_new: bool) -> Outcome:
        for attempt in range(1, ATTEMPTS_MAX + 1):
            documents = self._documents(entity, ids, change, is_new=is_new)
            mutations = mutations_for(self.library, entity, ids, change, documents, is_new=is_new)
            if not mutations:
                return Outcome(reads=1)
            try:
                with _translated(ids[0], ids[0]):
                    return _done(self.engine.submit(mutations, perspective=PUBLISHED))
            except RevisionConflict:
                if attempt == ATTEMPTS_MAX or is_new:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _documents(
        self, entity: EntityType, ids: Sequence[str], change: Change, *, is_new: bool
    ) -> dict[str, Mapping[str, Json]]:
        """Read the entities and everything they shall point at, and check that all of it is there and of its type."""
        wanted = {**dict.fromkeys(ids, entity.name), **change.targets}
        found = self._read(list(wanted))
        missing = [one for one in wanted if one not in found and not (is_new and one in ids)]
        if missing:
            expected = {wanted[one] for one in missing}
            raise _unknown(missing, self.library.type(expected.pop()) if len(expected) == 1 else None)
        for one, type_name in wanted.items():
            if one in found and found[one]["_type"] != type_name:
                raise WrongTypeError(f'"{one}" is a {found[one]["_type"]}; a {type_name} is wanted')
        if is_new and ids[0] in found:
            raise BadValueError(
                f'there is a {entity.name} "{ids[0]}" already; leave the id out and it gets a fresh one'
            )
        # Links that are written on the other side: what is to lose one must be looked at, too.
        held = [one for document in found.values() for one in change.held_through(document) if one not in found]
        return {**found, **(self._read(list(dict.fromkeys(held))) if held else {})}

    def _read(self, ids: Sequence[str]) -> dict[str, Mapping[str, Json]]:
        rows = self.backend.query("*[_id in $ids]", {"ids": list(ids)}, perspective=PUBLISHED)
        return {row["_id"]: row for row in rows}

    def _entity(self, document: Mapping[str, Json]) -> Entity:
        return self.classes.get(str(document["_type"]), Entity)(self, document)

    def _writable(self, type_name: str, name: str) -> End:
        end = self.library.end(type_name, name)
        if end.field is None:
            raise UnknownNameError(
                f"{end.type}.{end.name} is the answer to a query: nothing is written there; change "
                f"{end.target}.{end.inverse} instead"
            )
        return end

    def _direction(self, end: End, entity_id: str, target: str) -> tuple[str, str, str]:
        """Return document, field and target of a link as it is written: on the side where its metadata stands."""
        if end.through:
            return target, end.other.path[0], entity_id
        return entity_id, end.name, target


@contextmanager
def _translated(source: str, target: str) -> Iterator[None]:
    """Say what the engine refuses in the library's words."""
    try:
        yield
    except DocumentMissing as error:
        names = [one for one in dict.fromkeys((source, target)) if one == error.document_id]
        raise UnknownIdError(error.description, names or [target]) from error
    except IntentError as error:
        kind = WrongTypeError if "takes documents of type" in str(error) else BadValueError
        raise kind(str(error)) from error


def _done(outcome: Outcome) -> Outcome:
    """Return the outcome of what took place.

    Raises: StashError for what a policy of the schema refused.
    """
    if outcome.conflicts:
        raise StashError("; ".join(one.text for one in outcome.conflicts))
    return outcome


def _unknown(ids: Sequence[str], entity: EntityType | None) -> UnknownIdError:
    what = entity.name if entity is not None else "entity"
    return UnknownIdError(f"there is no {what} with the id {', '.join(ids)}", ids)
