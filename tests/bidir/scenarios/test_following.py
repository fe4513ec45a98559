"""Workers in scenarios: when they act, what goes wrong on the way, and engines that cannot follow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bidir.conformance.loading import ScenarioError, load_scenario
from bidir.conformance.result import Result, render
from bidir.conformance.scenarios_part import run_folder
from bidir.engine import Engine
from bidir.outcome import Outcome

Play = Callable[..., Result]

BOOKS = """
relations: ["book.author <-> author.books[]"]
follow: true
given: {documents: {b1: book, b2: book, a1: author}}
when:
"""
EDIT = "  - elsewhere: [{patch: {id: b1, set: {author: => a1}}}]\n"
UNTOUCHED = "    then: {documents: {}, transactions: 0}\n"
FOLLOWED = "    then: {documents: {a1: {books: [~> b1]}}, transactions: 1, writes: 1, documents_written: 1}\n"
SETTLE = "  - settle: true\n"

STEPS = {
    "nothing happens before it is settled": EDIT + "  - advance: 60\n" + UNTOUCHED + SETTLE + FOLLOWED,
    "a stopped worker does nothing, a started one catches up": EDIT
    + "  - stop_worker: worker 1\n"
    + SETTLE
    + UNTOUCHED
    + "  - start_worker: worker 1\n"
    + SETTLE
    + FOLLOWED,
    "a restart brings the workers back": "  - restart: {}\n" + EDIT + SETTLE + FOLLOWED,
    "a worker of another declaration": "  - stop_worker: worker 1\n"
    "  - start_worker: {name: other, relations: [book.author <-> author.currentBook]}\n"
    + EDIT
    + SETTLE
    + "    then: {documents: {a1: {currentBook: ~> b1}}}\ncheck_invariants: false\n",
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_steps(play: Play, steps: str) -> None:
    result = play(BOOKS + steps)
    assert result.passed, render(result)


WRONG = {
    "events that never came": (
        "  - events: {drop: 2}\n" + EDIT + SETTLE + UNTOUCHED,
        '1 fewer came to "worker 1" than were to be lost',
    ),
    "a worker that is not there": ("  - stop_worker: worker 2\n" + UNTOUCHED, 'no worker "worker 2" follows'),
    "a worker that runs already": ("  - start_worker: worker 1\n" + UNTOUCHED, '"worker 1" follows already'),
    "an editor's name": (
        "  - set: {b1.title: x}\n  - start_worker: editor\n" + UNTOUCHED,
        '"editor" is an editor already',
    ),
}


@pytest.mark.parametrize(("steps", "told"), WRONG.values(), ids=WRONG)
def test_a_step_that_makes_no_sense_is_the_files_fault(play: Play, steps: str, told: str) -> None:
    assert told in (play(BOOKS + steps).problem or "")


class _CannotFollow(Engine):
    follow = None  # type: ignore[assignment]


def test_a_scenario_that_follows_is_skipped_by_name_for_an_engine_that_cannot(play: Play) -> None:
    result = play(BOOKS + EDIT + SETTLE + FOLLOWED, _CannotFollow)
    assert "the engine has no operation follow()" in (result.skipped or "")
    assert render(result).startswith("skipped ")


def test_the_suite_counts_what_was_skipped_apart_from_what_holds(tmp_path: Path) -> None:
    head = "title: t\nwhy: w\nsource: s\n"
    folder = tmp_path / "museum"
    folder.mkdir()
    (folder / "001-follows.yaml").write_text(head + BOOKS + EDIT + SETTLE + FOLLOWED, encoding="utf-8")
    (folder / "002-does-not.yaml").write_text(
        head + BOOKS.replace("follow: true\n", "") + EDIT + "    then: {transactions: 1}\ncheck_invariants: false\n",
        encoding="utf-8",
    )
    part = run_folder(folder, _CannotFollow, title="t")
    assert part is not None
    assert (part.checked, part.passed, part.cases) == (1, True, ("museum/002-does-not",))
    ((reason, count),) = [(key, value) for key, value in part.facts.items() if key.startswith("skipped")]
    assert count == 1
    assert "follow()" in reason


class _Restless(Engine):
    """Writes at every settle, as two workers at odds would."""

    def heal(self) -> Outcome:
        self.backend.commit([{"patch": {"id": "a1", "inc": {"count": 1}}}], transaction_id=None)
        return Outcome()


def test_workers_that_never_come_to_rest_fail_the_scenario(play: Play) -> None:
    result = play(BOOKS + "  - elsewhere: [{patch: {id: a1, set: {count: 0}}}]\n" + SETTLE + UNTOUCHED, _Restless)
    assert "NotQuietError: after 50 rounds the workers still write" in render(result)


def test_a_worker_that_ignores_an_edit_fails_the_scenario(play: Play) -> None:
    def deaf(schema: Any, backend: Any) -> Engine:
        return Engine(schema, backend, mode="off")

    result = play(BOOKS + EDIT + SETTLE + FOLLOWED, deaf)
    assert "a1.books" in render(result)


TOGETHER = """
relations: ["book.author <-> author.books[]"]
given: {documents: {"b{1..9}": book, a1: author}}
when:
  - together: [{each: 1..9, by: "{n}", set: {"b{n}.author": -> a1}, in: published, then: {retries: 0}}]
    then: {documents: {"b{1..9}": {author: -> a1}, a1: {books: ["~> b{1..9}"]}}, writes: 9, reads: 9, transactions: 9}
"""


def test_editors_together_are_counted_together(play: Play) -> None:
    result = play(TOGETHER)
    assert result.passed, render(result)


def test_editors_who_all_write_one_place_plan_again(play: Play) -> None:
    result = play(
        """
        relations: ["book.author <-> author.currentBook"]
        given: {documents: {"b{1..4}": book, a1: author}}
        when:
          - together: [{each: 1..4, by: "{n}", set: {"b{n}.author": -> a1}, in: published}]
            then: {documents: {"b{1..3}": {author: null}, b4: {author: -> a1}, a1: {currentBook: ~> b4}}, retries: 3}
        """
    )
    assert result.passed, render(result)


def test_time_passes_with_every_request(play: Play) -> None:
    result = play(
        """
        relations: ["book.author <-> author.currentBook"]
        round_trip_ms: 50
        given: {documents: {b1: book, a1: author}}
        when:
          - set: {b1.author: -> a1}
            in: published
            then: {reads: 1, writes: 1, waited_ms: 101}
        """
    )
    assert result.passed, render(result)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("workers: 2\nwhen: [{advance: 1, then: {writes: 0}}]", "`workers` says how many follow"),
        ("when: [{events: {to: x}, then: {writes: 0}}]", "say what happens to the events"),
        ("when: [{together: [{set: {a.b: 1}}], then: {writes: 0}}]", "two steps or more"),
        ("when: [{together: [{set: {a.b: 1}}, {set: {a.b: 2}}], then: {writes: 0}}]", "a `by` of its own"),
        ("when: [{together: [{advance: 1}, {settle: true}], then: {writes: 0}}]", "holds submits"),
        ("when: [{advance: 1, steps: [{advance: 1}], then: {writes: 0}}]", "`each: 1..9` repeats the step"),
    ],
)
def test_what_does_not_fit_is_refused(scenario_file: Callable[[str], Any], text: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(scenario_file(f'relations: ["book.author <-> author.books[]"]\n{text}\n'))
    assert told in str(caught.value)
