"""Patches as data: one document, one patch, one outcome; and that none of them touches its input."""

import inspect
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lakesim import jsonvalue
from lakesim.errors import ItemError
from lakesim.patch import Choices, apply_patch, parse_patch

CASES: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("vectors.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_patch_gives_exactly(case: dict[str, Any]) -> None:
    before = case["before"]
    snapshot = jsonvalue.dumps(before)
    patch = parse_patch(case["patch"], where="patch")
    choices = Choices(**case.get("choices", {}))
    if "error" in case:
        with pytest.raises(ItemError) as caught:
            apply_patch(before, patch, choices)
        assert caught.value.type == case["error"]
        assert case["says"] in caught.value.description
    elif case.get("same"):
        assert apply_patch(before, patch, choices) is before
    else:
        after = apply_patch(before, patch, choices)
        assert jsonvalue.equal(after, case["after"]), jsonvalue.dumps(after)
        assert after is not before
    assert jsonvalue.dumps(before) == snapshot


def test_case_names_are_distinct_and_each_has_one_outcome() -> None:
    names = [case["name"] for case in CASES]
    assert sorted(set(names)) == sorted(names)
    assert all(sum(key in case for key in ("after", "same", "error")) == 1 for case in CASES)


def test_every_choice_of_patching_has_a_case_for_either_side() -> None:
    # Read while parsing or while checking a document; their tests are there.
    elsewhere = {"operation_order", "nulls_in_arrays", "arrays_in_arrays"}
    switched = {name for case in CASES for name in case.get("choices", {})}
    assert switched == set(inspect.signature(Choices).parameters) - elsewhere
