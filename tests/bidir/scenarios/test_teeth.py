"""Engines spoilt on purpose, by changing what ours sends: each is caught, by the scenarios that are about its fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bidir.conformance.loading import find_scenarios, load_scenario
from bidir.conformance.proxy import mutated_ids
from bidir.conformance.runner import layers_of, run_scenario
from bidir.engine import Engine
from bidir.ports import Backend, Committed
from bidir.relations import Schema
from lakesim.ids import published_id

ROOT = Path(__file__).parents[3] / "scenarios"
FILES = find_scenarios([ROOT / "prd", ROOT / "museum"])

Mutations = Sequence[Mapping[str, Any]]


class Spoilt:
    """A backend that sends something else than it was given; all the rest passes through."""

    def __init__(self, inner: Backend, spoil: Callable[[Mutations], Iterable[Mutations]]) -> None:
        self._inner = inner
        self._spoil = spoil

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self, mutations: Mutations, *, transaction_id: str | None) -> Committed:
        committed = None
        for number, part in enumerate(self._spoil(mutations)):
            name = transaction_id if number == 0 or transaction_id is None else f"{transaction_id}-{number}"
            committed = self._inner.commit(part, transaction_id=name)
        assert committed is not None
        return committed


def spoilt(spoil: Callable[[Mutations], Iterable[Mutations]]) -> Callable[[Schema, Backend], Engine]:
    def factory(schema: Schema, backend: Backend) -> Engine:
        return Engine(schema, Spoilt(backend, spoil))

    return factory


def patches(mutations: Mutations, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Iterable[Mutations]:
    """Send the mutations with every patch changed; None leaves it out."""
    out = []
    for mutation in mutations:
        if "patch" in mutation:
            changed = change(dict(mutation["patch"]))
            if changed is not None:
                out.append({"patch": changed})
        else:
            out.append(dict(mutation))
    yield out


def without_removals(mutations: Mutations) -> Iterable[Mutations]:
    """Nobody who loses a partner hears of it: locked patches that only unset are the engine's removals."""
    removal = {"id", "ifRevisionID", "unset"}
    return patches(mutations, lambda patch: None if patch.keys() == removal else patch)


def without_locks(mutations: Mutations) -> Iterable[Mutations]:
    """No revision is checked."""
    return patches(mutations, lambda patch: {key: value for key, value in patch.items() if key != "ifRevisionID"})


def in_two_requests(mutations: Mutations) -> Iterable[Mutations]:
    """The halves are sent one after the other."""
    last = mutated_ids(mutations)[-1:]
    own = [one for one in mutations if mutated_ids([one]) == last]
    others = [one for one in mutations if mutated_ids([one]) != last]
    return [part for part in (others, own) if part]


def strong_everywhere(mutations: Mutations) -> Iterable[Mutations]:
    """Every pointer is strong."""

    def strong(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strong(item) for key, item in value.items() if not (key == "_weak" and "_ref" in value)}
        return [strong(item) for item in value] if isinstance(value, list) else value

    yield strong(list(mutations))


def without_the_other_half(mutations: Mutations) -> Iterable[Mutations]:
    """Only the document written last, the user's own, is written."""
    last = {published_id(name) for name in mutated_ids(mutations)[-1:]}
    yield [one for one in mutations if {published_id(name) for name in mutated_ids([one])} <= last]


def whole_copies(mutations: Mutations) -> Iterable[Mutations]:
    """What would be created is created or replaced, so that somebody else's new version is overwritten."""
    yield [{"createOrReplace": one["create"]} if "create" in one else dict(one) for one in mutations]


def twice(mutations: Mutations) -> Iterable[Mutations]:
    """Every request is sent a second time with nothing new in it."""
    yield mutations
    ids = mutated_ids(mutations)[:1]
    yield [{"patch": {"id": ids[0], "set": {}}}] if ids else []


SABOTAGE: dict[str, tuple[Callable[[Mutations], Iterable[Mutations]], set[str]]] = {
    "no removals": (without_removals, {"museum/001-replace-free-target", "museum/002-chain-steal"}),
    "no locks": (
        without_locks,
        {
            "museum/070-two-editors-set-the-same-book",
            "museum/071-two-editors-take-the-same-author",
            "museum/074-both-ends-at-once",
        },
    ),
    "two requests": (in_two_requests, {"prd/flow-3-the-author-follows", "museum/004-swap-in-one-transaction"}),
    "strong inverse": (strong_everywhere, {"prd/flow-3-the-author-follows", "museum/029-draft-edit-stays-in-drafts"}),
    "one half": (without_the_other_half, {"prd/flow-3-the-author-follows", "prd/flow-4-clearing-clears-both"}),
    "needless writes": (twice, {"prd/flow-3-the-author-follows"}),
    "whole copies": (whole_copies, {"museum/020-two-editors-add-at-once"}),
}


@pytest.mark.parametrize(("spoil", "caught_by"), SABOTAGE.values(), ids=SABOTAGE)
def test_a_spoilt_engine_is_caught_by_the_scenarios_about_its_fault(
    spoil: Callable[[Mutations], Iterable[Mutations]], caught_by: set[str]
) -> None:
    failed = set()
    for path in FILES:
        loaded = load_scenario(path)
        if loaded.name not in caught_by:
            continue
        results = [run_scenario(loaded, spoilt(spoil), layer=layer) for layer in layers_of(loaded)]
        if not all(result.passed for result in results):
            failed.add(loaded.name)
    assert failed == caught_by
