"""Names the rule that a failure breaks, so that a report says what is wrong and not only where (semantics, E5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bidir.conformance.answers import EngineFaultError
from bidir.conformance.matching import Mismatch
from bidir.relations import Schema

__all__ = ["RULES", "rule_of", "rules_in"]

_BY_SUBJECT: Mapping[str, str] = {
    "documents_written": "I10 bounded work",
    "writes": "I10 bounded work",
    "reads": "I10 bounded work",
    "retries": "I10 bounded work",
    "transactions": "I10 bounded work",
    "events": "I10 bounded work",
    "waited_ms": "F9 added latency",
    "audit": "I6 fixpoint",
    "repaired": "E8.19 repair",
    "conflicts": "E8.15 told",
    "notices": "E8.15 told",
    "pending": "F8 pending",
    "quarantined": "F6 loops",
    "error": "I8 intent",
    "what the engine says of its work": "E8.15 told",
    "schema error": "E1 declaration",
}
"""The rule behind each expectation that is not about a document."""

CONTRACT = "the engine's contract"
"""What an engine breaks that answers with something else than an outcome, or never."""

RULES: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            "I1 symmetry",
            "I2 cardinality",
            "I3 no duplicates",
            "I4 isolation",
            "I5 dangling",
            "I6 fixpoint",
            "I7 frame",
            "I8 intent",
            "I9 erase",
            "I10 bounded work",
            "I11 path independence",
            "I12 no loss",
            "E8.4 needless write",
            "E8.6 strength",
            "R10 noise",
            "R11 item keys",
            CONTRACT,
            *_BY_SUBJECT.values(),
        )
    )
)
"""Every rule that a failure can be named after."""

_NAMED = re.compile("|".join(rf"\b{re.escape(rule)}\b" for rule in RULES))


def rule_of(mismatch: Mismatch, schema: Schema) -> str:
    """Return the rule that a difference from a scenario's expectation breaks."""
    what = mismatch.what.removesuffix(")").partition(" (nearest")[0]
    if what.startswith("invariant "):
        return what.removeprefix("invariant ")
    if what == "error" and mismatch.got.startswith(EngineFaultError.__name__):
        return CONTRACT
    if what in _BY_SUBJECT:
        return _BY_SUBJECT[what]
    if mismatch.expected.endswith("(unchanged)") or mismatch.expected == "not written":
        return "I7 frame"
    if mismatch.expected == "no such document":
        return "R10 noise"
    if what.endswith("._key"):
        return "R11 item keys"
    if mismatch.got == "no such document" or _is_relation_field(what, schema):
        if {"-> ", "~> ", "=> "} & _arrows(mismatch.expected) and _weakness(mismatch.expected, mismatch.got):
            return "E8.6 strength"
        return "I8 intent"
    return "I12 no loss"


def rules_in(lines: Iterable[str]) -> list[str]:
    """Return the rules that a failure's own words name, in order, each once."""
    return list(dict.fromkeys(found for line in lines for found in _NAMED.findall(line)))


def _is_relation_field(what: str, schema: Schema) -> bool:
    names = {field.path[0] for kind in schema.types for field in schema.types[kind].fields}
    return any(re.search(rf"\.{re.escape(name)}(?![\w])", what) for name in names)


def _arrows(text: str) -> set[str]:
    return set(re.findall(r"[-~=]> ", text))


def _weakness(expected: str, got: str) -> bool:
    """Whether both texts show the same targets, and only their strength differs."""
    targets = [re.findall(r"[-~=]> ([\w.-]+)", text) for text in (expected, got)]
    return bool(targets[0]) and targets[0] == targets[1]
