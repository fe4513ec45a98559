"""Playing one scenario: a wrong expectation fails with a readable difference, and the runner survives anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bidir.conformance.result import Result, render
from bidir.engine import Engine
from bidir.outcome import Outcome

Play = Callable[..., Result]

STEAL = """
relations: [book.author <-> author.currentBook]
layers: [published]
given:
  documents: {b1: book, b2: book, a1: {_type: author, name: Ann}, a2: author}
  links: [b1.author -> a1, b2.author -> a2]
when:
  - set: {b1.author: -> a2}
"""


class PassThrough:
    """An engine that writes what the user wrote and nothing else."""

    def __init__(self, schema: Any, backend: Any) -> None:
        self.backend = backend

    def submit(self, mutations: Any, **options: Any) -> Outcome | None:
        self.backend.commit(mutations, transaction_id=options.get("transaction_id"))
        return None

    def pending(self) -> list[Any]:
        return []

    def audit(self) -> list[Any]:
        return []


class Broken(PassThrough):
    """An engine that fails in a way nobody foresaw."""

    def submit(self, mutations: Any, **options: Any) -> Outcome:
        raise KeyError("author")


def test_a_right_expectation_passes(play: Play) -> None:
    result = play(
        STEAL
        + "then:\n  documents:\n"
        + "    {b1: {author: -> a2}, b2: {author: null}, a1: {currentBook: null}, a2: {currentBook: ~> b1}}"
    )
    assert result.findings == []
    assert result.passed
    assert render(result) == "passed  " + result.label


def test_a_wrong_expectation_fails_with_a_readable_difference(play: Play) -> None:
    result = play(
        STEAL
        + """
then:
  documents:
    b1: {author: -> a2}
    b2: {author: -> a1}
    a2: {currentBook: ~> b1}
  documents_written: 3
  writes: 1
"""
    )
    text = render(result).replace(result.path, "case.yaml")
    assert text.splitlines()[0].endswith("[published]: A case")
    assert text.partition("\n")[2] == (
        """\
  why     Because
  breaks  I8 intent, I7 frame, I10 bounded work
  given   b1  {_type: book, author: => a1}
          b2  {_type: book, author: => a2}
          a1  {_type: author, name: Ann, currentBook: ~> b1}
          a2  {_type: author, currentBook: ~> b2}
  when    1. set {b1.author: -> a2}
  then    at the end
    b2.author  (case.yaml:16)
      expected  -> a1
      got       nothing
    a1.currentBook  (case.yaml:14)
      expected  ~> b1 (unchanged)
      got       nothing
    documents_written  (case.yaml:18)
      expected  3
      got       4
  replay  bidir scenario run case.yaml --layer published"""
    )


WRONG = [
    ("documents: {b1: {author: -> a1}}", "b1.author", "-> a1", "=> a2"),
    ("documents: {b9: {author: -> a1}}\n  others: any", "b9", "a document with {author: -> a1}", "no such document"),
    ("documents: {b1: absent}\n  others: any", "b1", "no such document", "{_type: book, author: => a2}"),
    ("writes: 2", "writes", "2", "1"),
    ("reads: 0", "reads", "0", "1"),
    ("documents_written: <= 3", "documents_written", "<= 3", "4"),
    ("transactions: 0", "transactions", "0", "1"),
    ("retries: 1", "retries", "1", "0"),
    ("repaired: 0", "repaired", "0", "no repair ran"),
    ("pending: [missing]", "pending", "missing", "none"),
    ("notices: []", "notices", "none", 'steal "a2.currentBook was taken from b2 for b1"'),
    ("notices: [{kind: steal, documents: [a1]}]", "notices", "steal (documents a1)", "steal (documents b2 b1 a2)"),
    ("conflicts: [held]", "conflicts", "held", "none"),
    ("error: {type: IntentError}", "error", "IntentError", "none"),
    ("audit: [one-sided]", "audit", "one-sided", "none"),
    ("events: []", "events", "none", "a1 update, a2 update, b1 update, b2 update"),
]


@pytest.mark.parametrize(("then", "what", "expected", "got"), WRONG, ids=[case[0].split("\n")[0] for case in WRONG])
def test_every_kind_of_expectation_can_fail(play: Play, then: str, what: str, expected: str, got: str) -> None:
    result = play(STEAL + "then:\n  " + then)
    mismatches = [one.mismatch for one in result.findings if one.mismatch.what == what]
    assert mismatches, result.findings
    assert mismatches[0].expected == expected
    assert got in mismatches[0].got or sorted(got.split(", ")) == sorted(mismatches[0].got.split(", "))


def test_one_of_several_results_is_enough_and_the_nearest_is_shown_if_none_is_right(play: Play) -> None:
    right = "{b1: {author: -> a2}, b2: {author: null}, a1: {currentBook: null}, a2: {currentBook: -> b1}}"
    wrong = "{b1: {author: -> a1}}"
    assert play(STEAL + f"then:\n  one_of: [{wrong}, {right}]").passed
    result = play(STEAL + f"then:\n  one_of: [{wrong}, {right.replace('-> b1', '-> b2')}]")
    assert [(one.mismatch.what, one.mismatch.got) for one in result.findings] == [
        ("a2.currentBook (nearest: number 2)", "~> b1")
    ]


def test_invariants_are_judged_at_the_end_unless_the_scenario_says_otherwise(play: Play) -> None:
    text = STEAL + "then: {writes: 1}\n"
    result = play(text, PassThrough)
    assert {one.mismatch.what for one in result.findings} == {"invariant I1 symmetry"}
    assert play(text + "check_invariants: false\n", PassThrough).passed


def test_an_unexpected_error_is_shown_with_the_place_it_came_from(play: Play) -> None:
    result = play(STEAL + "then: {writes: 0}", Broken)
    (error,) = (one.mismatch for one in result.findings if one.mismatch.what == "error")
    assert error.expected == "none"
    assert error.got.startswith("KeyError: 'author' (in submit, test_runner.py:")


def test_an_expected_error_is_compared_by_class_or_base_and_text(play: Play) -> None:
    given = STEAL.rstrip() + "\n    in: raw\n"
    for kind in ("IntentError", "BidirError"):
        assert play(f"{given}then: {{error: {{type: {kind}, text: for reading}}, documents: {{}}}}\n").passed
    assert not play(f"{given}then: {{error: {{type: IntentError, text: for writing}}}}\n").passed
    assert not play(f"{given}then: {{error: {{type: SchemaError, text: for reading}}}}\n").passed


def test_an_engine_that_cannot_be_made_is_a_problem_not_a_crash(play: Play) -> None:
    def factory(schema: Any, backend: Any) -> Any:
        raise RuntimeError("no licence")

    result = play(STEAL + "then: {writes: 0}", factory)
    assert not result.passed
    assert "the engine cannot be made: RuntimeError: no licence" in str(result.problem)


def test_what_an_engine_says_of_itself_is_not_believed(play: Play) -> None:
    class Boaster(Engine):
        def submit(self, *args: Any, **options: Any) -> Outcome:
            return replace(super().submit(*args, **options), documents_written=1, reads=0, writes=0)

    result = play(STEAL + "then: {documents_written: 4, reads: 1, writes: 1}", Boaster)
    assert [one.mismatch.what for one in result.findings] == ["what the engine says of its work"]
    assert result.findings[0].mismatch.expected == "documents written 4, reads 1, writes 1"
    assert result.findings[0].mismatch.got == "documents written 1, reads 0, writes 0"


PROBLEMS = [
    ("given: {documents: {b1: {title: x}}}", 'document "b1" has no `_type`'),
    ("given: {documents: {b1: book}, links: [b1.author -> a1]}", "ends at no document of `given`"),
    ("given: {documents: {b1: book, a1: author}, links: [b1.athor -> a1]}", 'Did you mean "author"?'),
    ("given: {documents: {b1: book}, links: [b2.author -> b1]}", "starts at no document of `given`"),
    ("given: {documents: {b1: book}, links: [b1 to a1]}", 'is not of the form "b1.author -> a1"'),
    ("given: {documents: {b1: {_type: book, author: => a1}}}", "the lake refuses these documents"),
    ("given: {documents: {b 1: book}}", "the lake refuses these documents"),
    ("when: [{set: {b1: x}}]", '"b1" names no field of a document'),
    ("when: [{add: {b1.author: a1}}]", "has no list of references there"),
    ("when: [{reorder: {a9.books: []}}]", "has no list of references there"),
    ("when: [{create: {b1: {title: x}}}]", 'create "b1": give the type'),
    ("when: [{undo: previous}]", "undo: no notice so far offers an undo"),
    ("when: [{remember: {k: b9.title}}]", 'remember k: there is no document "b9"'),
    ("when: [{set: {b1.title: x}, meanwhile: [{advance: 1}]}]", "DocumentMissing"),
]


@pytest.mark.parametrize(("text", "message"), PROBLEMS)
def test_a_scenario_that_means_nothing_is_told_so(play: Play, text: str, message: str) -> None:
    result = play(f"relations: [book.author <-> author.currentBook]\n{text}\nthen: {{writes: 7}}\n")
    assert not result.passed
    assert message in render(result)


def test_an_unknown_shared_schema_is_told_with_its_neighbours(play: Play) -> None:
    result = play("schema: boks\nthen: {writes: 0}\n")
    assert 'no shared schema is called "boks"' in str(result.problem)


def test_a_schema_that_is_refused_is_a_problem_unless_expected(play: Play) -> None:
    field = "{name: a, type: reference, to: [{type: c}], bidirectional: {}}"
    schema = f"schema: [{{name: b, type: document, fields: [{field}]}}]\n"
    assert "the schema is refused" in str(play(schema + "then: {writes: 0}\n").problem)
    assert play(schema + "then: {schema_error: [b.a]}\n").passed
    assert not play(schema + "then: {schema_error: [d.e]}\n").passed
    accepted = play("relations: [a.b <-> c.d]\nthen: {schema_error: [d.e]}\n")
    assert [one.mismatch.got for one in accepted.findings] == ["the schema was accepted"]
