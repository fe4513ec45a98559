"""Reads templates from a YAML or JSON file or from data, checked whole: every fault is listed at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

from bidir.errors import SchemaError
from bidir.relations.reading import read_source
from bidir.suggest import did_you_mean, one_of
from codex_fields.definitions import FieldKind, ReferenceField, Template, ValueField
from codex_fields.errors import TemplateError, UnknownFieldError, UnknownTemplateError

__all__ = ["TEMPLATE_FILE", "Templates", "load_templates"]

TEMPLATE_FILE: Final = Path(__file__).parents[1] / "templates.yml"
"""The templates that the demonstration and the tests use."""

_KINDS: Final = get_args(FieldKind)
_OPTIONS: Final[dict[str, tuple[str, type[Any]]]] = {
    "targetTemplate": ("target_template", str),
    "label": ("label", str),
    "required": ("required", bool),
    "allowCreate": ("allow_create", bool),
    "circularCheck": ("circular_check", bool),
    "maxDepth": ("max_depth", int),
    "minItems": ("min_items", int),
    "maxItems": ("max_items", int),
    "allowReorder": ("allow_reorder", bool),
    "inverse": ("inverse", str),
    "relationshipType": ("relationship_type", str),
}
"""Options of reference fields as written, as kept, and what they hold."""
_MANY_ONLY: Final = ("minItems", "maxItems", "allowReorder")
_LEAST: Final = {"maxDepth": 1, "minItems": 0, "maxItems": 1}
_TEMPLATE_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_FIELD_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN: Final = ("title", "tags")
"""What every codex has besides its template's fields."""
_WORDS: Final = {str: "a text", bool: "true or false", int: "a whole number"}


class Templates:
    """Templates by id, fit together: every target is there, and no field is in the way of another's inverse."""

    def __init__(self, templates: Sequence[Template]) -> None:
        """Keep checked templates."""
        self._templates = {one.id: one for one in templates}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, in the order of the file."""
        return tuple(self._templates)

    def __iter__(self) -> Iterator[Template]:
        """Yield the templates."""
        return iter(self._templates.values())

    def template(self, template_id: object) -> Template:
        """Return the template of that id.

        Raises: UnknownTemplateError naming what comes near.
        """
        if isinstance(template_id, str) and template_id in self._templates:
            return self._templates[template_id]
        hint = did_you_mean(template_id, self._templates) if isinstance(template_id, str) else ""
        raise UnknownTemplateError(f'there is no template "{template_id}".{hint} There are {", ".join(self.ids)}')

    def reference_field(self, template_id: str, field_id: object) -> ReferenceField:
        """Return a reference field of a template.

        Raises: UnknownFieldError naming what comes near; UnknownTemplateError.
        """
        template = self.template(template_id)
        if isinstance(field_id, str) and field_id in template.references:
            return template.references[field_id]
        if isinstance(field_id, str) and field_id in template.values:
            raise UnknownFieldError(f"{template_id}.{field_id} holds a value of its own, not a reference")
        known = one_of(template.references, word="and") or "none"
        hint = did_you_mean(field_id, template.references) if isinstance(field_id, str) else ""
        raise UnknownFieldError(
            f'the template "{template_id}" has no reference field "{field_id}"; there is {known}.{hint}'
        )

    def named(self, name: str) -> ReferenceField:
        """Return the reference field written as `character.portrait`.

        Raises: UnknownFieldError, UnknownTemplateError.
        """
        template_id, dot, field_id = name.partition(".") if isinstance(name, str) else ("", "", "")
        if not dot:
            raise UnknownFieldError(f'a field is written template.field, such as "character.portrait", not "{name}"')
        return self.reference_field(template_id, field_id)

    @property
    def reference_fields(self) -> tuple[ReferenceField, ...]:
        """Every reference field of every template."""
        return tuple(field for template in self for field in template.references.values())


def load_templates(source: str | Path | Mapping[str, Any] | Sequence[Any] = TEMPLATE_FILE) -> Templates:
    """Read `[{id, label, fields: […]}, …]`, or the same under the key `templates`.

    Raises: TemplateError listing everything that does not fit.
    """
    try:
        data = read_source(source)
    except SchemaError as error:
        raise TemplateError(str(error)) from error
    problems: list[str] = []
    listed = data.get("templates") if isinstance(data, Mapping) else data
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise TemplateError("templates are a list of objects with id and fields: [{id: character, fields: […]}]")
    templates = [made for body in listed if (made := _template(body, problems)) is not None]
    _check_together(templates, problems)
    if problems:
        raise TemplateError("\n".join(problems))
    return Templates(templates)


def _template(body: Any, problems: list[str]) -> Template | None:
    template_id: Any = body.get("id") if isinstance(body, Mapping) else None
    if not isinstance(template_id, str) or not _TEMPLATE_ID.fullmatch(template_id):
        problems.append(f"a template has an id of letters, digits, - and _, such as character, not {template_id!r}")
        return None
    values: dict[str, ValueField] = {}
    references: dict[str, ReferenceField] = {}
    for written in body.get("fields") or ():
        field_id = written.get("id") if isinstance(written, Mapping) else None
        if not isinstance(field_id, str) or not _FIELD_ID.fullmatch(field_id):
            problems.append(f"{template_id}: a field has an id of letters, digits and _, not {field_id!r}")
        elif field_id in (*values, *references, *_TAKEN):
            problems.append(f'{template_id}.{field_id}: there is a field "{field_id}" already; rename one')
        elif written.get("type") in _KINDS:
            label = written.get("label", field_id)
            values[field_id] = ValueField(field_id, written["type"], str(label), written.get("required") is True)
        elif written.get("type") in ("REFERENCE", "MULTI_REFERENCE"):
            references[field_id] = _reference(template_id, written, problems)
        else:
            kinds = ("REFERENCE", "MULTI_REFERENCE", *_KINDS)
            hint = did_you_mean(str(written.get("type")), kinds)
            problems.append(
                f"{template_id}.{field_id}: type is {one_of(kinds)}, not {written.get('type')!r}.{hint}".rstrip(".")
            )
    label = body.get("label", template_id)
    return Template(template_id, str(label), values, references)


def _reference(template_id: str, written: Mapping[str, Any], problems: list[str]) -> ReferenceField:
    where = f"{template_id}.{written['id']}"
    many = written["type"] == "MULTI_REFERENCE"
    options: dict[str, Any] = {}
    value: Any
    for name, value in written.items():
        if name in ("id", "type"):
            continue
        if name not in _OPTIONS:
            problems.append(f'{where}: unknown option "{name}".{did_you_mean(name, _OPTIONS)}')
        elif name in _MANY_ONLY and not many:
            problems.append(f"{where}: {name} is for MULTI_REFERENCE fields; leave it out")
        elif not _is(value, _OPTIONS[name][1]):
            problems.append(f"{where}: {name} is {_WORDS[_OPTIONS[name][1]]}, not {value!r}")
        elif name in _LEAST and value < _LEAST[name]:
            problems.append(f"{where}: {name} is at least {_LEAST[name]}, not {value}")
        elif name == "inverse" and not _FIELD_ID.fullmatch(value):
            problems.append(f"{where}: inverse is the id of a field of the target, not {value!r}")
        else:
            options[_OPTIONS[name][0]] = value
    if "targetTemplate" not in written:
        problems.append(f"{where}: a reference field needs targetTemplate, the template it may point at")
    options.setdefault("target_template", "")
    options.setdefault("label", written["id"])
    options.setdefault("inverse", f"{written['id']}Of")
    field = ReferenceField(template_id, written["id"], many=many, **options)
    if field.max_items is not None and field.max_items < field.least:
        problems.append(f"{where}: maxItems is {field.max_items}, less than the {field.least} that must be there")
    return field


def _is(value: Any, kind: type[Any]) -> bool:
    """Whether JSON is of a kind; true is no number."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _check_together(templates: Sequence[Template], problems: list[str]) -> None:
    known = {template.id: template for template in templates}
    if len(known) < len(templates):
        ids = [template.id for template in templates]
        twice = dict.fromkeys(one for one in ids if ids.count(one) > 1)
        problems.append(f"the template {one_of(twice, word='and')} is there twice; rename one")
    inverses: dict[tuple[str, str, str], str] = {}
    for template in templates:
        for field in template.references.values():
            target = known.get(field.target_template)
            if target is None:
                if field.target_template:
                    hint = did_you_mean(field.target_template, known)
                    problems.append(f'{field.name}: there is no template "{field.target_template}".{hint}')
                continue
            if field.inverse in (*target.field_ids, *_TAKEN):
                problems.append(
                    f"{field.name}: its inverse {target.id}.{field.inverse} is a field of its own; give it another "
                    "name with inverse: …"
                )
            first = inverses.setdefault((target.id, field.inverse, template.id), field.id)
            if first != field.id:
                problems.append(
                    f"{field.name}: {target.id}.{field.inverse} is the inverse of {template.id}.{first} already; give "
                    "one of them another with inverse: …"
                )
