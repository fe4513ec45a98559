"""Engines that write lists as values instead of items by key (bidirectional semantics, R11, F4, F5)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from bidir.carrying import Run
from bidir.conformance.broken.outgoing import Around, Mutations, patches, rewritten
from bidir.conformance.broken.seams import weakened
from bidir.engine import Engine
from bidir.planning import Plan
from bidir.ports import Backend, Committed
from bidir.relations import Field, Schema
from bidir.siblings import Slot

__all__ = ["inverse_items_first", "random_item_key", "retry_sends_absolute_lists", "whole_array_set"]

KEY_BITS = 48


def _as_a_whole(_: Callable[..., None]) -> Callable[..., None]:
    def spoilt(field: Field, start: Slot, end: Slot, out: Any) -> None:
        out.operations.append({"set": {".".join(field.path): [item.raw for item in end.items]}})
        out.adds = True

    return spoilt


_DRAWN = random.Random(0)


def _drawn_key(_: Callable[..., str]) -> Callable[..., str]:
    return lambda *_arguments: f"{_DRAWN.getrandbits(KEY_BITS):012x}"


whole_array_set = weakened({"bidir.planning.emit._list_edits": _as_a_whole})
random_item_key = weakened(
    {"bidir.planning.items.free_key": _drawn_key},
)


def _in_front(mutations: Mutations, mine: Any) -> list[Mutations]:
    def change(patch: dict[str, Any]) -> dict[str, Any]:
        insert = patch.get("insert", {})
        path, appended, _ = str(insert.get("after", "")).partition("[-1]")
        weak = [item for item in insert.get("items", ()) if isinstance(item, Mapping) and item.get("_weak")]
        return {**patch, "insert": {"before": f"{path}[0]", "items": weak}} if appended and weak else patch

    return [patches(mutations, change)]


inverse_items_first = rewritten(_in_front)


class _Resending(Around):
    """After a conflict, sends lists as they were planned at first, item by item no more."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self.read: dict[str, Any] = {}

    def commit(self, mutations: Mutations, *, transaction_id: str | None) -> Committed:
        return self._inner.commit(patches(mutations, self._absolute), transaction_id=transaction_id)

    def _absolute(self, patch: dict[str, Any]) -> dict[str, Any]:
        base = self.read.get(patch["id"])
        if base is None:
            return patch
        change = {key: value for key, value in patch.items() if key not in ("id", "ifRevisionID")}
        after = self.read[patch["id"]] = self._inner.patched(base, change)
        lists = {name: value for name, value in after.items() if isinstance(value, list) and value != base.get(name)}
        head = {key: value for key, value in patch.items() if key in ("id", "ifRevisionID")}
        return {**head, "set": lists} if lists else patch


class _AbsoluteRetry(Engine):
    """Plans again after a conflict from the documents it read at first; only their revisions are new."""

    def __init__(self, schema: Schema, backend: Backend) -> None:
        self._resending = _Resending(backend)
        super().__init__(schema, self._resending)
        self._read_again = self.carrier._refresh
        self.carrier._refresh = self._refresh  # type: ignore[method-assign]

    def _refresh(self, made: Plan, run: Run) -> None:
        first = dict(run.snapshot.documents)
        self._read_again(made, run)
        now = run.snapshot.documents
        self._resending.read = {key: {**body, "_rev": now[key]["_rev"]} for key, body in first.items() if key in now}


retry_sends_absolute_lists = _AbsoluteRetry
