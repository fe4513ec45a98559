"""What a report adds up to: checks and failures by invariant and view, histograms, the kill table."""

from __future__ import annotations

import pytest

from bidir.conformance.broken_rules import RULES
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.totals import (
    DOCUMENTS,
    INVARIANTS,
    WRITES,
    breaches_in,
    checks_of,
    histogram,
    invariant_rows,
    kill_rows,
)
from bidir.conformance.verdict import count_words


def part(*failures: Failure, **facts: object) -> PartResult:
    return PartResult("x", "y", 3, "runs", failures, facts=facts)


def test_every_release_counts_as_releases() -> None:
    judged = [(("published", "drafts", "r1"), ("I1", "I2")), (("published", "r2", "r3"), ("I1",)), ((), ("I9",))]
    assert checks_of(judged) == {
        "I1": {"published": 2, "drafts": 1, "releases": 3},
        "I2": {"published": 1, "drafts": 1, "releases": 1},
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I1 symmetry in drafts, book.author: b1 names a1", {("I1", "drafts")}),
        ("breaks I1 symmetry, I8 intent\nI1 symmetry in r1: text", {("I1", "releases"), ("I8", "any")}),
        ("I10 bounded work: 2 write requests", {("I10", "any")}),
        ("I1 symmetry: a1 names b3 (drafts)\nI3 no duplicates: p1 (r1)", {("I1", "drafts"), ("I3", "releases")}),
        ("I1 symmetry in published: x\nI1 symmetry in drafts: y", {("I1", "published"), ("I1", "drafts")}),
        ("XI1 symmetry, F6 loops, nothing else", set()),
    ],
)
def test_failures_are_placed_by_their_own_words(text: str, found: set[tuple[str, str]]) -> None:
    assert breaches_in(Failure("f", text)) == found


def test_failures_are_placed_by_what_is_known_of_them_first() -> None:
    one = Failure("f", "breaks I1 symmetry, I8 intent", breaches=(("I1 symmetry", "drafts"),))
    assert breaches_in(one) == {("I1", "drafts"), ("I8", "any")}


def test_the_table_has_all_twelve_invariants_in_order() -> None:
    rows = invariant_rows(
        [part(Failure("f", "I2 cardinality in r1: x"), **{INVARIANTS: {"I2 cardinality": {"r1": 5}}})]
    )
    assert [row.name.split()[0] for row in rows] == [f"I{number}" for number in range(1, 13)]
    assert all(row.name in RULES for row in rows)
    assert [(row.checks, row.failures) for row in rows if row.checks] == [({"releases": 5}, {"releases": 1})]


def test_an_engine_that_survives_is_no_failure_of_the_engine_judged() -> None:
    survived = part(Failure("fine", "not caught: I1 symmetry in drafts"), kills=[{"engine": "m:fine"}])
    assert not any(row.failures for row in invariant_rows([survived]))
    assert kill_rows([part(), survived]) == [{"engine": "m:fine"}]


def test_histograms_add_up_whatever_the_keys_are() -> None:
    parts = [part(**{WRITES: {1: 3, 0: 1}}), part(**{WRITES: {"1": 2, "10": 1}}), part(**{DOCUMENTS: {7: 1}})]
    assert list(histogram(parts, WRITES).items()) == [(0, 1), (1, 5), (10, 1)]


@pytest.mark.parametrize(
    ("checks", "failures", "words"),
    [(0, 0, "-"), (1200, 0, "1,200"), (12, 3, "3 of 12 fail"), (0, 3, "3 fail")],
)
def test_a_cell_says_how_many_of_how_many(checks: int, failures: int, words: str) -> None:
    assert count_words(checks, failures) == words
