"""The references of many documents at once: what each relation field points at, in one request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bidir.errors import IntentError
from bidir.lookups.naming import checked_id, field_key, relation_named
from bidir.lookups.question import Question, checked_perspective
from bidir.lookups.text import after_dot, attribute, preview, references_in
from bidir.refs import read_items
from bidir.relations import Field, Relation, Schema

__all__ = ["REFERENCES_MAX", "loaded_references", "references_question"]

Json = Any

REFERENCES_MAX = 1_000
"""Documents whose references are loaded in one request."""

PREVIEW_NAMES = ("_id", "_type", "_updatedAt", "title")


def references_question(
    schema: Schema, groups: Sequence[str], *, relation: str | Relation | None, previews: bool, perspective: str
) -> Question:
    """Return the question for the references of the documents `groups`; see `Engine.references`.

    Raises: IntentError for an unknown relation or perspective.
    """
    fields = relation_fields(schema, relation)
    names = dict.fromkeys(field.path[0] for field in fields)
    wanted = ", ".join(["_id", "_type", *(_attribute_alone(name) for name in names)])
    documents = f"*[_id in $ids]{{{wanted}}}"
    types = {field.type for field in fields}
    if not previews:
        groq = f'{{"documents": {documents}}}'
    else:
        targets = list(dict.fromkeys(name for field in fields for name in field.to))
        types |= {*targets}
        places = (references_in(field) for field in fields)
        pointed = ", ".join(dict.fromkeys(f"...documents[]{after_dot(place)}" for place in places))
        groq = (
            f'{{"documents": {documents}}}{{documents, "pointed": [{pointed}]}}'
            f'{{documents, "targets": *[_id in ^.pointed]{preview(schema, targets)}}}'
        )
    return Question(groq, {"ids": list(groups)}, checked_perspective(perspective), frozenset(types))


def checked_ids(ids: object) -> list[str]:
    """Return the published ids meant, each once, in order.

    Raises: IntentError for anything but a list of ids, or more of them than one request takes.
    """
    if isinstance(ids, (str, bytes, Mapping)) or not isinstance(ids, Iterable):
        raise IntentError(f'references takes a list of document ids, such as ["b1", "b2"], not {ids!r}')
    groups = list(dict.fromkeys(checked_id(one, "a document") for one in ids))
    if len(groups) > REFERENCES_MAX:
        raise IntentError(
            f"references loads at most {REFERENCES_MAX} documents in one request, not {len(groups)}; ask in parts"
        )
    return groups


def loaded_references(
    schema: Schema,
    groups: Sequence[str],
    answer: Mapping[str, Json],
    *,
    relation: str | Relation | None,
    previews: bool,
) -> dict[str, dict[str, list[Json]]]:
    """Return `{id: {field: [target, …]}}` from the answer; see `Engine.references`."""
    documents = {document["_id"]: document for document in answer["documents"]}
    shown = {target["_id"]: target for target in answer.get("targets") or ()}
    wanted = relation_fields(schema, relation)
    out: dict[str, dict[str, list[Json]]] = {group: {} for group in groups}
    for group in groups:
        document = documents.get(group)
        for field in wanted if document is not None else ():
            if document is not None and document["_type"] == field.type:
                found = out[group].setdefault(field_key(field), [])
                found += [one for one in _targets(document, field, shown, previews=previews) if one not in found]
    return out


def relation_fields(schema: Schema, relation: str | Relation | None) -> list[Field]:
    """Return the stored fields of a relation, of all of them by default; derived ends are no references.

    Raises: IntentError for an unknown relation.
    """
    if relation is None:
        return [field for declared in schema.types.values() for field in declared.fields]
    found = relation_named(schema, relation)
    ends = [found.left] if found in schema.derived else [found.left, found.right]
    return list(dict.fromkeys(ends))


def _attribute_alone(name: str) -> str:
    expression = attribute([name])
    return expression if expression == name else f'"{name}": {expression}'


def _targets(document: Mapping[str, Json], field: Field, shown: Mapping[str, Json], *, previews: bool) -> list[Json]:
    out: list[Json] = []
    seen: set[str] = set()
    for item in read_items(document, field):
        if item.target is None or item.target in seen:
            continue
        seen.add(item.target)
        if not previews:
            out.append(item.target)
            continue
        known = shown.get(item.target, {})
        row = {name: known.get(name) for name in PREVIEW_NAMES} | {"_id": item.target}
        strength = "weak" if (item.reference or {}).get("_weak") is True else "strong"
        out.append({**row, "strength": strength, "item": item.raw})
    return out
