"""A new codex, put together and checked as far as its template alone can say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.suggest import did_you_mean
from codex_fields.definitions import Template, ValueField
from codex_fields.errors import BadValueError, RequiredFieldError, UnknownFieldError
from codex_fields.links import Link, check_count

__all__ = ["Draft", "draft_codex"]

Json = Any

_TITLED = "value"
"""The text field that gets the title where nothing else is said: what was searched for becomes the text."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A codex about to be made: its document without references, and the links of each reference field."""

    id: str
    template: Template
    document: dict[str, Json]
    links: dict[str, list[Link]]


def draft_codex(
    template: Template, codex_id: str, title: str, fields: Mapping[str, Json], tags: Sequence[str]
) -> Draft:
    """Return the codex that is wanted.

    Raises: UnknownFieldError, BadValueError, RequiredFieldError, TooFewItemsError, TooManyItemsError.
    """
    if not isinstance(title, str):
        raise BadValueError(f"title is a text, not {title!r}")
    if isinstance(tags, str) or not all(isinstance(one, str) for one in tags):
        raise BadValueError(f"tags are a list of texts, not {tags!r}")
    for name in fields:
        if name not in template.field_ids:
            hint = did_you_mean(name, template.field_ids)
            known = ", ".join(template.field_ids)
            raise UnknownFieldError(f'the template "{template.id}" has no field "{name}"; it has {known}.{hint}')
    document: dict[str, Json] = {"_id": codex_id, "_type": template.id, "title": title}
    if tags:
        document["tags"] = list(tags)
    for value in template.values.values():
        given = fields.get(value.id, title if value.id == _TITLED and value.kind == "TEXT" and title else None)
        if given is None or given == "":
            if value.required:
                raise RequiredFieldError(f"{template.id}.{value.id} is required: {value.label} cannot be left empty")
            continue
        document[value.id] = _checked_value(template, value, given)
    links: dict[str, list[Link]] = {}
    for field in template.references.values():
        links[field.id] = [Link.of(one) for one in _listed(fields.get(field.id))]
        targets = [one.target for one in links[field.id]]
        if len(set(targets)) < len(targets):
            raise BadValueError(f"{field.name}: each codex is referenced once")
        check_count(field, len(targets), before=0, where=field.name)
        if len(targets) < field.least:
            check_count(field, len(targets), before=field.least, where=field.name)
    return Draft(codex_id, template, document, links)


def _listed(value: Json) -> list[Json]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _checked_value(template: Template, field: ValueField, value: Json) -> Json:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = {
        "TEXT": isinstance(value, str),
        "NUMBER": is_number and math.isfinite(value),
        "BOOLEAN": isinstance(value, bool),
    }
    if not fits[field.kind]:
        word = {"TEXT": "a text", "NUMBER": "a number", "BOOLEAN": "true or false"}[field.kind]
        raise BadValueError(f"{template.id}.{field.id} is {word}, not {value!r}")
    return value
