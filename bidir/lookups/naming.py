"""Which field or relation a caller means by a name."""

from __future__ import annotations

from collections.abc import Sequence

from bidir.errors import IntentError
from bidir.refs import group_of
from bidir.relations import Field, Relation, Schema
from bidir.suggest import did_you_mean, one_of

__all__ = ["checked_id", "end_named", "field_key", "fields_named", "relation_named"]


def checked_id(document_id: object, word: str) -> str:
    """Return the published id of `document_id`; `word` says in a message what it is for.

    Raises: IntentError for anything but a text that is not empty.
    """
    if not isinstance(document_id, str) or not document_id:
        raise IntentError(f'{word} is given by its id, a text such as "b1", not {document_id!r}')
    return group_of(document_id)


def field_key(field: Field) -> str:
    """Return the field's name without its type: `author`, `profile.currentBook`, `credits[].person`."""
    return field.name.removeprefix(f"{field.type}.")


def fields_named(schema: Schema, type_name: str, name: object) -> Sequence[Field]:
    """Return the relation fields of a document type that `name` may mean, at least one.

    `name` is the field's path as in the schema (`author`, `profile.currentBook`, `credits`), with or without the place
    in its items (`credits[].person`, `credits.person`) and with or without the type in front. Several fields answer
    where items of several types stand in one array.
    Raises: IntentError naming what comes near.
    """
    if not isinstance(name, str) or not name:
        raise IntentError(f'a field is given by its name, a text such as "author", not {name!r}')
    declared = schema.types.get(type_name)
    if declared is None:
        hint = did_you_mean(type_name, schema.types)
        raise IntentError(f'the schema has no document type "{type_name}", so it has no field "{name}".{hint}')
    wanted = name.removeprefix(f"{type_name}.").replace("[]", "")
    found = [field for field in declared.fields if wanted in _spellings(field)]
    if found:
        return found
    for relation in schema.derived:
        if relation.right.type == type_name and wanted == ".".join(relation.right.path):
            raise IntentError(
                f"{relation.right.name} is derived: nothing is stored there; change {relation.left.name} instead, "
                f"the {relation.left.type} comes first and this document is its target"
            )
    known = [field_key(field) for field in declared.fields]
    rest = f"its relation fields are {one_of(known, word='and')}" if known else "it has no relation fields"
    if wanted in declared.attributes:
        raise IntentError(f"{type_name}.{wanted} takes part in no relation; of {type_name}, {rest}")
    hint = did_you_mean(wanted, {spelling for field in declared.fields for spelling in _spellings(field)})
    raise IntentError(f'the type "{type_name}" has no relation field "{name}"; {rest}.{hint}')


def _spellings(field: Field) -> set[str]:
    """Return the dotted forms that mean `field`, without `[]`."""
    return {".".join(field.path), ".".join((*field.path, *field.member))}


def end_named(schema: Schema, wanted: str | Relation | Field) -> tuple[Field, tuple[str, ...]]:
    """Return the field to choose for, and the document types it may point at.

    A relation means its declaring end, towards that relation's own target type; a field, or its full name such as
    "author.books", all the types it may point at.
    Raises: IntentError naming what comes near.
    """
    if isinstance(wanted, Field):
        return wanted, wanted.to
    if isinstance(wanted, Relation):
        return wanted.left, (wanted.right.type,)
    if not isinstance(wanted, str) or not wanted:
        raise IntentError(f'a field is given by type and name, such as "book.author", not {wanted!r}')
    type_name, dot, _ = wanted.partition(".")
    if dot and type_name in schema.types:
        named = [
            relation for relation in _relations(schema) if relation.name == wanted and relation.left.name != wanted
        ]
        if named:
            return end_named(schema, named[0])
        ends = fields_named(schema, type_name, wanted)
        return ends[0], tuple(dict.fromkeys(name for end in ends for name in end.to))
    return end_named(schema, relation_named(schema, wanted))


def relation_named(schema: Schema, wanted: str | Relation) -> Relation:
    """Return the relation meant: by its name, or by that of one of its ends, a derived one included.

    Raises: IntentError naming what comes near, or the relations of an end that has several.
    """
    if isinstance(wanted, Relation):
        return wanted
    if not isinstance(wanted, str) or not wanted:
        raise IntentError(f'a relation is given by its name, such as "book.author", not {wanted!r}')
    spelled: dict[str, list[Relation]] = {}
    for relation in _relations(schema):
        if relation.name == wanted:
            return relation
        for end in dict.fromkeys((relation.left, relation.right)):
            for spelling in _spellings(end):
                spelled.setdefault(f"{end.type}.{spelling}", []).append(relation)
    found = spelled.get(wanted.replace("[]", ""), [])
    if len(found) == 1:
        return found[0]
    names = [relation.name for relation in _relations(schema)]
    if found:
        several = one_of((relation.name for relation in found), word="and")
        raise IntentError(f'"{wanted}" is an end of several relations, {several}; name one of them')
    hint = did_you_mean(wanted, [*names, *spelled])
    rest = hint or (f" There are: {', '.join(names)}." if names else " The schema has none.")
    raise IntentError(f'no relation is called "{wanted}".{rest}')


def _relations(schema: Schema) -> Sequence[Relation]:
    return (*schema.relations, *schema.derived)
