"""What a whole report adds up to: checks and failures per invariant and view, histograms, the kill table.

Parts count what they check in their facts: `invariants` as {"I1": {"published": 12, "drafts": 9}}, `writes_per_intent`
and `documents_per_intent` as {1: 340, 2: 17}, `kills` as the rows of the kill table.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bidir.conformance.broken_rules import RULES
from bidir.conformance.parts import Failure, PartResult

__all__ = [
    "ANY",
    "DOCUMENTS",
    "INVARIANTS",
    "VIEWS",
    "WRITES",
    "InvariantRow",
    "breaches_in",
    "checks_of",
    "histogram",
    "invariant_rows",
    "kill_rows",
    "view_of",
]

INVARIANTS: Final = "invariants"
"""The fact that counts checks by invariant and view."""
WRITES: Final = "writes_per_intent"
"""The fact that counts intents by the write requests they took."""
DOCUMENTS: Final = "documents_per_intent"
"""The fact that counts intents by the documents they wrote."""

ANY: Final = "any"
"""The view of what is judged of a whole transaction, or of no view in particular."""
VIEWS: Final = ("published", "drafts", "releases", ANY)
"""The views of the table; every release counts as `releases`."""

NAMES: Final[Mapping[str, str]] = {rule.split()[0]: rule for rule in RULES if re.match(r"I\d+ ", rule)}
"""The invariants with their names, by number."""

_ANY_NAME = "|".join(rf"\b{re.escape(name)}\b" for name in NAMES.values())
_NAMED = re.compile(rf"({_ANY_NAME})(?: in (?:the )?([\w-]+))?")
_AT_THE_END = re.compile(rf"^({_ANY_NAME}): .* \((published|drafts|r\d+)\)$", re.MULTILINE)
"""How the simulation tells the view."""


@dataclass(frozen=True, slots=True)
class InvariantRow:
    """One invariant: how often it was checked in each view, and how many failures name it there."""

    name: str
    checks: Mapping[str, int]
    failures: Mapping[str, int]


def view_of(layer: str) -> str:
    """Return the view of the table that a layer belongs to."""
    return layer if layer in VIEWS else "releases"


def checks_of(judged: Iterable[tuple[Iterable[str], Iterable[str]]]) -> dict[str, dict[str, int]]:
    """Count checks: for each of the `judged` pairs (layers, invariants) every invariant once in every layer's view."""
    counts: dict[str, Counter[str]] = {}
    for layers, rules in judged:
        views = [view_of(layer) for layer in layers]
        for rule in rules if views else ():
            counts.setdefault(rule, Counter()).update(views)
    return {rule: dict(found) for rule, found in counts.items()}


def breaches_in(failure: Failure) -> set[tuple[str, str]]:
    """Return (invariant, view) of what a failure breaks or its words name; `any` where they name no view."""
    said = [*_NAMED.findall(failure.text), *_AT_THE_END.findall(failure.text), *failure.breaches]
    found = {(rule.split()[0], view) for rule, view in said}
    placed = {rule for rule, view in found if view}
    return {(rule, view_of(view) if view else ANY) for rule, view in found if view or rule not in placed}


def invariant_rows(parts: Iterable[PartResult]) -> list[InvariantRow]:
    """Return the table, I1 to I12, over the parts that judge the engine; engines broken on purpose count apart."""
    checks: dict[str, Counter[str]] = {number: Counter() for number in NAMES}
    failures: dict[str, Counter[str]] = {number: Counter() for number in NAMES}
    for part in parts:
        for rule, views in part.facts.get(INVARIANTS, {}).items():
            for view, count in views.items():
                checks.setdefault(rule.split()[0], Counter())[view_of(view)] += count
        for failure in part.failures if "kills" not in part.facts else ():
            for rule, view in breaches_in(failure):
                failures.setdefault(rule, Counter())[view] += 1
    return [InvariantRow(NAMES.get(rule, rule), dict(found), dict(failures[rule])) for rule, found in checks.items()]


def histogram(parts: Iterable[PartResult], fact: str) -> dict[int, int]:
    """Return how many intents took how much, over all parts that counted it under `fact`."""
    counts: Counter[int] = Counter()
    for part in parts:
        for number, count in part.facts.get(fact, {}).items():
            counts[int(number)] += count
    return dict(sorted(counts.items()))


def kill_rows(parts: Iterable[PartResult]) -> list[dict[str, Any]]:
    """Return the rows of the kill table, empty where that part was not run."""
    return [row for part in parts for row in part.facts.get("kills", ())]
