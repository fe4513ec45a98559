"""The state machines: our engine holds, engines broken on purpose are caught by name, and failures replay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bidir import Engine, Outcome, Schema
from bidir.conformance.loading import load_scenario
from bidir.conformance.machines import Effort, play_kind, run_machines
from bidir.conformance.machines_kinds import KINDS
from bidir.conformance.proxy import mutated_ids
from bidir.conformance.runner import run_scenario
from bidir.ports import Backend
from bidir.refs import group_of

BY_NAME = {kind.name: kind for kind in KINDS}
Meddle: TypeAlias = Callable[[Sequence[Any], Collection[str]], list[Any]]
FEW = Effort(runs=12, steps=8)
MANY = Effort(runs=60, steps=8)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_our_engine_holds(kind: Any) -> None:
    result = play_kind(kind, FEW, 7, Engine)
    assert result.faults == ()
    assert result.counts["judged"] >= result.counts["predicted exactly"] > result.counts["judged"] // 2


def test_the_same_seed_repeats_the_same_runs() -> None:
    first, again, other = (play_kind(BY_NAME["many-to-many"], FEW, seed, Engine).counts for seed in (3, 3, 4))
    assert first == again
    assert first != other


class Meddling:
    """An engine under test whose transactions are changed by `meddle` on their way to the lake."""

    def __init__(self, schema: Schema, backend: Backend, meddle: Meddle) -> None:
        self.backend = backend
        self.meddle = meddle
        self.mine: set[str] = set()
        self.engine = Engine(schema, self)

    def submit(self, mutations: Any, **options: Any) -> Outcome:
        self.mine = {group_of(name) for name in mutated_ids(mutations)}
        return self.engine.submit(mutations, **options)

    def audit(self) -> Any:
        return self.engine.audit()

    def pending(self) -> Any:
        return self.engine.pending()

    def commit(self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None) -> Any:
        return self.backend.commit(self.meddle(mutations, self.mine), transaction_id=transaction_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)


def meddling(meddle: Meddle) -> Callable[[Schema, Backend], Any]:
    return lambda schema, backend: Meddling(schema, backend, meddle)


def one_sided(mutations: Sequence[Any], mine: Collection[str]) -> list[Any]:
    """Nobody but the documents that the user edits is written."""
    return [one for one in mutations if group_of(mutated_ids([one])[0]) in mine]


def no_eviction(mutations: Sequence[Any], mine: Collection[str]) -> list[Any]:
    """The displaced holder keeps its pointer: only the first unset of a single field survives."""
    seen: list[Any] = []
    out = []
    for mutation in mutations:
        unset = mutation.get("patch", {}).get("unset") == ["author"]
        if not (unset and seen):
            out.append(mutation)
        seen += [mutation] if unset else []
    return out


def overwrites_text(mutations: Sequence[Any], mine: Collection[str]) -> list[Any]:
    """Every patched document loses its title, as with createOrReplace from a stale copy."""
    gone = mutated_ids([one for one in mutations if "delete" in one])
    ids = [name for name in dict.fromkeys(mutated_ids(mutations)) if group_of(name) not in mine and name not in gone]
    return [*mutations, *({"patch": {"id": name, "set": {"title": "stale"}}} for name in ids)]


def reverses_lists(mutations: Sequence[Any], mine: Collection[str]) -> list[Any]:
    """New items go to the front of the inverse list, and strong."""
    out = []
    for mutation in mutations:
        insert = mutation.get("patch", {}).get("insert")
        if insert and insert.get("after", "").endswith("[-1]"):
            items = [{key: value for key, value in item.items() if key != "_weak"} for item in insert["items"]]
            mutation = {"patch": {**mutation["patch"], "insert": {"before": "books[0]", "items": items}}}
        out.append(mutation)
    return out


BROKEN = {
    "one side only": ("one-to-one", meddling(one_sided), "I1 symmetry"),
    "one side only, lists": ("many-to-many", meddling(one_sided), "I1 symmetry"),
    "no eviction": ("one-to-one", meddling(no_eviction), "I1 symmetry"),
    "overwrites a colleague's text": ("many-to-one", meddling(overwrites_text), "I7 frame"),
    "new items in front and strong": ("many-to-one", meddling(reverses_lists), "E8.6 strength"),
}


@pytest.mark.parametrize("case", BROKEN, ids=lambda name: name.replace(" ", "-"))
def test_an_engine_broken_on_purpose_is_caught_and_its_failure_replays(case: str, tmp_path: Path) -> None:
    kind, factory, rule = BROKEN[case]
    result = play_kind(BY_NAME[kind], MANY, 1, factory, found=tmp_path)
    assert any(fault.startswith(rule) for fault in result.faults), result.faults
    assert result.scenario is not None
    loaded = load_scenario(result.scenario)
    assert loaded.scenario.source == f"state machine {kind}, seed 1"
    assert not run_scenario(loaded, factory).passed
    ours = run_scenario(loaded, Engine)
    assert ours.passed, ours


def test_a_crash_of_the_engine_is_a_failure_with_its_steps() -> None:
    class Crashing(Engine):
        def submit(self, mutations: Any, **options: Any) -> Outcome:
            raise KeyError("books")

    result = play_kind(BY_NAME["one-to-one"], FEW, 1, Crashing)
    assert result.faults == ("KeyError: 'books'",)
    assert result.trace is not None
    assert len(result.trace.steps) == 1


def test_run_machines_plays_the_kinds_asked_for() -> None:
    results = run_machines("quick", 1, meddling(one_sided), kinds=[BY_NAME["reject"], BY_NAME["symmetric-one"]])
    assert [result.name for result in results] == ["reject", "symmetric-one"]
    assert not any(result.holds for result in results)
