"""Whatever an engine under test lacks, raises, returns or never ends gets a verdict of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bidir.conformance import latency
from bidir.conformance.answers import CALLS_MAX, EngineFaultError, asked, called
from bidir.conformance.latency import measure_costs, run_latency
from bidir.conformance.latency_cases import CASES
from bidir.conformance.loading import load_scenario
from bidir.conformance.machines import Effort, play_kind
from bidir.conformance.machines_kinds import KINDS
from bidir.conformance.machines_part import machine_parts
from bidir.conformance.proxy import ObservedBackend
from bidir.conformance.result import Result, render
from bidir.conformance.runner import run_scenario
from bidir.conformance.scenarios_part import run_folder
from bidir.conformance.skipping import SkipPlay
from bidir.engine import Engine
from bidir.outcome import Outcome

ROOT = Path(__file__).parents[3] / "scenarios"
Submit = Callable[[Any, Any], Any]


class Minimal:
    """Submits and publishes, by ours, and has nothing else."""

    def __init__(self, schema: Any, backend: Any) -> None:
        self._engine = Engine(schema, backend)

    def submit(self, mutations: Any, **options: Any) -> Any:
        return self._engine.submit(mutations, **options)

    def publish(self, document_id: Any, **options: Any) -> Any:
        return self._engine.publish(document_id, **options)


def engine_that(act: Submit) -> Any:
    """Return a factory of engines whose submit does `act(backend, mutations)`."""

    class Odd(Minimal):
        def __init__(self, schema: Any, backend: Any) -> None:
            super().__init__(schema, backend)
            self._backend = backend

        def submit(self, mutations: Any, **options: Any) -> Any:
            return act(self._backend, mutations)

    return Odd


def raises(backend: Any, mutations: Any) -> Any:
    return {}["author"]


def changes_its_arguments(backend: Any, mutations: Any) -> Any:
    mutations[0]["patch"]["id"] = "drafts.b1"
    return Outcome()


def asks_for_ever(backend: Any, mutations: Any) -> Any:
    while True:
        backend.documents(["b1"])


def catches_everything_for_ever(backend: Any, mutations: Any) -> Any:
    while True:
        try:
            backend.commit([{"patch": {"id": "nobody", "set": {}}}], transaction_id=None)
        except Exception:
            continue


def writes_elsewhere(backend: Any, mutations: Any) -> Any:
    backend.commit([{"create": {"_id": "state", "_type": "engineState"}}], transaction_id=None)


def answers(value: Any) -> Submit:
    return lambda backend, mutations: value


ODD = {
    "raises": (raises, "KeyError: 'author' (in raises, test_answers.py:"),
    "changes its arguments": (changes_its_arguments, "submit() changed what it was given"),
    "asks for ever": (asks_for_ever, f"submit() did not end: more than {CALLS_MAX:,} calls of the backend"),
    "writes for ever": (catches_everything_for_ever, "submit() did not end"),
    "a text": (answers("ok"), "submit() returned 'ok': an outcome has transaction_id, documents_written"),
    "an object": (answers({"transactionId": "x"}), "submit() returned {'transactionId': 'x'}: an outcome has"),
    "a text for a number": (answers(SimpleNamespace(writes="1")), "writes counts, so it is a whole number and not '1'"),
    "true for a number": (answers(SimpleNamespace(reads=True)), "reads counts, so it is a whole number and not True"),
    "fewer than none": (answers(SimpleNamespace(reads=-1)), "reads counts, so it is a whole number and not -1"),
    "conflicts as a count": (answers(SimpleNamespace(conflicts=2)), "conflicts is a list and not 2"),
    "conflicts as texts": (answers(SimpleNamespace(conflicts=["held"])), "conflicts holds 'held', which has no kind"),
    "writes elsewhere": (writes_elsewhere, "{_type: engineState}"),
}


def play(name: str, factory: Any, *, layer: Any = None) -> Result:
    return run_scenario(load_scenario(ROOT / f"{name}.yaml"), factory, layer=layer)


@pytest.mark.parametrize(("act", "text"), ODD.values(), ids=ODD)
def test_a_scenario_says_what_the_engine_did(act: Submit, text: str) -> None:
    result = play("museum/001-replace-free-target", engine_that(act), layer="published")
    assert not result.passed
    assert result.problem is None
    assert text in render(result)
    assert result.breaks
    assert ("the engine's contract" in result.breaks) == ("submit()" in text or " and not " in text or "holds" in text)


@pytest.mark.parametrize("act", [raises, changes_its_arguments, asks_for_ever, answers("ok"), writes_elsewhere])
def test_a_state_machine_and_the_cost_table_say_it_too(act: Submit) -> None:
    machine = play_kind(KINDS[0], Effort(4, 3), 0, engine_that(act))
    assert not machine.holds
    assert machine.trace is not None
    costs = measure_costs(engine_that(act), cases=CASES[:1])
    assert all(cost.faults for cost in costs)


def test_an_engine_that_answers_nothing_is_judged_by_what_it_did() -> None:
    """None and half an outcome tell nothing; the documents, requests and transactions are counted at the lake."""

    class Silent(Minimal):
        def submit(self, mutations: Any, **options: Any) -> Any:
            super().submit(mutations, **options)

    assert play("museum/001-replace-free-target", Silent, layer="published").passed
    assert play_kind(KINDS[0], Effort(5, 5), 0, Silent).holds


def test_what_the_engine_lacks_is_left_out_counted_and_named() -> None:
    part = run_folder(ROOT / "prd", Minimal, title="flows")
    assert part is not None
    skipped = {key: count for key, count in part.facts.items() if key.startswith("skipped")}
    lacking = ("discard", "pending", "repair", "unpublish")
    assert {f"skipped (the engine has no operation {name}())" for name in lacking} <= skipped.keys()
    assert part.checked == len(part.cases) > 3 * sum(skipped.values()) / 2
    assert part.failures == ()


def test_a_machine_needs_no_more_than_submit() -> None:
    assert play_kind(KINDS[0], Effort(5, 8), 3, Minimal).holds


def test_a_fault_found_before_something_is_lacking_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(
        """
title: One
why: Because
source: test
relations: [book.author <-> author.currentBook]
given: {documents: {b1: book, a1: author}}
when:
  - {set: {b1.author: -> a1}, in: published, then: {writes: 7}}
  - discard: b1
""",
        encoding="utf-8",
    )
    result = run_scenario(load_scenario(path), Minimal)
    assert result.skipped is None
    assert [one.mismatch.what for one in result.findings] == ["writes"]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (None, "pending() returned None: it should list items with source, target, layer, reason, key"),
        ("missing", "pending() returned 'missing'"),
        (["missing"], "pending() lists 'missing', which has no source, no target, no layer, no reason, no key"),
        (SimpleNamespace(), "pending() returned namespace()"),
    ],
)
def test_a_list_of_something_else_is_told(answer: Any, text: str) -> None:
    with pytest.raises(EngineFaultError) as caught:
        asked(SimpleNamespace(pending=lambda: answer), "pending")
    assert text in str(caught.value)


def test_an_operation_that_is_missing_or_no_function_is_left_out() -> None:
    assert asked(SimpleNamespace(), "audit") is None
    assert asked(SimpleNamespace(audit="later"), "audit") is None
    for engine in (SimpleNamespace(), SimpleNamespace(publish=3)):
        with pytest.raises(SkipPlay, match=r"the engine has no operation publish\(\)"):
            called(engine, "publish", "b1")


def test_an_engine_that_can_do_nothing_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "STREAM_INTENTS", 3)
    (costs,) = run_latency(engine_that(raises))
    assert costs.name == "cost"
    assert len(costs.failures) == costs.checked
    assert costs.failures[0].text == "I8 intent: " + costs.failures[0].text.removeprefix("I8 intent: ")
    assert "KeyError: 'author'" in costs.failures[0].text


def test_what_the_judge_asks_is_not_on_the_engines_account() -> None:
    """Asking for what waits reads; an outer step's count once lost what came before an inner step was judged."""
    result = play("museum/072-popular-author", Engine, layer="published")
    assert result.passed, render(result)


def test_calls_are_counted_whether_they_are_requests_or_not() -> None:
    backend = ObservedBackend(SimpleNamespace(patched=lambda *_: {}, documents=lambda ids: {}))  # type: ignore[arg-type]
    backend.patched({}, {})
    backend.documents([])
    assert (backend.traffic.calls, backend.traffic.reads) == (2, 1)


def test_an_engine_that_cannot_be_made_fails_in_every_part() -> None:
    def unmakeable(schema: Any, backend: Any) -> Any:
        raise ValueError("no licence")

    (part,) = machine_parts("quick", 0, unmakeable)[:1]
    assert (part.checked, len(part.failures)) == (1, 1)
    assert "no licence" in part.failures[0].text
    costs = measure_costs(unmakeable, cases=CASES[:1])
    assert all("the engine cannot be made: ValueError: no licence" in cost.error for cost in costs)
    assert "the engine cannot be made" in render(play("museum/001-replace-free-target", unmakeable, layer="published"))
