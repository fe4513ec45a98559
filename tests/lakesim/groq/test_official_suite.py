"""The official GROQ conformance suite, as far as it is at hand; it is data outside the repository."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from lakesim.groq import GroqError, query

ROOT = Path(__file__).parents[3]
SUITE = Path(os.environ.get("GROQ_SUITE") or ROOT.parent / "shared" / "groq-suite" / "dev.ndjson")
KNOWN_GAPS: dict[str, str] = {}
"""Tests that fail, by id, with the reason; one that passes after all is a failure here."""


def load() -> tuple[dict[str, Any], list[Any]]:
    if not SUITE.exists():
        return {}, []
    with SUITE.open() as lines:
        entries = [json.loads(line) for line in lines]
    datasets = {entry["_id"]: entry["documents"] for entry in entries if entry["_type"] == "dataset"}
    return datasets, [entry for entry in entries if entry["_type"] == "test"]


DATASETS, TESTS = load()
# One test per file of the suite keeps collection quick; a failure lists every query that went wrong.
FILES = sorted({test["filename"] for test in TESTS})


def scores_in(value: Any) -> set[float]:
    found: set[float] = set()
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, dict):
            if is_number(current.get("_score")):
                found.add(current["_score"])
            stack.extend(current.values())
        elif isinstance(current, list):
            stack.extend(current)
    return found


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def with_positions(value: Any, positions: dict[float, int]) -> Any:
    """Replace each `_score` by the place of its value among all scores of the answer."""
    if isinstance(value, list):
        return [with_positions(item, positions) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: with_positions(item, positions) for key, item in value.items()}
    if is_number(value.get("_score")):
        del out["_score"]
        out["_pos"] = positions[value["_score"]]
    return out


def agrees(left: Any, right: Any) -> bool:
    if is_number(left) and is_number(right):
        return left == right or math.isclose(left, right, rel_tol=1e-9)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(agrees(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(agrees, left, right))
    return bool(left == right)


def judge(test: dict[str, Any]) -> str:
    """Return what is wrong with the answer to a test, or an empty string."""
    documents, params = DATASETS[test["dataset"]["_ref"]], test.get("params")
    before = json.dumps([documents, params])
    try:
        answer = query(test["query"], documents, params)
    except GroqError as error:
        return f"refused: {error.description}" if test["valid"] else ""
    if not test["valid"]:
        return f"accepted, gave {answer!r}"
    positions = {score: place for place, score in enumerate(sorted(scores_in(answer), reverse=True), start=1)}
    answer = with_positions(json.loads(json.dumps(answer)), positions)
    if not agrees(answer, test["result"]):
        return f"gave {answer!r}, expected {test['result']!r}"
    return "" if json.dumps([documents, params]) == before else "changed its input"


@pytest.mark.skipif(not TESTS, reason="no official suite: set GROQ_SUITE, or put it at ../shared/groq-suite/dev.ndjson")
@pytest.mark.parametrize("filename", FILES)
def test_suite_file(filename: str) -> None:
    wrong = []
    for test in TESTS:
        if test["filename"] != filename:
            continue
        verdict = judge(test)
        if bool(verdict) != (test["_id"] in KNOWN_GAPS):
            wrong.append(
                f"{test['_id']}: {test['query'].strip()[:300]}\n    {verdict[:600] or 'passes, but is listed as a gap'}"
            )
    assert not wrong, "\n".join([f"{len(wrong)} tests of {filename}:", *wrong[:10]])


@pytest.mark.skipif(not TESTS, reason="no official suite")
def test_judge_notices_a_wrong_answer() -> None:
    right = next(test for test in TESTS if test["valid"] and is_number(test["result"]))
    assert judge(right) == ""
    assert "expected" in judge({**right, "result": right["result"] + 1})
    assert "expected" in judge({**right, "result": True})
    assert "accepted" in judge({**right, "valid": False})
    assert "refused" in judge({**right, "query": "]"})
