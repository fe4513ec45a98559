"""Engines that know one layer only: what a change means for the layers above or below is forgotten (R5 to R9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bidir.conformance.broken.seams import nothing, weakened
from bidir.engine import Engine
from bidir.outcome import Outcome
from bidir.planning.work import Work
from bidir.ports import Backend
from bidir.refs import group_of, stored_id, targets_of
from bidir.relations import Schema

__all__ = [
    "no_co_publish",
    "no_follow",
    "no_resync",
    "no_upward_reconcile",
    "self_only_erase",
    "whole_document_co_publish",
    "write_through_to_live",
]


def _not_while_publishing(close_layer: Callable[..., None]) -> Callable[..., None]:
    def spoilt(work: Work, *arguments: Any, **options: Any) -> None:
        if not work.publishing:
            close_layer(work, *arguments, **options)

    return spoilt


no_co_publish = weakened({"bidir.planning.plan.close_layer": _not_while_publishing})
no_resync = weakened({"bidir.planning.plan.resync": nothing})
self_only_erase = weakened({"bidir.planning.plan.erase": nothing, "bidir.planning.lifecycle.erase": nothing})
no_upward_reconcile = weakened({"bidir.planning.upward._repair_view": nothing})
no_follow = weakened({"bidir.planning.upward._follow": nothing})


class _PublishesPartners(Engine):
    """Publishes the drafts of the partners along with the document, whole."""

    def publish(self, document_id: str | Sequence[str], *, perspective: str = "drafts", **options: Any) -> Outcome:
        ids = [document_id] if isinstance(document_id, str) else list(document_id)
        versions = self.backend.documents([stored_id(group_of(one), perspective) for one in ids])
        linked = {target for version in versions.values() if version for target in self._targets(version)}
        partners = sorted(linked - {group_of(one) for one in ids})
        drafts = self.backend.documents([stored_id(one, perspective) for one in partners])
        along = [one for one in partners if drafts[stored_id(one, perspective)] is not None]
        return super().publish([*ids, *along], perspective=perspective, **options)

    def _targets(self, document: Mapping[str, Any]) -> set[str]:
        fields = self.schema.fields_of(str(document.get("_type")))
        return {target for field in fields for target in targets_of(document, field)}


whole_document_co_publish = _PublishesPartners


def write_through_to_live(schema: Schema, backend: Backend) -> Engine:
    """Make an engine that writes a draft's decisions into live documents at once."""
    through = {one.name: replace(one, live_target="write_through") for one in schema.relations}
    inverses = {end: (through[relation.name], field) for end, (relation, field) in schema._inverses.items()}
    spoilt = replace(schema, relations=tuple(through.values()), _inverses=MappingProxyType(inverses))
    return Engine(spoilt, backend)
