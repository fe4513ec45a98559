"""A failure names the rule that it breaks."""

from __future__ import annotations

import pytest

from bidir.conformance.broken_rules import RULES, rule_of, rules_in
from bidir.conformance.matching import Mismatch
from bidir.relations import Schema

SCHEMA = Schema.load(
    [
        {
            "name": "book",
            "type": "document",
            "fields": [
                {
                    "name": "author",
                    "type": "reference",
                    "to": [{"type": "author"}],
                    "bidirectional": {"targetField": "books"},
                },
                {"name": "authority", "type": "string"},
            ],
        },
        {
            "name": "author",
            "type": "document",
            "fields": [
                {"name": "books", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]},
            ],
        },
    ]
)


@pytest.mark.parametrize(
    ("mismatch", "rule"),
    [
        (Mismatch("writes", "1", "2"), "I10 bounded work"),
        (Mismatch("transactions", "1", "2"), "I10 bounded work"),
        (Mismatch("waited_ms", "<= 200", "1000"), "F9 added latency"),
        (Mismatch("audit", "none", "one-sided"), "I6 fixpoint"),
        (Mismatch("error", "none", "KeyError: 'x'"), "I8 intent"),
        (Mismatch("notices", "steal", "none"), "E8.15 told"),
        (Mismatch("invariant I2 cardinality", "holds", "a1 holds 2"), "I2 cardinality"),
        (Mismatch("drafts.b1.author", "-> a1", "nothing"), "I8 intent"),
        (Mismatch("drafts.b1.author", "-> a1 (weak)", "=> a1"), "E8.6 strength"),
        (Mismatch("a1.books", "[~> b1]", "[=> b1]"), "E8.6 strength"),
        (Mismatch("a1.books", "[~> b1]", "[=> b2]"), "I8 intent"),
        (Mismatch("a1.books[0]._key", "k", "l"), "R11 item keys"),
        (Mismatch("b1.author (nearest: number 1)", "-> a1", "nothing"), "I8 intent"),
        (Mismatch("b1.title", "Emma", "nothing"), "I12 no loss"),
        (Mismatch("b1.authority", "Emma", "nothing"), "I12 no loss"),
        (Mismatch("b1.author", "-> a1 (unchanged)", "nothing"), "I7 frame"),
        (Mismatch("b1", "not written", "written without a change (new revision)"), "I7 frame"),
        (Mismatch("drafts.b1", "no such document", "{_type: book}"), "R10 noise"),
        (Mismatch("drafts.b1", "a document with {author: null}", "no such document"), "I8 intent"),
    ],
    ids=lambda one: one.what if isinstance(one, Mismatch) else one,
)
def test_a_difference_is_named_after_the_rule_it_breaks(mismatch: Mismatch, rule: str) -> None:
    assert rule_of(mismatch, SCHEMA) == rule
    assert rule in RULES


def test_a_text_names_each_rule_once_in_order() -> None:
    lines = ["I10 bounded work: 2 writes", "I1 symmetry in drafts: …; I10 bounded work: again", "E8.6 strength: strong"]
    assert rules_in(lines) == ["I10 bounded work", "I1 symmetry", "E8.6 strength"]
    assert rules_in(["KeyError: books"]) == []
