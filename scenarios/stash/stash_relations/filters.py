"""Filters as the library's clients write them, `{"studios": {"value": […], "modifier": "INCLUDES"}}`, as GROQ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bidir.lookups.text import attribute, references_in
from bidir.suggest import did_you_mean, one_of
from stash_relations.errors import BadValueError, UnknownNameError
from stash_relations.inputs import id_of
from stash_relations.library import End, EntityType
from stash_relations.naming import plural

__all__ = ["filter_conditions", "filtered_end"]

Json = Any

_COMPARED: Final = {
    "EQUALS": "{0} == {1}",
    "NOT_EQUALS": "{0} != {1}",
    "GREATER_THAN": "{0} > {1}",
    "LESS_THAN": "{0} < {1}",
    "BETWEEN": "{0} in {1}[0]..{1}[1]",
    "MATCHES": "{0} match {1}",
    "IS_NULL": "!defined({0})",
    "NOT_NULL": "defined({0})",
}
"""Modifiers of attributes; {0} is the attribute, {1} the value."""
_LINKED: Final = {
    "INCLUDES": "references({1}) && count(({0})[@ in {1}]) > 0",
    "INCLUDES_ALL": "count(({0})[@ in {1}]) == count({1})",
    "EXCLUDES": "count(({0})[@ in {1}]) == 0",
    "IS_NULL": "count({0}) == 0",
    "NOT_NULL": "count({0}) > 0",
}
"""Modifiers of relationships; {0} are the ids pointed at, {1} the wanted ones; a lake has an index for `references`."""
_UNVALUED: Final = ("IS_NULL", "NOT_NULL")


def filter_conditions(entity: EntityType, filters: Mapping[str, Json]) -> tuple[list[str], dict[str, Json]]:
    """Return the conditions for filters by name, and their parameters.

    An attribute is compared (EQUALS if no modifier is given), a relationship looked into (INCLUDES); it is named as it
    is read, written, or in the plural. A plain value stands for `{"value": it}`.
    Raises: UnknownNameError naming what comes near; BadValueError for a modifier or value that does not fit.
    """
    ends = _spelled(entity)
    conditions: list[str] = []
    params: dict[str, Json] = {}
    for name, given in filters.items():
        if name not in ends and name not in entity.attributes:
            known = [*entity.attributes, *dict.fromkeys(plural(one) for one in entity.ends)]
            hint = did_you_mean(name, [*known, *ends])
            raise UnknownNameError(
                f'{entity.class_name} has no filter "{name}"; there is {one_of(known, word="and")}.{hint}'
            )
        value, modifier = _taken_apart(name, given)
        modifiers = _LINKED if name in ends else _COMPARED
        modifier = modifier or ("INCLUDES" if name in ends else "EQUALS")
        if modifier not in modifiers:
            hint = did_you_mean(str(modifier), modifiers)
            raise BadValueError(f'{name}: there is no modifier "{modifier}" for it; {one_of(modifiers)}.{hint}')
        parameter = f"p{len(params)}"
        if name in ends:
            place = _targets(ends[name])
            checked = None if modifier in _UNVALUED else _ids(name, value)
        else:
            place, checked = attribute([name]), _checked(name, modifier, value)
        conditions.append(modifiers[modifier].format(place, f"${parameter}"))
        params[parameter] = checked
    return conditions, params


def filtered_end(entity: EntityType, name: str) -> End | None:
    """Return the relationship that a filter's name means, None if it means none."""
    return _spelled(entity).get(name)


def _spelled(entity: EntityType) -> dict[str, End]:
    """Return the relationships by every name that a filter may use; those that are derived are asked from there."""
    stored = [end for end in entity.ends.values() if end.field is not None]
    return {name: end for end in stored for name in (plural(end.name), end.input_name, end.name)}


def _targets(end: End) -> str:
    assert end.field is not None, "only stored relationships are filtered by"
    place = references_in(end.field)
    return f"coalesce({place}, [])" if end.many else f"[{place}][defined(@)]"


def _taken_apart(name: str, given: Json) -> tuple[Json, str | None]:
    if not isinstance(given, Mapping):
        return given, None
    unknown = [one for one in given if one not in ("value", "modifier")]
    if unknown:
        raise BadValueError(f'{name}: a filter is {{"value": …, "modifier": …}}; it has no "{unknown[0]}"')
    return given.get("value"), given.get("modifier")


def _ids(name: str, value: Json) -> list[str]:
    if value is None:
        raise BadValueError(f'{name}: a filter by a relationship needs "value", a list of ids')
    return [id_of(one) for one in (value if isinstance(value, (list, tuple)) else [value])]


def _checked(name: str, modifier: str, value: Json) -> Json:
    if modifier in _UNVALUED:
        return None
    if modifier == "BETWEEN":
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise BadValueError(f"{name}: BETWEEN takes two values, such as [1, 5], not {value!r}")
        return list(value)
    if value is None or isinstance(value, (list, tuple, Mapping)):
        raise BadValueError(f"{name}: {modifier} takes one value, not {value!r}")
    return value
