"""The project's own cases, one data file per subject; each runs with and without indexes and leaves its input alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lakesim.clock import parse_time
from lakesim.groq import Environment, GroqError, GroqNotSupportedError, ListDataset, compile_query, query
from lakesim.groq.functions.registry import FUNCTIONS, PIPE_FUNCTIONS
from lakesim.groq.parser import OPERATOR_LEVELS
from lakesim.jsonvalue import equal

CASES = Path(__file__).parent / "cases"


def load() -> list[Any]:
    parameters = []
    for path in sorted(CASES.glob("*.yaml")):
        file = json.loads(json.dumps(YAML(typ="safe").load(path.read_text())))
        for number, case in enumerate(file["cases"], start=1):
            merged = {
                "params": None,
                "documents": file["documents"],
                "environment": file.get("environment", {}),
                **case,
            }
            parameters.append(pytest.param(merged, id=f"{path.stem}-{number}"))
    return parameters


ALL = load()


def options_of(case: dict[str, Any]) -> dict[str, Any]:
    options = dict(case["environment"])
    if "now" in options:
        options["now"] = parse_time(options["now"])
    if "delta" in case:
        options.update(delta=True, **case["delta"])
    return options


@pytest.mark.parametrize("case", [case for case in ALL if "result" in case.values[0]])
def test_answer_is_the_expected_one(case: dict[str, Any]) -> None:
    before = json.dumps([case["documents"], case["params"]])
    answer = query(case["query"], case["documents"], case["params"], **options_of(case))
    assert equal(answer, case["result"]), f"{case['query']}\ngave     {answer!r}\nexpected {case['result']!r}"
    assert json.dumps([case["documents"], case["params"]]) == before


@pytest.mark.parametrize("case", [case for case in ALL if "result" in case.values[0]])
def test_answer_is_the_same_with_indexes(case: dict[str, Any]) -> None:
    options = options_of(case)
    compiled = compile_query(case["query"], case["params"], delta=options.pop("delta", False))
    dataset = ListDataset(case["documents"])
    environment = Environment(**options)
    assert equal(compiled.run(dataset, environment), case["result"])
    assert equal(compiled.explain(dataset, environment).result, case["result"])


@pytest.mark.parametrize("case", [case for case in ALL if "error" in case.values[0]])
def test_refusal_names_what_is_wrong_and_where(case: dict[str, Any]) -> None:
    with pytest.raises(GroqError) as caught:
        query(case["query"], [], case["params"])
    error = caught.value
    assert error.description == case["error"]
    assert error.body()["error"]["type"] == "queryParseError"
    assert error.body()["error"]["query"] == case["query"]
    if "at" in case:
        assert [error.wire_start, error.wire_end] == case["at"]
        assert [error.body()["error"][key] for key in ("start", "end")] == case["at"]
    assert 0 <= error.start <= error.end <= len(case["query"])
    assert case.get("hint", "") in str(error)
    assert isinstance(error, GroqNotSupportedError) == case.get("unsupported", False)


def test_every_function_has_a_case() -> None:
    text = "\n".join(case.values[0]["query"] for case in ALL)
    missing = [spec.full_name for spec in FUNCTIONS.values() if f"{spec.full_name}(" not in text]
    missing += [name for name in PIPE_FUNCTIONS if f"| {name}(" not in text]
    assert missing == []


def test_every_operator_has_a_case_that_gives_a_value() -> None:
    text = "\n".join(case.values[0]["query"] for case in ALL if "result" in case.values[0])
    operators = (*OPERATOR_LEVELS, "..", "...", "=>", "->", "[]", "!", "|", "@", "^", "asc", "desc")
    assert [operator for operator in operators if operator not in text] == []
