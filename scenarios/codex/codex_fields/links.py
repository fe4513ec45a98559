"""Links as they are asked for and as they are stored: a reference with strength and metadata beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.origin import item_key
from bidir.refs import PUBLISHED, group_of, raw_items, read_items, same_json, value_at
from bidir.relations import Field
from codex_fields.definitions import ReferenceField
from codex_fields.errors import BadValueError, RequiredFieldError, TooFewItemsError, TooManyItemsError
from codex_fields.lake_schema import LINK_MEMBER
from codex_fields.relationships import STRENGTH_DEFAULT

__all__ = ["Link", "check_count", "held_links", "stored_links", "stored_value"]

Json = Any
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """A wish to point at `target`."""

    target: str
    strength: float = STRENGTH_DEFAULT
    metadata: Mapping[str, Json] | None = None

    @classmethod
    def of(cls, value: object) -> Link:
        """Return a link, or the id of a target, as a link.

        Raises: BadValueError for anything else, for a strength that is no number and metadata that is no object.
        """
        link = value if isinstance(value, Link) else cls(value) if isinstance(value, str) else None
        if link is None or not isinstance(link.target, str) or not link.target:
            raise BadValueError(f'a reference is given by the id of its target, such as "string-001", not {value!r}')
        if isinstance(link.strength, bool) or not isinstance(link.strength, (int, float)):
            raise BadValueError(f"strength is a number, {STRENGTH_DEFAULT} by default, not {link.strength!r}")
        if not math.isfinite(link.strength):
            raise BadValueError(f"strength is a finite number, not {link.strength!r}")
        if link.metadata is not None and not isinstance(link.metadata, Mapping):
            raise BadValueError(f"metadata is an object, such as {{'role': 'lead'}}, not {link.metadata!r}")
        return cls(group_of(link.target), link.strength, link.metadata)


def held_links(document: Document, field: ReferenceField, end: Field) -> list[tuple[str, Mapping[str, Json]]]:
    """Return the links a document holds in a field as stored, each with the id it points at, each target once."""
    held: dict[str, Mapping[str, Json]] = {}
    for item in read_items(document, end):
        link = item.raw if field.many else value_at(document, (field.id,))
        if item.target is not None and isinstance(link, Mapping):
            held.setdefault(item.target, link)
    return list(held.items())


def stored_links(
    links: Sequence[Link],
    held: Iterable[tuple[str, Mapping[str, Json]]],
    field: ReferenceField,
    end: Field,
    *,
    now: str,
    layer: str,
    public: frozenset[str],
) -> list[dict[str, Json]]:
    """Return links as they are stored; one that is `held` keeps its key and the time it was made.

    `public` are the targets that are published: in another layer the others are pointed at weakly, as the Studio does.
    """
    known = dict(held)
    out: list[dict[str, Json]] = []
    for link in links:
        before = known.get(link.target)
        fresh = {"strength": link.strength, "metadata": None if link.metadata is None else dict(link.metadata)}
        if before is not None and same_json({name: before.get(name) for name in fresh}, fresh):
            out.append(dict(before))
            continue
        reference: dict[str, Json] = {"_type": "reference", "_ref": link.target}
        if layer != PUBLISHED and link.target not in public:
            reference |= {"_weak": True, "_strengthenOnPublish": {"type": field.target_template}}
        stored: dict[str, Json] = dict(before or {})
        if field.many:
            stored.setdefault("_key", item_key(field.name, link.target))
        stored |= {LINK_MEMBER: reference, "strength": link.strength, "updatedAt": now}
        stored.setdefault("createdAt", now)
        stored.pop("metadata", None)
        if link.metadata is not None:
            stored["metadata"] = dict(link.metadata)
        out.append(stored)
    return out


def stored_value(
    document: Document | None, stored: Sequence[Mapping[str, Json]], field: ReferenceField, end: Field
) -> Json:
    """Return the field's new value: the links, and for lists what else stands there; None where it is to be unset."""
    if not field.many:
        return dict(stored[0]) if stored else None
    others = [item.raw for item in (read_items(document, end) if document is not None else []) if item.target is None]
    return [*stored, *others] if stored or others or (document is not None and raw_items(document, end)) else None


def check_count(field: ReferenceField, count: int, *, before: int, where: str) -> None:
    """Check how many references a field would hold after an edit; one that makes it better passes.

    `where` names the field of the codex, for the message.
    Raises: RequiredFieldError, TooFewItemsError, TooManyItemsError.
    """
    most = field.max_items if field.many else 1
    if most is not None and count > most and count > before:
        raise TooManyItemsError(f"{where} takes at most {_counted(most)}, and there would be {count}")
    if count >= field.least or count > before:
        return
    if count == 0 and field.required:
        raise RequiredFieldError(f"{where} is required: {field.label} cannot be left empty; choose another instead")
    raise TooFewItemsError(f"{where} needs at least {_counted(field.least)}, and there would be {count}")


def _counted(number: int) -> str:
    return f"{number} reference" + ("" if number == 1 else "s")
