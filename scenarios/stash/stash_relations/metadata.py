"""What one must know of a relationship to read and write it, generated from the schema, so that nobody writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from stash_relations.errors import BadValueError, MetadataError
from stash_relations.inputs import complex_input, id_of
from stash_relations.library import End, EntityType, Library, Strategy
from stash_relations.naming import plural

__all__ = ["RelationshipMetadata", "check_relationships", "read_relationships", "relationship_metadata"]

OldForm = tuple[str, bool, Callable[[Any], Any] | None]


@dataclass(frozen=True, slots=True)
class RelationshipMetadata:
    """How a relationship is written, read, and read from the other side.

    `target_field`: its name in what one writes. `transform`: makes what one may give into what is written.
    `query_field`: its name on the entity. `inverse_type`, `inverse_query_field`: class and field of the other side, the
    field None where the other side is asked for by a query, which `filter_query_hint` shows.
    """

    target_field: str
    is_list: bool
    transform: Callable[[Any], Any] | None = None
    query_field: str | None = None
    inverse_type: str | None = None
    inverse_query_field: str | None = None
    query_strategy: Strategy = "direct_field"
    filter_query_hint: str | None = None
    auto_sync: bool = True
    notes: str = ""


def relationship_metadata(library: Library) -> dict[str, dict[str, RelationshipMetadata]]:
    """Return the metadata of every relationship that can be written, by class and name."""
    return {
        entity.class_name: {end.name: _generated(library, entity, end) for end in entity.inputs.values()}
        for entity in library
    }


def read_relationships(
    library: Library, type_name: str, written: Mapping[str, RelationshipMetadata | OldForm]
) -> dict[str, RelationshipMetadata]:
    """Return metadata written by hand, in either form, completed from the schema where it says nothing.

    The older form is `(target_field, is_list, transform)`.
    Raises: UnknownNameError for a relationship that is not there; BadValueError for what has neither form;
    MetadataError listing everything that the schema does not bear out.
    """
    entity = library.type(type_name)
    out: dict[str, RelationshipMetadata] = {}
    for name, value in written.items():
        end = library.end(entity.name, name)
        generated = _generated(library, entity, end)
        given = _in_new_form(f"{entity.class_name}.{name}", value)
        said = {one.name: getattr(given, one.name) for one in fields(given)}
        defaults = {one.name: one.default for one in fields(given)}
        filled = {
            key: getattr(generated, key)
            if one is None or (key in ("query_strategy", "notes") and one == defaults[key])
            else one
            for key, one in said.items()
        }
        out[name] = RelationshipMetadata(**cast(Any, filled))
    problems = check_relationships(library, entity.name, out)
    if problems:
        raise MetadataError("\n".join(problems))
    return out


def check_relationships(
    library: Library, type_name: str, written: Mapping[str, RelationshipMetadata | OldForm]
) -> list[str]:
    """Return where metadata written by hand differs from the schema; transforms and notes are the writer's own.

    Raises: UnknownNameError, BadValueError.
    """
    entity = library.type(type_name)
    out: list[str] = []
    for name, value in written.items():
        where = f"{entity.class_name}.{name}"
        generated = _generated(library, entity, library.end(entity.name, name))
        given = _in_new_form(where, value)
        compared = ["target_field", "is_list"]
        if not isinstance(value, tuple):
            compared += ["query_field", "inverse_type", "inverse_query_field", "query_strategy", "auto_sync"]
        for key in compared:
            is_said, is_so = getattr(given, key), getattr(generated, key)
            if is_said != is_so and not (key == "query_field" and is_said is None):
                out.append(f"{where}: {key} is {is_so!r} by the schema, not {is_said!r}")
    return out


def _generated(library: Library, entity: EntityType, end: End) -> RelationshipMetadata:
    target = library.type(end.target)
    hint = None
    notes = f"Both {entity.name}.{end.name} and {end.target}.{end.inverse} are kept in step"
    if end.inverse is None:
        derived = next(one for one in target.ends.values() if one.field is None and one.other == end.field)
        hint = (
            f'find_{plural(entity.name)}({entity.name}_filter={{"{plural(end.name)}": '
            f'{{"value": [{end.target}_id], "modifier": "INCLUDES"}}}})'
        )
        notes = f"{target.class_name} stores nothing: get_{derived.name}() asks for pages, with a count"
    elif end.members:
        side = f"{end.target}.{end.inverse}" if end.through else f"{entity.name}.{end.name}"
        notes += f"; {', '.join(end.members)} stands in {side}"
    return RelationshipMetadata(
        target_field=end.input_name,
        is_list=end.many,
        transform=(lambda value: complex_input(end, value)) if end.is_complex else id_of,
        query_field=end.name,
        inverse_type=target.class_name,
        inverse_query_field=end.inverse,
        query_strategy=end.strategy,
        filter_query_hint=hint,
        notes=notes,
    )


def _in_new_form(where: str, value: object) -> RelationshipMetadata:
    if isinstance(value, RelationshipMetadata):
        return value
    if isinstance(value, tuple) and len(value) == 3:
        target_field, is_list, transform = value
        if isinstance(target_field, str) and isinstance(is_list, bool) and (transform is None or callable(transform)):
            return RelationshipMetadata(target_field, is_list, transform)
    raise BadValueError(
        f"{where}: metadata is a RelationshipMetadata or, in the older form, (target_field, is_list, transform), such "
        f'as ("gallery_ids", True, None); not {value!r}'
    )
