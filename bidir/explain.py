"""Why a field holds what it holds: the last engine transaction that touched it, in words.

Source: bidirectional semantics, F10 (`why(doc, field)`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bidir.errors import IntentError
from bidir.origin import is_ours, relation_of
from bidir.planning.restated import patch_paths, within
from bidir.ports import Backend
from bidir.refs import group_of, layer_of, stored_id, value_at
from bidir.relations import Field, Schema
from bidir.suggest import did_you_mean

__all__ = ["Explanation", "why"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One transaction of an engine and what it did to a field.

    `document_id` is the stored id, `relation` the one the transaction is named after (None where the caller named it),
    `at` its time (RFC 3339), `mutations` those that touched the field, `others` the other documents it wrote.
    """

    document_id: str
    field: str
    transaction_id: str
    relation: str | None
    at: str
    mutations: tuple[dict[str, Any], ...]
    others: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one sentence."""
        because = f" together with {', '.join(self.others)}" if self.others else ""
        named = f" for the relation {self.relation}" if self.relation else ""
        return (
            f"{self.document_id}: {self.field} was last written by {self.transaction_id} at {self.at}{named}{because}"
        )


def why(
    schema: Schema,
    backend: Backend,
    document_id: str,
    field: str,
    *,
    perspective: str,
    wrote: Callable[[str], bool],
) -> Explanation | None:
    """Return the last engine transaction that touched `field` of the version `perspective` shows; None if none did.

    `wrote` tells which transactions are the engine's own under a caller's name.
    Raises: IntentError for a field that takes part in no relation.
    """
    group = group_of(document_id)
    layer = layer_of(document_id) if document_id != group else perspective
    rows = list(backend.history(stored_id(group, layer)))
    if not rows and layer != "published":
        layer = "published"
        rows = list(backend.history(group))
    target = stored_id(group, layer)
    for row in rows:
        if not (is_ours(row["id"]) or wrote(row["id"])):
            continue
        touching = [one for one in row["mutations"] if _touches(schema, one, target, field)]
        if touching:
            others = tuple(one for one in row["documentIDs"] if one != target)
            return Explanation(
                target, field, row["id"], relation_of(row["id"]), row["timestamp"], tuple(touching), others
            )
    _known(schema, field)
    return None


def _known(schema: Schema, field: str) -> None:
    names = {".".join(one.path) for name in schema.types for one in schema.fields_of(name)}
    if field not in names:
        raise IntentError(f'no relation has a field "{field}".{did_you_mean(field, names)}')


def _touches(schema: Schema, mutation: Mapping[str, Any], target: str, field: str) -> bool:
    (kind, body), *_ = mutation.items()
    if (body.get("_id") or body.get("id")) != target:
        return False
    path = tuple(field.split("."))
    if kind != "patch":
        return kind == "delete" or value_at(dict(body), path) is not None
    probe = Field(type="", path=path, many=False)
    return any(within(one, probe) for one in patch_paths(body))
