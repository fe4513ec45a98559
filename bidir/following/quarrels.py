"""Writes that somebody keeps undoing: counted, and after a few the documents are left to a person (F6.4, C78).

Source: bidirectional semantics, F6 belt 4: two engines with different configurations must come to rest, loudly.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from typing import Any

from bidir.refs import group_of, targets_of
from bidir.relations import Schema
from bidir.siblings import Snapshot

__all__ = ["ALTERNATIONS_MAX", "FLIPS_MAX", "FLIP_WINDOW_SECONDS", "Quarrels"]

Document = Mapping[str, Any]

FLIPS_MAX = 5
"""Times the follower makes the same write within a minute before the document is left to a person (F6.4)."""
ALTERNATIONS_MAX = 20
"""The same where the follower wrote something else there in between: mostly somebody who changes his mind."""
FLIP_WINDOW_SECONDS = 60.0
FLIPS_REMEMBERED_MAX = 10_000


class Quarrels:
    """Counts how often the same write was made; `quarantined` are the groups that are left alone for good."""

    def __init__(self, schema: Schema) -> None:
        """Start at peace."""
        self._schema = schema
        self._flips: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        # What was written last into each document that has flips.
        self._last: dict[str, str] = {}
        self.quarantined: set[str] = set()

    def count(
        self,
        mutations: Iterable[Mapping[str, Any]],
        earlier: Mapping[str, Document | None],
        snapshot: Snapshot,
        now: float,
    ) -> list[tuple[str, int]]:
        """Note what was written because of the changes since `earlier`; return (group, times) newly left alone.

        Those are the document and the ones whose changes led to the write; others that point at it are not.
        """
        found: list[tuple[str, int]] = []
        for document_id, what in _by_document(mutations).items():
            times, limit = self._counted(document_id, what, now)
            if times > limit:
                group = group_of(document_id)
                for one in sorted({group, *self._causes(group, earlier, snapshot)} - self.quarantined):
                    self.quarantined.add(one)
                    found.append((one, times))
        return found

    def _counted(self, document_id: str, what: str, now: float) -> tuple[int, int]:
        """Note a write; return how often it was made within the window, and how often it may be."""
        known = (document_id, what) in self._flips
        flips = self._flips.setdefault((document_id, what), deque())
        alternates = known and self._last.get(document_id) != what
        flips.append(now)
        self._flips.move_to_end((document_id, what))
        self._last[document_id] = what
        while len(self._flips) > FLIPS_REMEMBERED_MAX:
            (forgotten, _), _ = self._flips.popitem(last=False)
            self._last.pop(forgotten, None)
        while flips and now - flips[0] > FLIP_WINDOW_SECONDS:
            flips.popleft()
        return len(flips), ALTERNATIONS_MAX if alternates else FLIPS_MAX

    def _causes(self, group: str, earlier: Mapping[str, Document | None], snapshot: Snapshot) -> set[str]:
        """Return the groups among those that changed that are or were linked with `group`; all where none is."""
        linked = {
            group_of(key)
            for key, before in earlier.items()
            for document in (before, snapshot.documents.get(key))
            if document is not None
            for field in self._schema.fields_of(str(document.get("_type")))
            if group in targets_of(document, field)
        }
        return linked or {group_of(key) for key in earlier}


def _by_document(mutations: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return by stored id what a transaction does to a document, whatever revision it was based on."""
    found: dict[str, list[Any]] = {}
    for mutation in mutations:
        ((kind, body),) = mutation.items()
        what = {name: value for name, value in body.items() if name != "ifRevisionID"}
        found.setdefault(str(body.get("_id") or body.get("id")), []).append({kind: what})
    return {document_id: json.dumps(parts, sort_keys=True) for document_id, parts in found.items()}
