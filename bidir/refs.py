"""Groups, layers and stored ids; reference items inside documents, read and written without touching anything else.

A *group* is the published id that all versions of a document share; a *layer* is `published`, `drafts` or the name of
a release. Documents are plain JSON and never changed in place: every writer returns a new document that shares the
unchanged branches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

__all__ = [
    "DRAFTS",
    "PUBLISHED",
    "RELEASES",
    "SYSTEM_FIELDS",
    "FieldLike",
    "Item",
    "bare",
    "group_of",
    "in_release",
    "layer_of",
    "raw_items",
    "read_items",
    "replace_items",
    "revision_rank",
    "same_json",
    "set_single",
    "states",
    "stored_id",
    "targets_of",
    "value_at",
    "with_value_at",
]

Json = Any
Document = Mapping[str, Any]

PUBLISHED = "published"
DRAFTS = "drafts"
RELEASES = "_.releases."
"""What the ids of release documents begin with."""
_DRAFT_PREFIX = "drafts."
_VERSION_PREFIX = "versions."

SYSTEM_FIELDS = frozenset({"_id", "_rev", "_createdAt", "_updatedAt", "_originalId", "_system"})
"""What two versions of one document may differ in and still say the same."""

Fault = Literal["draft-id", "unkeyed", "unsupported", "malformed"]


class FieldLike(Protocol):
    """The part of a relation end that says where its references stand (see `bidir.relations.Field`)."""

    @property
    def path(self) -> tuple[str, ...]:
        """Attribute names from the document to the reference or array."""
        ...

    @property
    def many(self) -> bool:
        """Whether the field is an array."""
        ...

    @property
    def member(self) -> tuple[str, ...]:
        """Attribute names from an array item to its reference; empty if the item is the reference."""
        ...


# ---------------------------------------------------------------------------------------------------------- ids


def revision_rank(document_id: str, wanted: str) -> tuple[bool, int, str]:
    """Return where a version stands among those of its group that share a revision; `wanted` is what was asked for.

    After that the draft, the published document (together what an editor saw), then releases by name.
    """
    layer = layer_of(document_id)
    return document_id != wanted or wanted == group_of(wanted), {DRAFTS: 0, PUBLISHED: 1}.get(layer, 2), layer


def group_of(document_id: str) -> str:
    """Return the published id of the group a stored id belongs to."""
    if document_id.startswith(_DRAFT_PREFIX):
        return document_id[len(_DRAFT_PREFIX) :]
    if document_id.startswith(_VERSION_PREFIX):
        parts = document_id.split(".", 2)
        return parts[2] if len(parts) == 3 else document_id
    return document_id


def layer_of(document_id: str) -> str:
    """Return the layer a stored id belongs to."""
    if document_id.startswith(_DRAFT_PREFIX):
        return DRAFTS
    if document_id.startswith(_VERSION_PREFIX):
        parts = document_id.split(".", 2)
        return parts[1] if len(parts) == 3 else PUBLISHED
    return PUBLISHED


def in_release(layer: str) -> bool:
    """Whether a layer is a release: neither published nor the drafts."""
    return layer not in (PUBLISHED, DRAFTS)


def stored_id(group: str, layer: str) -> str:
    """Return the id of the group's version in `layer`."""
    if layer == PUBLISHED:
        return group
    return f"{_DRAFT_PREFIX}{group}" if layer == DRAFTS else f"{_VERSION_PREFIX}{layer}.{group}"


# -------------------------------------------------------------------------------------------------------- items


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a relation field.

    `target` is the group it points at (None if it cannot be used), `raw` the entry as stored (the array item, or the
    reference of a single field), `reference` the reference object inside it, `key` its `_key`, `fault` what is odd
    about it: a draft's or version's id, no key, a reference into another dataset, or no reference at all.
    """

    target: str | None
    raw: Json
    reference: Document | None
    key: str | None
    fault: Fault | None

    @property
    def is_strong(self) -> bool:
        """Whether the reference is a strong one."""
        return (self.reference or {}).get("_weak") is not True


def value_at(document: Document | None, path: Sequence[str]) -> Json:
    """Return the value at the attribute path, or None where anything on the way is missing."""
    value: Json = document
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def states(body: Document, field: FieldLike) -> bool:
    """Whether a document says what the field holds, be it nothing (null, an empty list), or is silent about it."""
    parent = value_at(body, field.path[:-1]) if len(field.path) > 1 else body
    return isinstance(parent, Mapping) and field.path[-1] in parent


def with_value_at(document: Document, path: Sequence[str], value: Json) -> dict[str, Any]:
    """Return `document` with `value` at the attribute path; None removes the attribute."""
    out = dict(document)
    name, rest = path[0], path[1:]
    if rest:
        inner = out.get(name)
        if value is None and not isinstance(inner, dict):
            return out
        out[name] = with_value_at(inner if isinstance(inner, dict) else {}, rest, value)
    elif value is None:
        out.pop(name, None)
    else:
        out[name] = value
    return out


def _item(raw: Json, member: Sequence[str], *, keyed: bool) -> Item:
    key = raw.get("_key") if isinstance(raw, dict) else None
    key = key if isinstance(key, str) else None
    reference = value_at(raw, member) if isinstance(raw, dict) else None
    target = reference.get("_ref") if isinstance(reference, dict) else None
    if not isinstance(reference, dict) or not isinstance(target, str) or not target:
        # An object item without its reference yet is legal: the Studio inserts the item first and fills it next.
        empty = (isinstance(raw, dict) and reference in (None, {})) or (isinstance(reference, dict) and target is None)
        return Item(None, raw, None, key, None if empty else "malformed")
    if "_dataset" in reference or "_projectId" in reference or ":" in target:
        return Item(None, raw, reference, key, "unsupported")
    group = group_of(target)
    fault: Fault | None = "draft-id" if group != target else "unkeyed" if keyed and key is None else None
    return Item(group, raw, reference, key, fault)


def raw_items(document: Document | None, field: FieldLike) -> list[Json]:
    """Return what is stored in an array field, or an empty list where there is no array."""
    value = value_at(document, field.path)
    return value if isinstance(value, list) else []


def read_items(document: Document | None, field: FieldLike) -> list[Item]:
    """Return every entry of the field in order; a single field gives at most one."""
    if document is None:
        return []
    if field.many:
        return [_item(raw, field.member, keyed=True) for raw in raw_items(document, field)]
    value = value_at(document, field.path)
    if value is None:
        return []
    return [_item(value, (), keyed=False)]


def targets_of(document: Document | None, field: FieldLike) -> list[str]:
    """Return the groups the field points at, in order, each once."""
    if document is None:
        return []
    return list(dict.fromkeys(item.target for item in read_items(document, field) if item.target is not None))


def replace_items(document: Document, field: FieldLike, items: Iterable[Json]) -> dict[str, Any]:
    """Return `document` with the array field holding `items`; an emptied list stays as `[]`."""
    return with_value_at(document, field.path, list(items))


def set_single(document: Document, field: FieldLike, reference: Json) -> dict[str, Any]:
    """Return `document` with the single field holding `reference`; None unsets it."""
    return with_value_at(document, field.path, reference)


# --------------------------------------------------------------------------------------------------- comparison


def bare(document: Document) -> dict[str, Any]:
    """Return the document's content: without system fields, an empty list or null counting as absent.

    So counts an object in which nothing is left: what a nested field needed to stand in stays behind without it.
    """
    return {
        name: value
        for name, stored in document.items()
        if name not in SYSTEM_FIELDS and (value := _without_nothing(stored)) is not None
    }


def _without_nothing(value: Json) -> Json:
    if isinstance(value, dict):
        kept = {name: left for name, inner in value.items() if (left := _without_nothing(inner)) is not None}
        return kept or None
    return None if value == [] else value


def same_json(left: Json, right: Json) -> bool:
    """Whether two values are the same JSON; unlike Python's `==`, `true` is not `1`."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(value, right[name]) for name, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)
