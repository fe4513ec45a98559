"""Any order and number of deliveries, and any way of putting edits into transactions, lead to one state (I11, F11.5).

Two questions. The same events in every order, once or twice each: the worker ends in the same place. The same edits in
one transaction or several: the same links – but for what a later edit of the same transaction takes back, which has
never happened then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from random import Random
from typing import Any

from bidir.backends import LakeBackend
from bidir.conformance.invariants import check_invariants, targets
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.machines_kinds import Kind
from bidir.conformance.playing import EngineFactory
from bidir.conformance.simulation.course import Act
from bidir.conformance.simulation.findings import Finding
from bidir.conformance.simulation.kinds import kind_named
from bidir.conformance.simulation.running import schema_of
from bidir.conformance.simulation.wishes import submitted
from bidir.ports import EventStream
from bidir.relations import Schema

__all__ = ["Convergence", "all_batchings", "all_deliveries", "judge_batchings", "judge_deliveries"]

Links = dict[str, dict[str, tuple[str, ...]]]

DUPLICATES_EVERY = 3
"""Every so manieth order is delivered with each event twice."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """What one case came to: how many ways were tried, how many were excused, and what is wrong."""

    name: str
    ways: int
    excused: int
    findings: tuple[Finding, ...]


class _Shuffled:
    """A stream that delivers what has come in an order of its own choosing."""

    def __init__(self, inner: EventStream, order: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        self._inner = inner
        self._order = order

    def drain(self) -> list[dict[str, Any]]:
        events = [event for event in self._inner.drain() if event.get("type", "mutation") == "mutation"]
        return self._order(events)

    def get(self, timeout: float | None = None) -> dict[str, Any] | None:
        raise NotImplementedError("a judged follower settles; it need not wait for events")

    def close(self) -> None:
        self._inner.close()


class _ShuffledBackend(LakeBackend):
    """The embedded lake with events in another order."""

    def __init__(self, lake: EmbeddedLake, order: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        super().__init__(lake.dataset)
        self._order = order

    def listen(self, groq: str, params: Mapping[str, Any]) -> EventStream:
        return _Shuffled(super().listen(groq, params), self._order)


def _begin(kind: Kind, seed: int) -> EmbeddedLake:
    lake = EmbeddedLake(seed=seed)
    lake.mutate([{"create": {"_id": group, "_type": name}} for group, name in kind.type_of.items()])
    return lake


def _links(schema: Schema, lake: EmbeddedLake) -> Links:
    """Return what every stored document points at, as sets: positions belong to whoever was first."""
    return {
        name: {
            field.path[-1]: tuple(sorted(targets(document, field)))
            for field in schema.fields_of(str(document.get("_type")))
        }
        for name, document in lake.documents().items()
    }


def _difference(one: Links, other: Links) -> str:
    said = []
    for name in sorted(one.keys() | other.keys()):
        for field in sorted(one.get(name, {}).keys() | other.get(name, {}).keys()):
            left, right = one.get(name, {}).get(field, ()), other.get(name, {}).get(field, ())
            if left != right:
                said.append(f"{name}.{field} is {', '.join(left) or 'empty'} and {', '.join(right) or 'empty'}")
    return "; ".join(said)


# ------------------------------------------------------------------------------------------------------- deliveries


def script_edits(kind: Kind, chance: Random, count: int) -> list[dict[str, Any]]:
    """Draw edits of published documents that a script makes, one mutation and one event each."""
    out: list[dict[str, Any]] = []
    for number in range(count):
        act = _edit(kind, chance, number + 1)
        patches = submitted(act, kind)
        merged: dict[str, Any] = {"id": act.group}
        for patch in patches:
            merged.update(patch["patch"])
        out.append({"patch": _weak(merged)})
    return out


def _edit(kind: Kind, chance: Random, number: int) -> Act:
    relation = chance.choice(list(kind.relations))
    end, other, many = chance.choice(
        [(relation.left, relation.right, relation.left_many), (relation.right, relation.left, relation.right_many)]
    )
    group, target = chance.choice(list(kind.groups[end[0]])), chance.choice(list(kind.groups[other[0]]))
    move = chance.choice(("add", "add", "remove") if many else ("set", "set", "set", "unset"))
    return Act(number, "script", 0.0, move, group, "published", end[1], target)  # type: ignore[arg-type]


def _weak(value: Any) -> Any:
    if isinstance(value, dict):
        extra = {"_weak": True} if value.get("_type") == "reference" else {}
        return {**{key: _weak(inner) for key, inner in value.items()}, **extra}
    return [_weak(one) for one in value] if isinstance(value, list) else value


def all_deliveries(events: int, limit: int) -> Iterator[tuple[int, ...]]:
    """Yield orders of so many events: all of them, or evenly spread ones where there are more than `limit`."""
    orders = list(permutations(range(events)))
    step = max(1, len(orders) // limit)
    yield from orders[::step]


def judge_deliveries(kind_name: str, seed: int, factory: EngineFactory, *, events: int, limit: int) -> Convergence:
    """Play a script's edits once, and let a worker hear of them in every order, also twice."""
    kind, schema = kind_named(kind_name), schema_of(kind_name)
    mutations = script_edits(kind, Random(f"deliveries {kind_name} {seed}"), events)
    first: Links | None = None
    findings: list[Finding] = []
    ways = 0
    for number, order in enumerate(all_deliveries(events, limit)):
        twice = number % DUPLICATES_EVERY == 1
        lake = _begin(kind, seed)

        def ordered(heard: list[dict[str, Any]], order: tuple[int, ...] = order, twice: bool = twice) -> list[Any]:
            known = [heard[index] for index in order if index < len(heard)] + heard[len(order) :]
            return [event for event in known for _ in range(1 + twice)]

        engine = factory(schema, _ShuffledBackend(lake, ordered))
        follower = engine.follow()
        for mutation in mutations:
            lake.mutate([mutation])
        follower.settle()
        follower.settle()
        follower.close()
        ways += 1
        now = _links(schema, lake)
        name = f"order {order}{' twice' if twice else ''}"
        findings += [
            Finding(breach.rule, f"{breach.text} ({name})")
            for breach in check_invariants(schema, lake.documents(), pending=_pending(engine))
        ]
        if first is None:
            first = now
        elif now != first:
            findings.append(Finding("I11 path independence", f"{name}: {_difference(first, now)} after {mutations}"))
    return Convergence(f"deliveries {kind_name} {seed}", ways, 0, tuple(dict.fromkeys(findings)))


def _pending(engine: Any) -> list[Any]:
    return list(engine.pending()) if callable(getattr(engine, "pending", None)) else []


# -------------------------------------------------------------------------------------------------------- batchings


def all_batchings(count: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to cut so many edits into consecutive transactions, as the sizes of these."""
    for cuts in range(2 ** (count - 1)):
        sizes, size = [], 1
        for position in range(count - 1):
            if cuts >> position & 1:
                sizes.append(size)
                size = 1
            else:
                size += 1
        yield (*sizes, size)


def judge_batchings(kind_name: str, seed: int, factory: EngineFactory, *, intents: int) -> Convergence:
    """Submit the same edits in every batching and compare the links with those of one by one."""
    kind, schema = kind_named(kind_name), schema_of(kind_name)
    chance = Random(f"batchings {kind_name} {seed}")
    acts = [_edit(kind, chance, number + 1) for number in range(intents)]
    single, history = _submitted(kind, schema, factory, acts, (1,) * intents, seed)
    findings: list[Finding] = []
    ways = excused = 0
    for sizes in all_batchings(intents):
        if set(sizes) == {1}:
            continue
        ways += 1
        now, _ = _submitted(kind, schema, factory, acts, sizes, seed)
        if now == single:
            continue
        if _reverted(history, sizes):
            excused += 1
            continue
        said = ", ".join(act.told() for act in acts)
        findings.append(
            Finding("I11 path independence", f"in transactions of {sizes}: {_difference(single, now)} ({said})")
        )
    return Convergence(f"batchings {kind_name} {seed}", ways, excused, tuple(findings))


def _submitted(
    kind: Kind, schema: Schema, factory: EngineFactory, acts: Sequence[Act], sizes: Sequence[int], seed: int
) -> tuple[Links, list[Links]]:
    """Return the links at the end, and after each transaction."""
    lake = _begin(kind, seed)
    engine = factory(schema, lake.backend())
    states = [_links(schema, lake)]
    rest = list(acts)
    for size in sizes:
        now, rest = rest[:size], rest[size:]
        engine.submit([mutation for act in now for mutation in submitted(act, kind)], perspective="published")
        states.append(_links(schema, lake))
    return states[-1], states


def _reverted(history: Sequence[Links], sizes: Sequence[int]) -> bool:
    """Whether, one by one, a link comes and goes within what is one transaction in this batching."""
    start = 0
    for size in sizes:
        steps = history[start : start + size + 1]
        start += size
        for name in steps[0]:
            for field in steps[0][name]:
                values = [step[name][field] for step in steps]
                for target in {one for value in values for one in value}:
                    held = [target in value for value in values]
                    changes = sum(before != after for before, after in pairwise(held))
                    if changes > 1:
                        return True
    return False
