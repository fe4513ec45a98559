"""The opt-in fuzz target runs on every query of the case files, so that it does not rot."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

HERE = Path(__file__).parent


@pytest.mark.parametrize("path", sorted((HERE / "cases").glob("*.yaml")), ids=lambda path: path.stem)
def test_fuzz_target_accepts_every_case(path: Path) -> None:
    spec = importlib.util.spec_from_file_location("fuzz_groq", HERE / "fuzz_groq.py")
    assert spec is not None
    assert spec.loader is not None
    target = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(target)
    cases = json.loads(json.dumps(YAML(typ="safe").load(path.read_text())))["cases"]
    for case in cases:
        target.check_text(case["query"])
        target.check_text(case["query"][:-1])
