"""Every action's preconditions, effects and refusals, as data in the files beside this one."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lakesim import ActionError, Lake
from lakesim.actions import ACTIONS
from lakesim.jsonvalue import copy, dump_bytes
from lakesim.lake import Dataset

FILES = sorted(Path(__file__).parent.glob("*_cases.yaml"))
CASES = [case for file in FILES for case in YAML(typ="safe").load(file)]
FAR = "2099-01-01T00:00:00Z"
NANOS = re.compile(r"2026-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
OWN = ("_id", "_rev", "_createdAt", "_updatedAt")


def wire(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"actionType": f"sanity.action.{name}", **fields} for one in actions for name, fields in one.items()]


def furnished(case: dict[str, Any]) -> Dataset:
    dataset = Lake(seed=0).dataset("production")
    given = [{"create": document} for document in case.get("given", [])]
    if given:
        dataset.mutate(given, transaction_id="given")
    for name, state in case.get("releases", {}).items():
        dataset.actions(wire([{"release.create": {"releaseId": name}}]))
        bring = {
            "active": [],
            "scheduled": [{"release.schedule": {"releaseId": name, "publishAt": FAR}}],
            "archived": [{"release.archive": {"releaseId": name}}],
            "published": [{"release.publish": {"releaseId": name}}],
        }
        if bring[state]:
            dataset.actions(wire(bring[state]))
        assert dataset.get(f"_.releases.{name}")["state"] == state
    return dataset


def stored(dataset: Dataset) -> dict[str, dict[str, Any]]:
    return {document["_id"]: document for document in dataset.documents()}


@pytest.mark.parametrize("case", [case for case in CASES if "then" in case], ids=lambda case: case["name"])
def test_effect(case):
    dataset = furnished(case)
    before, count = stored(dataset), len(dataset.log())
    actions = wire(case["do"])
    kept = dump_bytes(actions)
    tried = dataset.actions(actions, dry_run=True)
    assert stored(dataset) == before
    assert dataset.actions(actions) == tried
    assert dump_bytes(actions) == kept
    after = stored(dataset)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert changed == set(case["then"])
    assert len(dataset.log()) > count
    for key, expected in case["then"].items():
        assert (key in after) == (expected is not None)
        if expected is not None:
            wanted = {"_id": key, **expected}
            for name in [name for name, value in wanted.items() if value == "<time>"]:
                assert NANOS.fullmatch(after[key][name])
                wanted[name] = after[key][name]
            assert {name: value for name, value in after[key].items() if name not in OWN or name in wanted} == wanted


@pytest.mark.parametrize("case", [case for case in CASES if "refused" in case], ids=lambda case: case["name"])
def test_refusal(case):
    dataset = furnished(case)
    before, count, now = stored(dataset), len(dataset.log()), dataset.clock.now()
    expected, actions = case["refused"], wire(case["do"])
    bodies = []
    for dry_run in (True, False):
        with pytest.raises(ActionError) as caught:
            dataset.actions(copy(actions), dry_run=dry_run)
        bodies.append(caught.value.body())
    assert bodies[0] == bodies[1]
    assert bodies[0]["error"]["type"] == "actionError"
    (item,) = bodies[0]["error"]["items"]
    assert item["error"]["type"] == expected["type"]
    assert expected["text"] in item["error"]["description"]
    assert item["index"] == expected.get("index", 0)
    assert (stored(dataset), len(dataset.log()), dataset.clock.now()) == (before, count, now)


def test_the_cases_cover_every_action_both_ways():
    for kind in ("then", "refused"):
        seen = {f"sanity.action.{name}" for case in CASES if kind in case for one in case["do"] for name in one}
        assert set(ACTIONS) <= seen
