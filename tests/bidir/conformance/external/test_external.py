"""Somebody else keeps a lake in step: judged by edits alone, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bidir.backends import LakeBackend
from bidir.conformance import broken
from bidir.conformance.external import EmbeddedWatched, ExternalOptions, judge_external
from bidir.conformance.external.cases import as_edits, unfit
from bidir.conformance.external.hand import as_the_studio_writes
from bidir.conformance.external.quiet import FOLLOW_UPS_MAX
from bidir.conformance.killing import shipped_scenarios
from bidir.conformance.loading import LoadedScenario, load_scenario
from bidir.conformance.parts import PartResult
from bidir.conformance.shorthand import schema_from_relations
from bidir.engine import Engine
from bidir.errors import IntentError, NotSupportedError
from bidir.relations import Schema
from lakesim import Lake
from lakesim.lake import Dataset

ROOT = Path(__file__).parents[4] / "scenarios"
Other = Callable[[], object]
REFERENCE = {"_type": "reference", "_ref": "b1", "_weak": True}


@cache
def scenarios() -> list[LoadedScenario]:
    return shipped_scenarios(ROOT)


@cache
def schema(*relations: str) -> Schema:
    return Schema.load(schema_from_relations(list(relations or ["book.author <-> author.currentBook"])))


@pytest.fixture
def dataset() -> Dataset:
    return Lake(seed=1).dataset("production")


def following(factory: Any) -> Callable[[Dataset], Other]:
    return lambda dataset: factory(schema(), LakeBackend(dataset)).follow().drain


def judge(dataset: Dataset, others: Sequence[Other], *, only: str = "museum/00*") -> PartResult:
    (part,) = judge_external(EmbeddedWatched(dataset, others), scenarios(), ExternalOptions(schema(), only=only))
    return part


def texts(part: PartResult) -> str:
    return "\n".join(one.text for one in part.failures)


def test_our_follower_holds_and_what_cannot_be_asked_is_counted(dataset: Dataset) -> None:
    part = judge(dataset, [following(Engine)(dataset)], only="*")
    assert part.failures == ()
    assert part.checked == len(part.cases) > 50
    assert part.facts["transactions after an edit, most"] == 1
    assert part.facts["convergence ms, 95 of 100"] < 1000
    left_out = {key for key in part.facts if key.startswith("skipped")}
    assert left_out == {
        "skipped (a lake or workers of the judge's making)",
        "skipped (documents that are out of step to begin with)",
        "skipped (other relations than book.author)",
        "skipped (releases)",
        "skipped (several editors, or faults, at chosen moments)",
        "skipped (steps that are no plain edits)",
        "skipped (the lake refuses an editor to publish there)",
        "skipped (the lake refuses an editor to unpublish there)",
        "skipped (what only the engine itself could tell)",
    }
    assert part.checked + sum(part.facts[key] for key in left_out) == sum(
        len(one.scenario.layers or [None]) for one in scenarios()
    )


def test_a_list_is_kept_as_well(dataset: Dataset) -> None:
    kept = schema("book.author <-> author.books[]")
    other = Engine(kept, LakeBackend(dataset)).follow().drain
    options = ExternalOptions(kept, only="museum/01*")
    (part,) = judge_external(EmbeddedWatched(dataset, [other]), scenarios(), options)
    assert part.passed, texts(part)


def leaks(dataset: Dataset) -> Other:
    """Puts what a draft says into published, and takes it out again before anybody looks."""

    told: set[str] = set()

    def act() -> None:
        draft, author = dataset.get("drafts.b1"), dataset.get("a2")
        if draft and author and draft["_rev"] not in told:
            told.add(draft["_rev"])
            dataset.mutate([{"patch": {"id": "a2", "set": {"currentBook": REFERENCE}}}])
            dataset.mutate([{"patch": {"id": "a2", "unset": ["currentBook"]}}])

    return act


def counts_for_ever(dataset: Dataset) -> Other:
    count = iter(range(1_000_000))

    def act() -> None:
        if dataset.get("b1"):
            dataset.mutate([{"patch": {"id": "b1", "set": {"n": next(count)}}}])

    return act


def chatters(dataset: Dataset) -> Other:
    """Writes a counter after each change, more often than any link needs, and then rests."""
    state = {"left": 0, "seen": len(dataset.log())}

    def act() -> None:
        if len(dataset.log()) > state["seen"] and not state["left"]:
            state["left"] = FOLLOW_UPS_MAX + 1
        if state["left"] and dataset.get("b1"):
            state["left"] -= 1
            dataset.mutate([{"patch": {"id": "b1", "set": {"n": state["left"]}}}])
        state["seen"] = len(dataset.log())

    return act


OTHERS = {
    "nobody at all": (lambda dataset: lambda: None, "I1 symmetry"),
    "no eviction": (following(broken.no_eviction), "I1 symmetry"),
    "strong inverse": (following(broken.strong_inverse), "E8.6 strength"),
    "overwrites text": (following(broken.overwrites_text), "I7 frame"),
    "a leak that nobody sees afterwards": (leaks, "I4 isolation"),
    "a loop": (counts_for_ever, "F6 loops"),
    "far too many writes": (chatters, "F6 loops"),
    "writes where all is in step": (chatters, "I6 fixpoint"),
}


@pytest.mark.parametrize(("other", "rule"), OTHERS.values(), ids=OTHERS)
def test_what_others_do_wrong_is_named(other: Callable[[Dataset], Other], rule: str, dataset: Dataset) -> None:
    part = judge(dataset, [other(dataset)], only="museum/001*" if rule != "I1 symmetry" else "museum/002*")
    assert not part.passed
    assert any(line.startswith("  breaks") and rule in line for line in texts(part).splitlines()), texts(part)


def test_who_crashes_has_left_things_undone(dataset: Dataset) -> None:
    def crash() -> None:
        raise KeyError("author")

    watched = EmbeddedWatched(dataset, [crash])
    (part,) = judge_external(watched, scenarios(), ExternalOptions(schema(), only="museum/001*"))
    assert "I1 symmetry" in texts(part)
    assert watched.crashes[0] == "KeyError: 'author'"


def test_a_dataset_in_use_is_refused_and_untouched(dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": "b1", "_type": "book", "title": "somebody's"}}])
    with pytest.raises(IntentError, match=r"holds 1 documents of the types author, book \(b1\)"):
        judge(dataset, [])
    assert [one["_id"] for one in dataset.documents()] == ["b1"]


def test_other_documents_are_left_alone_and_the_judges_own_go(dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": "settings", "_type": "settings"}}])
    assert judge(dataset, [following(Engine)(dataset)], only="*/flow-1*").checked
    assert [one["_id"] for one in dataset.documents()] == ["settings"]


def test_a_schema_without_relations_is_refused(dataset: Dataset) -> None:
    plain = Schema.load([{"name": "book", "type": "document", "fields": [{"name": "title", "type": "string"}]}])
    with pytest.raises(NotSupportedError, match="declares no relation"):
        judge_external(EmbeddedWatched(dataset), scenarios(), ExternalOptions(plain))


CASE = """
title: Case
why: Because
source: test
relations: [%s]
given: {documents: {b1: book, a1: author}}
when: [%s]
then: {documents: {b1: {author: ~> a1}, a1: {currentBook: ~> b1}}, writes: 1, pending: []}
"""
ONE = "book.author <-> author.currentBook"
UNFIT = {
    "a plain edit": (ONE, "{set: {b1.author: -> a1}}", ""),
    "an edit elsewhere": (ONE, "{elsewhere: [{patch: {id: b1, set: {author: -> a1}}}]}, {settle: true}", ""),
    "another relation": ('"book.author <-> author.books[]"', "{set: {b1.author: -> a1}}", "other relations than"),
    "another policy": (
        f"{{between: {ONE}, onConflict: reject}}",
        "{set: {b1.author: -> a1}}",
        "other relations than book.author",
    ),
    "a repair": (ONE, "{repair: {}}", "no plain edits"),
    "a fault": (ONE, "{set: {b1.author: -> a1}, fault: {conflict: 1}}", "at chosen moments"),
    "a release": (ONE, "{set: {b1.author: -> a1}, in: r1}", "releases"),
    "an error": (ONE, "{set: {b1.author: -> a1}, then: {error: {type: Refused}}}", "only the engine itself"),
}


@pytest.mark.parametrize(("relation", "steps", "reason"), UNFIT.values(), ids=UNFIT)
def test_what_can_be_asked_from_outside(relation: str, steps: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(CASE % (relation, steps), encoding="utf-8")
    found = unfit(load_scenario(path), schema())
    assert reason in found
    assert bool(reason) == bool(found)


def test_a_case_keeps_what_shows_in_documents_and_lets_the_editors_own_strength_be(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(CASE % (ONE, "{set: {b1.author: -> a1}}"), encoding="utf-8")
    then = as_edits(load_scenario(path)).scenario.then
    assert then is not None
    assert then.documents == {"b1": {"author": "-> a1"}, "a1": {"currentBook": "~> b1"}}
    assert then.writes is None
    assert then.pending is None


@pytest.mark.parametrize(
    ("stored", "extra"),
    [
        ({"a1": {"_type": "author"}}, {}),
        ({"a1": None, "drafts.a1": {"_type": "author"}}, {"_weak": True, "_strengthenOnPublish": {"type": "author"}}),
        ({"a1": None, "drafts.a1": None}, {"_weak": True}),
    ],
)
def test_the_editor_points_as_the_studio_does(stored: dict[str, Any], extra: dict[str, Any]) -> None:
    reference = {"_type": "reference", "_ref": "a1"}
    written = as_the_studio_writes({"patch": {"id": "b1", "set": {"authors": [reference]}}}, stored)
    assert written == {"patch": {"id": "b1", "set": {"authors": [{**reference, **extra}]}}}
