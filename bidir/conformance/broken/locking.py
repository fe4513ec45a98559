"""Engines that trust what they read a moment ago, or send their halves apart (bidirectional semantics, F2, F4)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bidir.backends.naming import mutated_ids
from bidir.conformance.broken.outgoing import Mutations, patches, rewritten
from bidir.refs import group_of, layer_of

__all__ = ["create_if_not_exists", "create_or_replace", "lock_source_only", "no_locks", "two_requests"]


def _unlocked(patch: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in patch.items() if key != "ifRevisionID"}


def _without_locks(mutations: Mutations, mine: Collection[str]) -> list[Mutations]:
    return [patches(mutations, _unlocked)]


def _only_mine_locked(mutations: Mutations, mine: Collection[str]) -> list[Mutations]:
    return [patches(mutations, lambda patch: patch if group_of(patch["id"]) in mine else _unlocked(patch))]


def _one_after_the_other(mutations: Mutations, mine: Collection[str]) -> list[Mutations]:
    own = [one for one in mutations if group_of(mutated_ids([one])[0]) in mine]
    others = [one for one in mutations if group_of(mutated_ids([one])[0]) not in mine]
    return [part for part in (own, others) if part]


def _if_not_exists(mutations: Mutations, mine: Collection[str]) -> list[Mutations]:
    def softer(mutation: Any) -> dict[str, Any]:
        body = mutation.get("create")
        version = body is not None and layer_of(str(body.get("_id", ""))) != "published"
        return {"createIfNotExists": body} if version else dict(mutation)

    return [[softer(one) for one in mutations]]


def _or_replace(mutations: Mutations, mine: Collection[str]) -> list[Mutations]:
    return [[{"createOrReplace": one["create"]} if "create" in one else dict(one) for one in mutations]]


no_locks = rewritten(_without_locks)
lock_source_only = rewritten(_only_mine_locked)
two_requests = rewritten(_one_after_the_other)
create_if_not_exists = rewritten(_if_not_exists)
create_or_replace = rewritten(_or_replace)
