"""Different paths to one state: the same link from either side, the same intents in any batching (I11).

Each case begins with some links and plays the same wish in different ways on lakes that are alike. What every view
shows must be the same links; positions and strength belong to the side that was edited. The one honest exception is a
link that comes and goes among the intents: in one transaction it never was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from bidir.clock import SystemClock
from bidir.conformance.answers import called
from bidir.conformance.checking import described
from bidir.conformance.invariants import DRAFTS, PUBLISHED, layers_of
from bidir.conformance.lakes import EmbeddedLake, LakeFactory
from bidir.conformance.machines_kinds import KINDS, Kind
from bidir.conformance.machines_links import links_in
from bidir.conformance.machines_tally import Tally
from bidir.conformance.model import End
from bidir.conformance.parts import Failure, PartResult, Profile
from bidir.conformance.playing import EngineFactory
from bidir.conformance.scenario import Scenario
from bidir.conformance.writing import write_scenario
from bidir.relations import Schema

__all__ = ["CASES", "PathResult", "judge_paths", "paths_part"]

CASES: Mapping[Profile, int] = {"quick": 1, "default": 8, "deep": 300}
"""Cases per relation kind and layer."""

LAYERS = (PUBLISHED, DRAFTS, "r1")
PREFIX, INTENTS = 3, 3
FAILURES_MAX = 3
NAME = "paths"

Links: TypeAlias = dict[str, dict[str, tuple[str, ...]]]
"""By view, by "group.field", the groups it points at, sorted."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """One link of one relation to make or to break, as (left end, group there, right end, group there)."""

    left: End
    one: str
    right: End
    other: str
    add: bool

    def mutation(self, kind: Kind, *, from_right: bool = False, number: int = 0) -> dict[str, Any]:
        """Return the wish as an edit of one side."""
        end, group, target = (self.right, self.other, self.one) if from_right else (self.left, self.one, self.other)
        relation = next(one for one in kind.relations if end in (one.left, one.right))
        many = relation.left_many if end == relation.left else relation.right_many
        reference = {"_type": "reference", "_ref": target}
        if not self.add:
            return {"patch": {"id": group, "unset": [f'{end[1]}[_ref=="{target}"]' if many else end[1]]}}
        if not many:
            return {"patch": {"id": group, "set": {end[1]: reference}}}
        insert = {"after": f"{end[1]}[-1]", "items": [{"_key": f"w{number}{target}", **reference}]}
        return {"patch": {"id": group, "setIfMissing": {end[1]: []}, "insert": insert}}


@dataclass(slots=True)
class PathResult:
    """What one case came to: ways compared, ways excused, and what differs, with the steps of the way that does."""

    name: str
    kind: Kind
    ways: int = 0
    excused: int = 0
    faults: list[str] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    expected: Links = field(default_factory=dict)


class _Case:
    """One beginning, from which wishes are played on fresh lakes."""

    def __init__(self, kind: Kind, layer: str, seed: str, factory: EngineFactory, lakes: LakeFactory) -> None:
        self.kind, self.layer, self.factory, self.lakes = kind, layer, factory, lakes
        self.schema = Schema.load(list(kind.types))
        self.chance = Random(f"paths {kind.name} {layer} {seed}")
        self.begin = [(self.chance.random() < 0.5, self.wish()) for _ in range(PREFIX)]

    def wish(self, *, add: bool = True) -> _Wish:
        """Draw a link."""
        relation = self.chance.choice(self.kind.relations)
        one = self.chance.choice(list(self.kind.groups[relation.left[0]]))
        return _Wish(
            relation.left, one, relation.right, self.chance.choice(list(self.kind.groups[relation.right[0]])), add
        )

    def steps(self, batches: Sequence[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
        """Return the beginning and then the batches, as steps of a scenario."""
        first = [
            [wish.mutation(self.kind, from_right=side, number=number)] for number, (side, wish) in enumerate(self.begin)
        ]
        return [{"submit": list(batch), "in": self.layer} for batch in (*first, *batches)]

    def play(self, batches: Sequence[Sequence[dict[str, Any]]]) -> list[Links]:
        """Return what all views show at the beginning and after each batch."""
        lake = self.lakes()
        if self.layer not in (PUBLISHED, DRAFTS):
            lake.act([{"actionType": "sanity.action.release.create", "releaseId": self.layer}])
        lake.mutate([{"create": {"_id": group, "_type": name}} for group, name in self.kind.type_of.items()])
        engine = self.factory(self.schema, lake.backend())
        seen: list[Links] = []
        for number, step in enumerate(self.steps(batches)):
            called(engine, "submit", step["submit"], perspective=self.layer)
            if number >= PREFIX - 1:
                documents = {name: body for name, body in lake.documents().items() if not name.startswith("_.")}
                seen.append({view: self._shown(documents, view) for view in layers_of(documents)})
        return seen

    def _shown(self, documents: Mapping[str, Any], view: str) -> dict[str, tuple[str, ...]]:
        links = links_in(self.schema, documents, view)
        return {f"{group}.{end.path[-1]}": tuple(sorted(held)) for (group, end), held in links.items() if held}


def judge_paths(
    kind: Kind, layer: str, seed: str, factory: EngineFactory, *, lake_factory: LakeFactory = EmbeddedLake
) -> list[PathResult]:
    """Play one case: a link made and broken from either side, and several in every batching, one by one first."""
    case = _Case(kind, layer, seed, factory, lake_factory)
    name = f"{kind.name} in {layer}, case {seed}"
    made = case.wish()
    linked = [made.mutation(kind, number=PREFIX)]
    wishes = [case.wish(add=case.chance.random() < 0.8) for _ in range(INTENTS)]
    singles = [one.mutation(kind, number=10 + index) for index, one in enumerate(wishes)]
    other_side = [made.mutation(kind, from_right=True, number=PREFIX)]
    broken, broken_right = (_Wish(made.left, made.one, made.right, made.other, add=False) for _ in range(2))
    return [
        _compared(case, f"{name}: made from either side", [linked], [[other_side]]),
        _compared(
            case,
            f"{name}: broken from either side",
            [linked, [broken.mutation(kind)]],
            [[linked, [broken_right.mutation(kind, from_right=True)]]],
        ),
        _compared(
            case,
            f"{name}: batched",
            [[one] for one in singles],
            [[singles], [singles[:2], singles[2:]], [singles[:1], singles[1:]]],
        ),
    ]


def _compared(case: _Case, name: str, reference: Any, others: Sequence[Any]) -> PathResult:
    """Compare what other ways lead to with what the reference way leads to."""
    result = PathResult(name, case.kind)
    try:
        history = case.play(reference)
        result.expected = history[-1]
        for batches in others:
            result.ways += 1
            now = case.play(batches)[-1]
            if now == history[-1]:
                continue
            if len(batches) < len(reference) and _comes_and_goes(history):
                result.excused += 1
                continue
            result.faults += _difference(history[-1], now)
            result.steps = case.steps(batches)
    except Exception as error:
        result.faults.append(f"I8 intent in {case.layer}: an edit was refused: {described(error)}")
        result.steps = case.steps(reference)
    return result


def _comes_and_goes(history: Sequence[Links]) -> bool:
    """Whether some link is made and broken, or broken and made, on the way."""
    places = {(view, place) for links in history for view in links for place in links[view]}
    for view, place in places:
        held = [links.get(view, {}).get(place, ()) for links in history]
        for target in {one for value in held for one in value}:
            if sum((target in was) != (target in now) for was, now in pairwise(held)) > 1:
                return True
    return False


def _difference(expected: Links, got: Links) -> list[str]:
    faults = []
    for view in sorted(expected.keys() | got.keys()):
        was, now = expected.get(view, {}), got.get(view, {})
        for place in sorted(was.keys() | now.keys()):
            left, right = was.get(place, ()), now.get(place, ())
            if left != right:
                told = f"{place} is [{', '.join(right)}], by the other path it is [{', '.join(left)}]"
                faults.append(f"I11 path independence in {view}: {told}")
    return faults


def paths_part(
    profile: Profile,
    seed: int,
    engine_factory: EngineFactory,
    *,
    found: Path | None = None,
    engine_option: str = "",
    lake_factory: LakeFactory = EmbeddedLake,
    share: float = 1.0,
    kinds: Sequence[Kind] = KINDS,
) -> PartResult:
    """Compare the paths of every relation kind without a policy of its own, in every layer."""
    clock = SystemClock()
    started = clock.monotonic()
    tally = Tally()
    results: list[PathResult] = []
    plain = [
        kind for kind in kinds if not kind.member and not any(one.reject or one.right_max for one in kind.relations)
    ]
    for kind in plain:
        for layer in LAYERS:
            for number in range(max(1, round(share * CASES[profile]))):
                judged = judge_paths(kind, layer, f"{seed}/{number}", engine_factory, lake_factory=lake_factory)
                results += judged
                for _ in range(sum(one.ways for one in judged)):
                    tally.checked(["I11"], LAYERS)
    failed = [result for result in results if result.faults]
    facts = tally.facts()
    facts["excused: comes and goes in one transaction"] = sum(result.excused for result in results)
    return PartResult(
        name=NAME,
        title="a link made or broken from either side, intents in every batching: the same links in every view",
        checked=sum(result.ways for result in results) or len(failed),
        unit="ways",
        failures=tuple(_failure(one, found, engine_option) for one in failed[:FAILURES_MAX]),
        seconds=clock.monotonic() - started,
        facts=facts,
    )


def _has_policy(kind: Kind) -> bool:
    return any(one.reject or one.right_max is not None for one in kind.relations)


def _failure(result: PathResult, found: Path | None, engine_option: str) -> Failure:
    lines = [*result.faults, *(f"  {number}. {step}" for number, step in enumerate(result.steps, 1))]
    path = "" if found is None else str(write_scenario(_scenario(result), found, f"{NAME}-{result.name}"))
    return Failure(result.name, "\n".join(lines), f"bidir scenario run {path}{engine_option}" if path else "", path)


def _scenario(result: PathResult) -> Scenario:
    """Return the way that differs as a scenario that expects what the other one came to, in the last step's layer."""
    layer = result.steps[-1]["in"]
    return Scenario.model_validate(
        {
            "title": f"{result.name}: {result.faults[0]}",
            "why": "\n".join(result.faults),
            "source": "I11",
            "schema": list(result.kind.types),
            "given": {
                "documents": dict(result.kind.type_of),
                "releases": [layer] if layer not in (PUBLISHED, DRAFTS) else [],
            },
            "when": result.steps,
            "then": {"documents": _documents(result, layer), "others": "any"},
        }
    )


def _documents(result: PathResult, layer: str) -> dict[str, dict[str, Any]]:
    """Return, by stored id, the fields in which the paths differ, as the expected path shows them."""
    differing = {fault.split(": ", 1)[1].split(" is ")[0] for fault in result.faults if f" in {layer}: " in fault}
    found: dict[str, dict[str, Any]] = {}
    for place in sorted(differing):
        group, name = place.split(".")
        prefix = {PUBLISHED: "", DRAFTS: "drafts."}.get(layer, f"versions.{layer}.")
        held = result.expected.get(layer, {}).get(place, ())
        end = (result.kind.type_of[group], name)
        many = any(
            (one.left == end and one.left_many) or (one.right == end and one.right_many)
            for one in result.kind.relations
        )
        value: Any = {"$set": [f"-> {one}" for one in held]} if many else f"-> {held[0]}" if held else None
        found.setdefault(f"{prefix}{group}", {})[name] = value if held else None
    return found
