"""The life-cycle machines: every row of E4 is met and held, each invariant has teeth, failures replay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from bidir import Engine, Outcome, Schema
from bidir.conformance import broken, machines, machines_life_run, machines_rows
from bidir.conformance.broken.outgoing import Mutations, rewritten
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.loading import load_scenario
from bidir.conformance.machines import Effort, effort_settings, play_kind
from bidir.conformance.machines_kinds import KINDS
from bidir.conformance.machines_life import LifeMachine
from bidir.conformance.machines_life_kinds import LIFE_KINDS, LifeKind, switched_off
from bidir.conformance.machines_life_part import life_parts
from bidir.conformance.machines_life_run import play_life
from bidir.conformance.machines_life_world import LifeWorld
from bidir.conformance.machines_meaning import Meanings
from bidir.conformance.machines_rows import ROWS
from bidir.conformance.machines_tally import INVARIANTS, NAMES, Tally, added_facts
from bidir.conformance.machines_world import PropertyFailedError
from bidir.conformance.model import Model
from bidir.conformance.playing import EngineFactory
from bidir.conformance.runner import run_scenario
from bidir.outcome import Pending
from bidir.ports import Backend

LIFE = {kind.name: kind for kind in LIFE_KINDS}
PLAIN = {kind.name: kind for kind in KINDS}
ONE, LIST = LIFE["life one-to-one"], LIFE["life many-to-one"]
LIVE_AUTHOR, LIVE_BOOK = LIFE["life one-to-one author live"], LIFE["life many-to-one book live"]
BOTH_LIVE = LIFE["life many-to-many book live author live"]
FEW = Effort(runs=3, steps=8)

P, D, R = "published", "drafts", "r1"
Step = Mapping[str, Any]


def point(group: str, field: str, target: str | None, layer: str) -> dict[str, Any]:
    value = {"unset": [field]} if target is None else {"set": {field: {"_type": "reference", "_ref": target}}}
    return {"submit": [{"patch": {"id": group, **value}}], "in_": layer}


def add(group: str, field: str, target: str, layer: str) -> dict[str, Any]:
    item = {"_key": f"k{target}", "_type": "reference", "_ref": target}
    patch = {"setIfMissing": {field: []}, "insert": {"after": f"{field}[-1]", "items": [item]}}
    return {"submit": [{"patch": {"id": group, **patch}}], "in_": layer}


def mark(group: str) -> list[Step]:
    action = "sanity.action.document.version.unpublish"
    return [
        {"elsewhere_actions": [{"actionType": action, "versionId": f"versions.r1.{group}", "publishedId": group}]},
        {"settle": True},
    ]


LINK = point("b1", "author", "a1", D)
BY_HAND = [
    {"elsewhere": [{"patch": {"id": "b1", "set": {"author": {"_type": "reference", "_ref": "a1", "_weak": True}}}}]},
    {"settle": True},
]
SOON = {"schedule_release": {"r1": "2026-01-01T00:05:00Z"}}
ROW_CASES: dict[int, tuple[LifeKind, dict[str, Sequence[str]], list[Step]]] = {
    1: (ONE, {"b1": [D], "a1": [D]}, [LINK]),
    2: (ONE, {"b1": [P], "a1": [P]}, [LINK]),
    3: (ONE, {"b1": [P], "a1": [P, D]}, [LINK]),
    4: (ONE, {"b1": [P], "a1": [R]}, [LINK]),
    5: (LIVE_AUTHOR, {"b1": [P], "a1": [P]}, [LINK]),
    6: (BOTH_LIVE, {"b1": [P], "a1": [P]}, [add("b1", "authors", "a1", D)]),
    7: (LIVE_BOOK, {"b1": [P], "a1": [P, D]}, [LINK]),
    8: (LIVE_BOOK, {"b1": [P], "a1": [D]}, [LINK]),
    9: (ONE, {"b1": [P], "a1": [P, R]}, [point("b1", "author", "a1", R)]),
    10: (ONE, {"b1": [P], "a1": [P]}, [point("b1", "author", "a1", R)]),
    11: (ONE, {"b1": [P], "a1": [D]}, [point("b1", "author", "a1", R)]),
    12: (LIVE_BOOK, {"b1": [P], "a1": [P]}, [point("b1", "author", "a1", R)]),
    13: (ONE, {"b1": [P], "a1": [P]}, [*mark("a1"), point("b1", "author", "a1", R)]),
    14: (ONE, {"b1": [P], "a1": [P]}, [LINK, {"publish": "b1", "in_": D}]),
    15: (ONE, {"b1": [P], "a1": [D]}, [LINK, {"publish": "b1", "in_": D}]),
    16: (
        ONE,
        {"b1": [P], "a1": [P]},
        [point("b1", "author", "a1", P), point("b1", "author", None, D), {"publish": "b1", "in_": D}],
    ),
    17: (LIVE_AUTHOR, {"b1": [P], "a1": [P]}, [LINK, {"publish": "b1", "in_": D}]),
    18: (ONE, {"b1": [D], "a1": [D]}, [LINK, {"publish": ["b1", "a1"], "in_": D}]),
    19: (ONE, {"b1": [P], "a1": [P]}, [point("b1", "author", "a1", P), {"unpublish": "b1"}]),
    20: (LIVE_AUTHOR, {"b1": [P], "a1": [P]}, [point("b1", "author", "a1", P), {"unpublish": "b1"}]),
    21: (ONE, {"b1": [P], "a1": [P]}, [LINK, {"discard": "b1", "in_": D}]),
    22: (ONE, {"b1": [D], "a1": [P]}, [LINK, {"discard": "b1", "in_": D}]),
    23: (ONE, {"b1": [P, D, R], "a1": [P]}, [LINK, {"delete_everywhere": "b1"}]),
    24: (ONE, {"b1": [P], "a1": [P]}, mark("a1")),
    25: (ONE, {"b1": [P], "a1": [P]}, [point("b1", "author", "a1", R), {"publish_release": "r1"}]),
    26: (
        ONE,
        {"b1": [P], "a1": [P]},
        [point("b1", "author", "a1", R), SOON, point("b2", "author", "a1", P), {"advance": 400}, {"settle": True}],
    ),
    27: (ONE, {"b1": [P], "a1": [P]}, [point("b1", "author", "a1", R), {"discard": "b1", "in_": R}]),
    28: (ONE, {"b1": [P], "a1": [P]}, [LINK, {"duplicate": {"b1": "b4"}, "in_": D}]),
    29: (LIST, {"b1": [P], "a1": [P]}, [LINK, {"duplicate": {"b1": "b4"}, "in_": D}]),
    30: (ONE, {"b1": [P], "a1": [P]}, [LINK, {"remember": {"rev": "drafts.b1._rev"}}, {"restore": {"b1": "$rev"}}]),
    31: (ONE, {"b1": [P], "a1": [P]}, BY_HAND),
}


def played(kind: LifeKind, given: Mapping[str, Sequence[str]], steps: Sequence[Step], factory: EngineFactory) -> Tally:
    """Play steps on a fresh lake with an engine; raise what does not hold."""
    tally = Tally()
    others = {group: [P] for group in ("b2", "b3", "a2", "a3")}
    world = LifeWorld(kind, Schema.load(kind.types), EmbeddedLake(), factory, tally, {**others, **given})
    try:
        for step in steps:
            world.do(**step)
    finally:
        world.close()
    return tally


@pytest.mark.parametrize("row", ROWS)
def test_each_row_of_the_table_is_met_and_held(row: int) -> None:
    kind, given, steps = ROW_CASES[row]
    assert played(kind, given, steps, Engine).rows[row] > 0


def test_each_row_has_a_rule_of_the_machine() -> None:
    lines = re.findall(r"\| ([\d, –]+) \| (.*) \|", machines_rows.__doc__ or "")
    covered: set[int] = set()
    for numbers, words in lines:
        for part in numbers.split(","):
            first, _, last = part.strip().partition("–")
            covered |= set(range(int(first), int(last or first) + 1))
        rules = re.findall(r"`(\w+)`", words)
        assert rules
        assert all(callable(getattr(LifeMachine, name)) for name in rules), rules
    assert covered == set(ROWS) == set(range(1, 32))


@pytest.mark.parametrize("kind", LIFE_KINDS, ids=lambda kind: kind.name)
def test_our_engine_holds(kind: LifeKind) -> None:
    result = play_life(kind, FEW, 5, Engine)
    assert result.faults == ()
    assert result.facts["intents"] > 0
    assert result.facts["checks of invariants"] > 0


def test_the_facts_count_each_invariant_by_view() -> None:
    facts = played(ONE, *ROW_CASES[25][1:], Engine).facts()
    assert list(facts["invariants"]) == list(INVARIANTS)
    assert all(facts["invariants"]["I1"][view] > 0 for view in ("published", "drafts", "releases"))
    assert facts["invariants"]["I8"] == {"published": 1, "drafts": 0, "releases": 1}
    assert facts["writes_per_intent"]["1"] >= 1
    doubled = added_facts([facts, facts])
    assert doubled["writes_per_intent"] == {key: 2 * count for key, count in facts["writes_per_intent"].items()}


# ------------------------------------------------------------------------------------------------------------ teeth


class Silent(Engine):
    """Finds nothing wrong with what it has done."""

    def audit(self, *, notes: bool = False) -> Iterator[Any]:
        return iter(())


def sent(change: Any) -> Any:
    """Return a factory of engines that send what `change(mutation, mine)` makes of each mutation, and audit nothing."""

    def rewrite(mutations: Mutations, mine: Any) -> list[Mutations]:
        return [[one for mutation in mutations for one in change(mutation, mine)]]

    def make(schema: Schema, backend: Backend) -> Engine:
        engine = rewritten(rewrite)(schema, backend)
        engine.audit = lambda *, notes=False: iter(())  # type: ignore[method-assign,misc]
        return engine

    return make


def _patched(mutation: Any) -> dict[str, Any]:
    return dict(mutation.get("patch", {}))


def twice(mutation: Any, mine: Any) -> list[Any]:
    """Insert the item of an inverse list a second time under another key."""
    patch = _patched(mutation)
    items = patch.get("insert", {}).get("items")
    if not items or patch["id"].endswith("b1"):
        return [mutation]
    again = [{**item, "_key": f"{item['_key']}-again"} for item in items]
    return [{"patch": {**patch, "insert": {**patch["insert"], "items": [*items, *again]}}}]


def leaks(mutation: Any, mine: Any) -> list[Any]:
    """Publish one pair while drafts are edited."""
    if _patched(mutation).get("id") != "drafts.b1":
        return [mutation]
    link = {"_type": "reference", "_weak": True}
    return [
        mutation,
        {"patch": {"id": "b3", "set": {"author": {**link, "_ref": "a3"}}}},
        {"patch": {"id": "a3", "set": {"currentBook": {**link, "_ref": "b3"}}}},
    ]


def scribbles(mutation: Any, mine: Any) -> list[Any]:
    """Write a text of the partner's along with its half."""
    body = mutation.get("create", {})
    return [{"create": {**body, "title": "mine now"}}] if body.get("_type") == "author" else [mutation]


def forgets_text(mutation: Any, mine: Any) -> list[Any]:
    """Leave the user's own text out."""
    patch = _patched(mutation)
    if "title" not in patch.get("set", {}):
        return [mutation]
    rest = {key: value for key, value in patch["set"].items() if key != "title"}
    return [{"patch": {**patch, "set": rest}}] if rest else []


class Restless(Silent):
    """Writes also what stands there already."""

    def submit(self, mutations: Mutations, **options: Any) -> Outcome:
        outcome = super().submit(mutations, **options)
        if not outcome.writes:
            self.backend.commit([{"patch": {"id": "drafts.b1", "set": {"title": "b1 as given"}}}], transaction_id=None)
        return outcome


class Unbounded(Silent):
    """Knows nothing of how many links a list takes."""

    def __init__(self, schema: Schema, backend: Backend) -> None:
        free = [dict(one) for one in PLAIN["many-to-one"].types]
        super().__init__(Schema.load(free), backend)


class Secretive(Silent):
    """Does not tell what waits."""

    def pending(self) -> list[Pending]:
        return []


class Forgetful(Silent):
    """Deletes a document alone, and calls the pointers at it a matter of time."""

    def delete(self, document_id: str, **options: Any) -> Outcome:
        self.backend.commit([{"delete": {"id": f"drafts.{document_id}"}}], transaction_id="bidir.x.delete")
        return Outcome()

    def pending(self) -> list[Pending]:
        return [Pending("book.author", "a1", "b1", "drafts", "missing", "later")]


def two_requests(schema: Schema, backend: Backend) -> Engine:
    return broken.two_requests(schema, backend)


BOUNDED = LifeKind("life bounded", PLAIN["bounded"])
SEVERAL = {"submit": [*LINK["submit"], {"patch": {"id": "b2", "set": {"title": "x"}}}], "in_": D}
RESTATED = {"submit": [{"patch": {"id": "b1", "unset": ["author"]}}], "in_": D}
WITH_TEXT = {
    "submit": [{"patch": {"id": "b1", "set": {"title": "words", **LINK["submit"][0]["patch"]["set"]}}}],
    "in_": D,
}
PAIR = {"b1": [P], "a1": [P]}
DRAFTS_ONLY = {"b1": [P, D], "a1": [P, D]}
TEETH: dict[str, tuple[LifeKind, dict[str, Sequence[str]], list[Step], Any]] = {
    "I1": (ONE, PAIR, [LINK], broken.one_sided),
    "I2": (BOUNDED, PAIR, [point(f"b{number}", "author", "a1", P) for number in (1, 2, 3)], Unbounded),
    "I3": (LIST, DRAFTS_ONLY, [LINK], sent(twice)),
    "I4": (ONE, DRAFTS_ONLY, [SEVERAL], sent(leaks)),
    "I5": (ONE, PAIR, [point("b1", "author", "a9", D)], Secretive),
    "I6": (ONE, DRAFTS_ONLY, [RESTATED], Restless),
    "I7": (ONE, PAIR, [LINK], sent(scribbles)),
    "I8": (ONE, PAIR, [LINK], broken.does_nothing),
    "I9": (ONE, {"b1": [D], "a1": [D]}, [LINK, {"delete_everywhere": "b1"}], Forgetful),
    "I10": (ONE, PAIR, [LINK], two_requests),
    "I12": (ONE, DRAFTS_ONLY, [WITH_TEXT], sent(forgets_text)),
}


@pytest.mark.parametrize("invariant", TEETH)
def test_a_spoilt_engine_is_caught_by_one_invariant_alone(invariant: str) -> None:
    kind, given, steps, factory = TEETH[invariant]
    played(kind, given, steps[:-1] if invariant == "I2" else steps, Engine)
    with pytest.raises(PropertyFailedError) as caught:
        played(kind, given, steps, factory)
    assert {fault.partition(" in ")[0] for fault in caught.value.faults} == {NAMES[invariant]}  # type: ignore[index]


def test_a_failure_is_made_small_and_replays_on_the_same_engine(tmp_path: Path) -> None:
    result = play_life(ONE, Effort(15, 8), 1, broken.one_sided, found=tmp_path)
    assert result.faults
    assert result.scenario is not None
    loaded = load_scenario(result.scenario)
    assert loaded.scenario.invariants_after_each_step
    assert len(loaded.scenario.when) <= 2
    assert result.faults[0].partition(" in ")[0] in run_scenario(loaded, broken.one_sided).breaks
    ours = run_scenario(loaded, Engine)
    assert ours.passed, ours


@pytest.fixture
def as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave failures as they are found: making them smaller takes most of the time."""

    def unshrunk(effort: Effort, examples: Path | None) -> settings:
        return settings(effort_settings(effort, examples), phases=(Phase.generate,))

    monkeypatch.setattr(machines, "effort_settings", unshrunk)
    monkeypatch.setattr(machines_life_run, "effort_settings", unshrunk)


@pytest.mark.usefixtures("as_found")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_model_that_forgets_the_other_half_is_found_out(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "_set", lambda self, view, edit, below: {**view, (edit.group, edit.field): edit.value})
    assert not play_kind(kind, Effort(20, 8), 1, Engine).holds


@pytest.mark.usefixtures("as_found")
@pytest.mark.parametrize("kind", LIFE_KINDS[:2], ids=lambda kind: kind.name)
def test_a_judge_that_expects_the_wrong_thing_is_found_out(kind: LifeKind, monkeypatch: pytest.MonkeyPatch) -> None:
    stated = Meanings._stated
    monkeypatch.setattr(
        Meanings,
        "_stated",
        lambda self, *arguments: {
            place: type(one)((*one.value, "somebody")) for place, one in stated(self, *arguments).items()
        },
    )
    assert any(fault.startswith("I8 intent") for fault in play_life(kind, Effort(10, 8), 1, Engine).faults)


def test_an_engine_that_only_submits_is_judged_on_that_and_the_rest_is_named() -> None:
    class Bare:
        def __init__(self, schema: Schema, backend: Backend) -> None:
            self._engine = Engine(schema, backend)
            self.submit = self._engine.submit
            self.pending = self._engine.pending

    (part,) = life_parts("quick", 0, Bare, kinds=[ONE])
    assert part.passed, part.failures
    assert part.facts["intents"] > 0
    assert {"follow", "unpublish"} <= set(part.facts["skipped"])
    assert "follow" in part.facts["not offered"]


def test_switching_off_keeps_the_declaration() -> None:
    off = Schema.load(switched_off(ONE.types))
    assert [relation.enabled for relation in off.relations] == [False]
    assert off.fields_of("book") == ()
