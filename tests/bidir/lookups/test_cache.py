"""Answers are kept for a minute, and never longer than they are true as far as the engine can know."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.conformance.proxy import ObservedBackend, Traffic
from bidir.lookups.cache import CACHE_ENTRIES_MAX, CACHE_SECONDS, LookupCache
from bidir.lookups.question import Question
from lakesim import Dataset, Lake

Json = Any
Ask = Callable[[Engine], Any]

QUESTIONS: dict[str, Ask] = {
    "candidates": lambda engine: engine.candidates("film.director", document="f1"),
    "references": lambda engine: engine.references(["f1", "f2"], previews=True),
    "referring": lambda engine: engine.referring("ann", "film.director"),
    "projection": lambda engine: engine.referring("ann", "film.director", projection="{_id, director->}"),
}

every_question = pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())


@every_question
def test_a_second_asking_is_no_request(engine: Engine, traffic: Traffic, ask: Ask) -> None:
    first = ask(engine)
    assert ask(engine) == first
    assert traffic.reads == 1
    assert (engine.counters["lookup_hits"], engine.counters["lookup_misses"], engine.counters["lookups"]) == (1, 1, 1)


@every_question
def test_an_answer_is_good_for_a_minute(engine: Engine, dataset: Dataset, traffic: Traffic, ask: Ask) -> None:
    ask(engine)
    dataset.clock.advance(CACHE_SECONDS - 0.001)
    ask(engine)
    assert traffic.reads == 1
    dataset.clock.advance(0.001)
    ask(engine)
    assert traffic.reads == 2


@every_question
def test_a_hit_does_not_prolong_an_answers_life(engine: Engine, dataset: Dataset, traffic: Traffic, ask: Ask) -> None:
    for _ in range(7):
        ask(engine)
        dataset.clock.advance(CACHE_SECONDS / 4)
    assert traffic.reads == 2


@every_question
def test_an_own_write_is_seen_at_once(engine: Engine, ask: Ask) -> None:
    before = ask(engine)
    engine.add("f1", "director", "ann")
    assert ask(engine) != before


@every_question
def test_a_write_made_elsewhere_is_seen_at_once(engine: Engine, dataset: Dataset, ask: Ask) -> None:
    before = ask(engine)
    Engine(engine.schema, LakeBackend(dataset)).add("f1", "director", "ann")
    assert ask(engine) != before


def test_an_open_picker_shows_a_candidate_that_appears_and_one_that_goes(engine: Engine, dataset: Dataset) -> None:
    assert len(engine.candidates("film.director")) == 4
    dataset.mutate([{"create": {"_id": "drafts.eve", "_type": "person"}}])
    assert len(engine.candidates("film.director")) == 5
    dataset.mutate([{"delete": {"id": "drafts.eve"}}])
    assert len(engine.candidates("film.director")) == 4


def test_changes_of_other_types_and_layers_leave_an_answer_alone(
    engine: Engine, dataset: Dataset, traffic: Traffic
) -> None:
    engine.create_release("rSpring")
    engine.candidates("film.director", perspective="published")
    traffic.reads = 0
    dataset.mutate(
        [
            {"patch": {"id": "f1", "set": {"title": "New"}}},
            {"create": {"_id": "drafts.ann", "_type": "person"}},
            {"create": {"_id": "versions.rSpring.ann", "_type": "person"}},
        ]
    )
    engine.candidates("film.director", perspective="published")
    assert traffic.reads == 0
    engine.candidates("film.director", perspective="rSpring")
    dataset.mutate([{"patch": {"id": "versions.rSpring.ann", "set": {"name": "Anna"}}}])
    engine.candidates("film.director", perspective="rSpring")
    assert traffic.reads == 2
    dataset.mutate([{"patch": {"id": "ann", "set": {"name": "Anna"}}}])
    engine.candidates("film.director", perspective="published")
    assert traffic.reads == 3


def test_the_cache_can_be_passed_by(engine: Engine, traffic: Traffic) -> None:
    for ask in (
        lambda: engine.candidates("film.director", cache=False),
        lambda: engine.references(["f1"], cache=False),
        lambda: engine.referring("ann", "film.director", cache=False),
    ):
        traffic.reads = 0
        ask()
        ask()
        assert traffic.reads == 2
    assert engine.counters["lookup_hits"] == engine.counters["lookup_misses"] == 0


def test_different_questions_are_told_apart(engine: Engine, traffic: Traffic) -> None:
    engine.candidates("film.director")
    engine.candidates("film.director", search="ann")
    engine.candidates("film.director", search="bea")
    engine.candidates("film.director", limit=1)
    engine.candidates("film.director", perspective="published")
    engine.candidates("film.director", document="f1")
    assert traffic.reads == 6


def test_what_the_caller_does_to_an_answer_does_not_show_in_the_next(engine: Engine) -> None:
    engine.add("f1", "credits", "ann", item={"role": "lead"})
    for _ in range(3):
        row = engine.references(["f1"], previews=True)["f1"]["credits[].person"][0]
        candidate = engine.candidates("film.director")[0]
        assert (row["item"]["role"], candidate["_type"]) == ("lead", "person")
        row["item"]["role"] = candidate["_type"] = "scribbled"


def director_set(dataset: Dataset) -> None:
    reference = {"_type": "reference", "_ref": "ann"}
    dataset.mutate([{"patch": {"id": "f1", "set": {"director": reference}}}])


def ann_renamed(dataset: Dataset) -> None:
    dataset.mutate([{"patch": {"id": "ann", "set": {"name": "Anna"}}}])


@pytest.mark.parametrize(
    ("ask", "change"),
    [
        pytest.param(
            lambda e, **o: e.candidates("film.director", document="f1", **o), director_set, id="what-is-taken"
        ),
        pytest.param(lambda e, **o: e.references(["f1"], previews=True, **o), ann_renamed, id="preview-of-a-target"),
        pytest.param(
            lambda e, **o: e.referring("ann", "film.director", projection="{'by': director->name}", **o),
            ann_renamed,
            id="projection-across-types",
        ),
    ],
)
def test_an_answer_depends_on_every_type_it_was_made_from(
    engine: Engine, dataset: Dataset, ask: Callable[..., Any], change: Callable[[Dataset], None]
) -> None:
    if change is ann_renamed:
        director_set(dataset)
    before = ask(engine, perspective="published")
    change(dataset)
    after = ask(engine, perspective="published")
    assert after == ask(engine, perspective="published", cache=False) != before


# ------------------------------------------------------------------------------------------- backends that differ


class Deaf(ObservedBackend):
    """A backend that cannot listen."""

    listen: Any = None


def test_without_a_listener_own_writes_and_time_limit_an_answers_life(schema: Schema, dataset: Dataset) -> None:
    engine = Engine(schema, Deaf(LakeBackend(dataset)))
    assert engine.referring("ann", "film.director").total == 0
    engine.add("f1", "director", "ann")
    assert engine.referring("ann", "film.director").total == 1
    Engine(schema, LakeBackend(dataset)).add("f2", "director", "ann")
    assert engine.referring("ann", "film.director").total == 1
    dataset.clock.advance(CACHE_SECONDS)
    assert engine.referring("ann", "film.director").total == 2


def test_without_a_listener_a_repair_is_seen(schema: Schema, dataset: Dataset) -> None:
    engine = Engine(schema, Deaf(LakeBackend(dataset)))
    one_sided = {"_type": "reference", "_ref": "ann", "_weak": True}
    dataset.mutate([{"patch": {"id": "f1", "set": {"director": one_sided}}}])
    assert engine.references(["ann"], perspective="published")["ann"]["directed"] == []
    engine.repair(dry_run=False)
    assert engine.references(["ann"], perspective="published")["ann"]["directed"] == ["f1"]


class Broken(LakeBackend):
    """A backend whose stream says what it is told to say."""

    events: list[dict[str, Json]] = []

    def listen(self, groq: str, params: Any) -> Any:
        self.opened = getattr(self, "opened", 0) + 1
        return self

    def drain(self) -> list[dict[str, Json]]:
        events, self.events = self.events, []
        return events

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("events", "hits", "opened"),
    [
        ([{"type": "welcome"}], 1, 1),
        ([{"type": "welcome"}, {"type": "welcome"}], 0, 1),
        ([{"type": "reset"}], 0, 1),
        ([{"type": "reconnect"}], 0, 1),
        ([{"type": "error"}], 0, 2),
        ([], 1, 1),
    ],
)
def test_a_stream_that_broke_empties_the_cache(
    schema: Schema, dataset: Dataset, events: list[dict[str, Json]], hits: int, opened: int
) -> None:
    backend = Broken(dataset)
    engine = Engine(schema, backend)
    engine.candidates("film.director")
    backend.events = events
    engine.candidates("film.director")
    assert (engine.counters["lookup_hits"], backend.opened) == (hits, opened)


def test_the_listener_ends_with_the_engine(schema: Schema, dataset: Dataset) -> None:
    backend = Broken(dataset)
    engine = Engine(schema, backend)
    engine.candidates("film.director")
    assert not hasattr(backend, "closed")
    del engine
    gc.collect()
    assert backend.closed


def test_nobody_listens_before_something_is_asked(schema: Schema, dataset: Dataset) -> None:
    backend = Broken(dataset)
    engine = Engine(schema, backend)
    engine.add("f1", "director", "ann")
    engine.candidates("film.director", cache=False)
    assert not hasattr(backend, "opened")


# ------------------------------------------------------------------------------------------------------- any order


def question(number: int) -> Question:
    return Question(f"*[{number}]", {}, "drafts", frozenset({"person"}))


@given(st.lists(st.integers(0, 6), max_size=40), st.integers(1, 4))
def test_the_cache_keeps_the_questions_asked_last(numbers: list[int], size: int) -> None:
    counters: Counter[str] = Counter()
    backend = LakeBackend(Lake(seed=0).dataset("production"))
    cache = LookupCache(backend, counters, types=("person",), entries=size)
    kept: list[int] = []
    for number in numbers:
        hits = counters["lookup_hits"]
        assert cache.answer(question(number), lambda number=number: [number]) == [number]
        assert (counters["lookup_hits"] - hits) == (number in kept)
        kept = [*(one for one in kept if one != number), number][-size:]
    assert len(cache) == len(kept) <= size <= CACHE_ENTRIES_MAX


MOVES = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(("f1", "f2")), st.sampled_from(("ann", "bea"))),
    st.tuples(st.just("elsewhere"), st.sampled_from(("f1", "drafts.f1", "ann")), st.sampled_from(("x", "y"))),
    st.tuples(st.just("publish"), st.sampled_from(("f1", "ann")), st.just("")),
    st.tuples(st.just("wait"), st.sampled_from((1.0, 59.0)), st.just("")),
)


@given(moves=st.lists(MOVES, max_size=8))
def test_with_and_without_cache_the_answers_are_the_same(
    new_world: Callable[[], tuple[Engine, Dataset]], moves: list[Any]
) -> None:
    engine, dataset = new_world()
    for kind, what, value in moves:
        if kind == "add":
            engine.add(what, "director", value)
        elif kind == "elsewhere" and dataset.get(what) is not None:
            dataset.mutate([{"patch": {"id": what, "set": {"title": value, "name": value}}}])
        elif kind == "publish" and dataset.get(f"drafts.{what}") is not None:
            engine.publish(what)
        elif kind == "wait":
            dataset.clock.advance(what)
        for view in ("drafts", "published"):
            options = {"perspective": view}
            assert engine.candidates("film.director", document="f1", **options) == engine.candidates(
                "film.director", document="f1", cache=False, **options
            )
            assert engine.references(["f1", "ann"], previews=True, **options) == engine.references(
                ["f1", "ann"], previews=True, cache=False, **options
            )
            assert engine.referring("ann", "film.director", **options) == engine.referring(
                "ann", "film.director", cache=False, **options
            )
