"""References nothing is declared on: the same edits by a client alone, by the engine, and by an open form.

What is asserted does not depend on the machine: requests and documents. The figure to look at is how many times as long
as a client alone the others take in process, where no network hides the difference; `python
benchmarks/bidir/bench_plain_references.py` prints it as ratios measured side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import pytest

from bidir import Engine
from bidir.backends import LakeBackend
from bidir.clock import SystemClock
from bidir.conformance.criteria.catalogue import GROUPS, given_documents, schema
from bidir.conformance.criteria.plain import compare_plain, plain_edits
from bidir.form import EditSession
from lakesim import Lake

EDITS = 200
ROUNDS = 15

Mutation = dict[str, Any]
Play = Callable[[Sequence[Mutation]], None]


def fresh() -> LakeBackend:
    dataset = Lake(seed=0).dataset("production")
    documents = given_documents()
    drafts = [{**one, "_id": f"drafts.{one['_id']}"} for one in documents if one["_type"] == "book"]
    dataset.mutate([{"create": one} for one in [*documents, *drafts]])
    return LakeBackend(dataset)


def alone() -> Play:
    backend = fresh()

    def play(mutations: Sequence[Mutation]) -> None:
        for one in mutations:
            backend.commit([one], transaction_id=None)

    return play


def by_engine() -> Play:
    engine = Engine(schema(), fresh())

    def play(mutations: Sequence[Mutation]) -> None:
        for one in mutations:
            engine.submit([one])

    return play


def by_form() -> Play:
    form = EditSession(Engine(schema(), fresh()), GROUPS["book"])
    form.prefetch(GROUPS["publisher"])

    def play(mutations: Sequence[Mutation]) -> None:
        for one in mutations:
            body = dict(one["patch"])
            form.patch(str(body.pop("id")), **body)
            form.commit()

    return play


WAYS = {"a client alone": alone, "the engine": by_engine, "an open form": by_form}


@pytest.mark.parametrize("way", WAYS, ids=lambda name: name.replace(" ", "-"))
def test_plain_references(benchmark: Any, way: str) -> None:
    mutations = plain_edits(EDITS)
    benchmark.pedantic(lambda play: play(mutations), setup=lambda: ((WAYS[way](),), {}), rounds=3)
    assert compare_plain(Engine, edits=20).faults == []


def main() -> None:
    """Print how long an edit takes each way: the ways in turn, so that a busy machine slows all of them."""
    clock = SystemClock()
    mutations = plain_edits(EDITS)
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(ROUNDS):
        for name, make in WAYS.items():
            play = make()
            started = clock.monotonic()
            play(mutations)
            taken[name].append((clock.monotonic() - started) / EDITS * 1000)
    least = median(taken["a client alone"])
    for name, times in taken.items():
        print(f"{name:16} {median(times):7.3f} ms an edit, {median(times) / least:5.2f} times a client alone")


if __name__ == "__main__":
    main()
