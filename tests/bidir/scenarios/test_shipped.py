"""Every scenario of the repository: it is valid, it holds for our engine, and an engine that does nothing fails it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bidir.conformance.broken import one_sided
from bidir.conformance.format_schema import format_schema_text
from bidir.conformance.loading import LoadedScenario, find_scenarios, load_scenario
from bidir.conformance.result import render
from bidir.conformance.runner import layers_of, run_scenario
from bidir.conformance.scenario import Layer
from bidir.conformance.writing import scenario_text, write_scenario
from bidir.conformance.yamlfile import read_yaml
from bidir.engine import Engine

ROOT = Path(__file__).parents[3] / "scenarios"
FILES = find_scenarios([ROOT / "prd", ROOT / "museum"])
NAMES = [f"{path.parent.name}/{path.stem}" for path in FILES]


@cache
def loaded(path: Path) -> LoadedScenario:
    return load_scenario(path)


PLAYS = [
    pytest.param(path, layer, id=f"{name}-{layer}")
    for path, name in zip(FILES, NAMES, strict=True)
    for layer in layers_of(loaded(path))
]


@pytest.mark.parametrize(("path", "layer"), PLAYS)
def test_our_engine_holds(path: Path, layer: Layer | None) -> None:
    result = run_scenario(loaded(path), Engine, layer=layer)
    assert result.passed, render(result)
    assert result.skipped is None


HOLDS_WITHOUT_AN_ENGINE = {
    "museum/013-one-of-two-doubles-removed": "the point is that nothing else is written",
    "museum/015-declaration-that-does-not-fit": "no engine is started",
    "museum/016-reorder-a-list": "the point is that nothing else is written",
    "museum/034-republish-restores-the-order": "the point is that the list is left alone",
    "museum/043-publish-keeps-the-order": "the point is that nothing else is written",
}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_an_engine_that_does_nothing_fails(path: Path) -> None:
    scenario = loaded(path)
    results = [run_scenario(scenario, one_sided, layer=layer) for layer in layers_of(scenario)]
    holds = all(result.passed for result in results)
    assert holds == (scenario.name in HOLDS_WITHOUT_AN_ENGINE)


def test_the_museum_has_every_number() -> None:
    assert {int(path.name[:3]) for path in FILES if path.parent.name == "museum"} == set(range(1, 85))


def test_what_an_editor_expects_is_there_sentence_by_sentence() -> None:
    assert {path.name[:4] for path in FILES if path.name.startswith("e7-")} == {
        f"e7-{number}" for number in range(1, 9)
    }


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "museum"], ids=lambda path: path.stem)
def test_a_museum_piece_names_its_number_and_where_it_was_seen(path: Path) -> None:
    source = loaded(path).scenario.source
    assert isinstance(source, list)
    assert source[0].startswith(f"museum {int(path.name[:3])}")
    assert len(source) > 1


def test_the_json_schema_is_current() -> None:
    assert (ROOT / "schema.json").read_text(encoding="utf-8") == format_schema_text(), (
        "the format has changed: bidir scenario schema --output scenarios/schema.json"
    )


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(format_schema_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_json_schema_accepts_every_shipped_scenario(path: Path, validator: Draft202012Validator) -> None:
    assert [error.message for error in validator.iter_errors(read_yaml(path).value)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"titel": "x"},
        {"title": ""},
        {"when": [{"sett": {}}]},
        {"when": [{"set": {}, "fault": {"explode": 1}}]},
        {"then": {"documents": {"b1": "gone"}}},
        {"then": {"writes": "many"}},
        {"then": {"writes": -1}},
        {"layers": []},
        {"layers": ["draft"]},
    ],
    ids=str,
)
def test_the_json_schema_refuses_what_the_loader_refuses(
    change: dict[str, Any], validator: Draft202012Validator
) -> None:
    value = {**read_yaml(FILES[0]).value, **change}
    assert list(validator.iter_errors(value))


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_scenario_written_and_read_again_is_the_same(path: Path, tmp_path: Path) -> None:
    scenario = loaded(path).scenario
    written = write_scenario(scenario, tmp_path, "Found: a counterexample!")
    assert written.name == "found-a-counterexample.yaml"
    assert load_scenario(written).scenario == scenario
    assert written.read_text(encoding="utf-8") == scenario_text(scenario)


def test_the_example_in_the_description_is_the_shipped_scenario(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n", 1)[1].split("```", 1)[0]
    path = tmp_path / "example.yaml"
    path.write_text(example, encoding="utf-8")
    scenario = load_scenario(path)
    for layer in layers_of(scenario):
        result = run_scenario(scenario, Engine, layer=layer)
        assert result.passed, render(result)


def test_the_description_names_every_key_of_the_format() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    schema = json.loads(format_schema_text())
    keys = {
        key
        for name in ("Step", "Then", "Fault", "Given")
        for key in schema["$defs"][name]["properties"]
        if key != "then"
    } | set(schema["properties"])
    assert sorted(key for key in keys if f"`{key}" not in text and f"{key}:" not in text) == []
