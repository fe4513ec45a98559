"""Engines that write more than the pair: a colleague's text, strengths, or the same thing again (I7, E8.4, E8.6)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bidir.backends.naming import mutated_ids
from bidir.conformance.broken.outgoing import Mutations, rewritten
from bidir.refs import group_of

__all__ = ["needless_writes", "overwrites_text", "strong_inverse"]


def _strong(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strong(item) for key, item in value.items() if not (key == "_weak" and "_ref" in value)}
    return [_strong(item) for item in value] if isinstance(value, list) else value


def _stale_texts(mutations: Mutations, mine: Collection[str]) -> list[Mutations]:
    gone = mutated_ids([one for one in mutations if "delete" in one])
    others = [name for name in dict.fromkeys(mutated_ids(mutations)) if group_of(name) not in mine and name not in gone]
    return [[*mutations, *({"patch": {"id": name, "set": {"title": "as it was read"}}} for name in others)]]


def _twice(mutations: Mutations, mine: Collection[str]) -> list[Mutations]:
    ids = mutated_ids(mutations)[:1]
    return [mutations, [{"patch": {"id": ids[0], "set": {}}}]] if ids else [mutations]


strong_inverse = rewritten(lambda mutations, mine: [_strong(list(mutations))])
overwrites_text = rewritten(_stale_texts)
needless_writes = rewritten(_twice)
