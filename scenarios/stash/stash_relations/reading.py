"""Questions: one entity, pages of them, and what a relationship of one holds; each is one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bidir.errors import IntentError
from bidir.lookups.paging import ordering, page_bounds
from bidir.lookups.text import attribute
from bidir.suggest import did_you_mean
from stash_relations.errors import BadValueError, UnknownNameError
from stash_relations.filters import filter_conditions
from stash_relations.library import End, EntityType

__all__ = ["PER_PAGE_DEFAULT", "PER_PAGE_MAX", "linked_query", "page_query", "pointing_query", "rows_of"]

Json = Any

PER_PAGE_DEFAULT: Final = 40
PER_PAGE_MAX: Final = 1_000
_DIRECTIONS: Final = ("ASC", "DESC")


def page_query(
    entity: EntityType,
    filters: Mapping[str, Json],
    *,
    page: int,
    per_page: int,
    sort: str | None,
    direction: str | None,
) -> tuple[str, dict[str, Json]]:
    """Return the query for a page, and its parameters; the answer has `count` and `items`.

    Raises: UnknownNameError, BadValueError for filters, a page, an order or a direction that cannot be meant.
    """
    conditions, params = filter_conditions(entity, filters)
    default_sort, default_direction = entity.sort
    way = str(direction or (default_direction if sort is None else "ASC")).upper()
    if way not in _DIRECTIONS:
        raise BadValueError(f'direction is "ASC" or "DESC", not {direction!r}')
    key = sort if sort is not None else default_sort
    if key not in (*entity.attributes, "_createdAt", "_updatedAt", "_id"):
        hint = did_you_mean(str(key), entity.attributes)
        raise UnknownNameError(f'{entity.class_name} is not sorted by "{key}"; {", ".join(entity.attributes)}.{hint}')
    try:
        first, end = page_bounds(page, per_page)
        order = ordering(f"{key} {way.lower()}", entity.attributes, entity.name)
    except IntentError as error:
        raise BadValueError(str(error).replace("page_size", "per_page")) from error
    found = f"*[{' && '.join(['_type == $type', *conditions])}]"
    query = f'{{"count": count({found}), "items": {found} | order({order})[{first}...{end}]}}'
    return query, {"type": entity.name, **params}


def linked_query(end: End) -> str:
    """Return the query for what one relationship of the entity `$id` holds; the answer has `there` and `rows`."""
    assert end.field is not None, "what is derived is asked for by pages"
    place = attribute(end.field.path)
    if not end.many:
        rows = f'[{{"target": {place}->}}]'
    elif end.is_complex:
        rows = f'{place}[]{{"target": {end.member}->, "item": @}}'
    else:
        rows = f'{place}[]{{"target": @->}}'
    return f'*[_id == $id][0]{{"there": _type, "rows": {rows}}}'


def pointing_query(entity: EntityType, entity_id: str) -> tuple[str, dict[str, Json]]:
    """Return the query for whether an entity is `there`, and what is `pointing` at it where it stores nothing itself.

    Those are the links that no field of the entity tells of.
    """
    types = [end.target for end in entity.ends.values() if end.field is None]
    query = '{"there": defined(*[_id == $id && _type == $type][0]), "pointing": *[_type in $types && references($id)]}'
    return query, {"id": entity_id, "type": entity.name, "types": types}


def rows_of(end: End, entity_id: str, answer: Mapping[str, Json]) -> list[tuple[Mapping[str, Json], dict[str, Json]]]:
    """Return the targets that are there, each with the metadata of its link; where it stands on the other side, too."""
    out: list[tuple[Mapping[str, Json], dict[str, Json]]] = []
    for row in answer["rows"] or ():
        target = row["target"]
        if target is None or any(target["_id"] == known["_id"] for known, _ in out):
            continue
        item = _item_over_there(end, entity_id, target) if end.through else row.get("item") or {}
        out.append((target, {name: item.get(name) for name in end.members}))
    return out


def _item_over_there(end: End, entity_id: str, target: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the other side's item for this link, which holds the metadata; nothing if it is not there."""
    items: Sequence[Mapping[str, Json]] = target.get(end.other.path[0]) or ()
    member = end.other.member[0]
    return next((one for one in items if (one.get(member) or {}).get("_ref") == entity_id), {})
