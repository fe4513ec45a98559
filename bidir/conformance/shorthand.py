"""`book.author <-> author.books[]`: the short way to declare relations, turned into Sanity's schema form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["End", "ShorthandError", "parse_between", "schema_from_relations"]

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_END = re.compile(rf"({_NAME})\.({_NAME}(?:\.{_NAME})*)(\[\])?((?:\.{_NAME})*)")
_EXAMPLE = '"book.author <-> author.books[]" or "film.credits[].person <-> person.films[]"'


class ShorthandError(ValueError):
    """A relation that is not in the short form; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a shorthand relation: type, path to the field, whether it is an array, path inside an item."""

    type: str
    path: tuple[str, ...]
    many: bool
    member: tuple[str, ...]

    @property
    def target_field(self) -> str:
        """The end as `targetField` names it."""
        return ".".join((*self.path, *self.member))


def parse_between(text: str) -> tuple[End, End]:
    """Parse `left <-> right`.

    Raises: ShorthandError naming the text and an example.
    """
    ends = [part.strip() for part in re.split(r"<->|⇄", text)]
    if len(ends) != 2:
        raise ShorthandError(f'a relation has two ends with "<->" between them, not "{text}"; write {_EXAMPLE}')
    left, right = (_parse_end(end, text) for end in ends)
    return left, right


def _parse_end(end: str, text: str) -> End:
    match = _END.fullmatch(end)
    if match is None or (match.group(4) and not match.group(3)):
        raise ShorthandError(f'"{end}" in "{text}" is no end of a relation; write type.field as in {_EXAMPLE}')
    document_type, path, brackets, member = match.groups()
    return End(document_type, tuple(path.split(".")), brackets is not None, tuple(member.split(".")[1:]))


@dataclass(slots=True)
class _Use:
    """A field as the relations that name it want it: allowed types, and the declaration if it carries one."""

    end: End
    to: list[str] = field(default_factory=list)
    declaration: dict[str, Any] | None = None


def schema_from_relations(
    relations: Sequence[str | Mapping[str, Any]], *, live_edit: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return Sanity's schema form for shorthand relations; each is declared at its left end.

    Shape: an item is the text, or a mapping with `between` and any options of `bidirectional`.
    Raises: ShorthandError for a text that is not in the form, or two that disagree about a field.
    """
    uses: dict[tuple[str, tuple[str, ...], tuple[str, ...]], _Use] = {}

    def use(end: End, other: str) -> _Use:
        found = uses.setdefault((end.type, end.path, end.member), _Use(end))
        if found.end.many != end.many:
            raise ShorthandError(f"{end.type}.{end.target_field} is an array in one relation and single in another")
        if other not in found.to:
            found.to.append(other)
        return found

    for item in relations:
        options = {} if isinstance(item, str) else {key: value for key, value in item.items() if key != "between"}
        left, right = parse_between(item if isinstance(item, str) else item["between"])
        declared = use(left, right.type)
        use(right, left.type)
        if declared.declaration is not None and declared.declaration["targetField"] != right.target_field:
            raise ShorthandError(
                f"{left.type}.{left.target_field} is declared towards two fields; write the relation out in a schema"
            )
        declared.declaration = {"targetField": right.target_field, **options}
    return _types(list(uses.values()), frozenset(live_edit))


def _types(uses: list[_Use], live_edit: frozenset[str]) -> list[dict[str, Any]]:
    types: dict[str, dict[str, Any]] = {}
    names = dict.fromkeys([use.end.type for use in uses] + [target for use in uses for target in use.to])
    for name in names:
        types[name] = {"name": name, "type": "document", "fields": []}
        if name in live_edit:
            types[name]["liveEdit"] = True
    unknown = sorted(live_edit - set(names))
    if unknown:
        raise ShorthandError(f'`live_edit` names "{unknown[0]}", which is in no relation')
    for one in uses:
        _place(types[one.end.type]["fields"], one.end.path, _field_of(one))
    return list(types.values())


def _field_of(use: _Use) -> dict[str, Any]:
    """Return the field at the end of `path`: a reference, an array of them, or an array of objects with one inside."""
    reference: dict[str, Any] = {"type": "reference", "to": [{"type": name} for name in use.to]}
    declaration = {} if use.declaration is None else {"bidirectional": use.declaration}
    name = use.end.path[-1]
    if not use.end.many:
        return {"name": name, **reference, **declaration}
    if not use.end.member:
        return {"name": name, "type": "array", "of": [reference], **declaration}
    fields: list[dict[str, Any]] = []
    _place(fields, use.end.member, {"name": use.end.member[-1], **reference, **declaration})
    return {"name": name, "type": "array", "of": [{"type": "object", "fields": fields}]}


def _place(fields: list[dict[str, Any]], path: tuple[str, ...], leaf: dict[str, Any]) -> None:
    """Put `leaf` at `path`, making the objects on the way."""
    for name in path[:-1]:
        inside = next((item for item in fields if item["name"] == name), None)
        if inside is None:
            inside = {"name": name, "type": "object", "fields": []}
            fields.append(inside)
        fields = inside["fields"]
    fields.append(leaf)
