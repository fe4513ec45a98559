"""The published path matcher (`@sanity/json-match`) and ours on the same seeded documents and paths.

Strict both ways, as the comparison of the patch engines: what no entry of `QUIRKS` explains fails, and so does an
entry that no case needs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from lakesim.jsonmatch import find, parse_path
from lakesim.jsonmatch.ast import Comparison, Existence, Step, Steps, Union
from lakesim.testing.patches import generate_paths

SEED = 20261120
CASES = 6000
AGREEMENT_MIN = 0.95

pytestmark = pytest.mark.node


def steps_in(steps: Steps) -> Iterator[Step]:
    for step in steps:
        yield step
        for member in step.members if isinstance(step, Union) else ():
            yield from steps_in(member)


def has_array_in_array(value: Any, inside: bool = False) -> bool:
    if isinstance(value, list):
        return inside or any(has_array_in_array(item, True) for item in value)
    return isinstance(value, dict) and any(has_array_in_array(item) for item in value.values())


QUIRKS: dict[str, tuple[str, Callable[[Any, Steps], bool]]] = {
    "objects and arrays are unlike any literal": (
        "their != holds for objects and arrays; ours compares scalars, as @sanity/mutator does",
        lambda _, steps: any(isinstance(step, Comparison) and step.operator == "!=" for step in steps_in(steps)),
    ),
    "arrays in arrays": (
        "their filters and attributes look through arrays in arrays; ours map over objects only (row 23)",
        lambda document, steps: (
            has_array_in_array(document)
            and any(not isinstance(step, Comparison | Existence) or step.left for step in steps_in(steps))
        ),
    ),
}
"""What the published matcher does and we do not."""


def test_every_disagreement_is_explained_and_every_explanation_needed(
    play: Callable[[str, Iterable[Any]], list[Any]],
) -> None:
    pairs = list(generate_paths(SEED, CASES))
    outcomes = play("find_paths.mjs", ({"document": document, "path": path} for document, path in pairs))
    counts: Counter[str] = Counter()
    for (document, text), theirs in zip(pairs, outcomes, strict=True):
        path = parse_path(text)
        ours = find(document, path)
        # They name one place by key and by position, and list places in the order of the path's alternatives.
        if "found" in theirs and {tuple(place) for place in theirs["found"]} == set(ours):
            counts[""] += 1
            continue
        reason = next((name for name, (_, applies) in QUIRKS.items() if applies(document, path.steps)), None)
        assert reason, (
            f"not explained:\npath     {text}\ndocument {json.dumps(document)}\nours     {ours}\ntheirs   {theirs}"
        )
        counts[reason] += 1
    assert set(counts) == {"", *QUIRKS}, counts
    assert counts[""] / len(pairs) > AGREEMENT_MIN, counts
