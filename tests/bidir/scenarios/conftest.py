"""Fixtures for scenario tests: files written from text, and a play of one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from bidir.conformance.loading import load_scenario
from bidir.conformance.result import Result
from bidir.conformance.runner import layers_of, run_scenario
from bidir.engine import Engine

HEAD = "title: A case\nwhy: Because\nsource: test\n"


@pytest.fixture
def scenario_file(tmp_path: Path) -> Callable[[str], Path]:
    """Write a scenario; title, why and source are filled in where the text does not begin with them."""

    def write(text: str) -> Path:
        body = dedent(text)
        path = tmp_path / "case.yaml"
        path.write_text(body if body.startswith("title:") else HEAD + body, encoding="utf-8")
        return path

    return write


@pytest.fixture
def play(scenario_file: Callable[[str], Path]) -> Callable[..., Result]:
    """Play a scenario given as text, with our engine unless another is named, in its first layer."""

    def run(text: str, engine: Any = Engine) -> Result:
        loaded = load_scenario(scenario_file(text))
        return run_scenario(loaded, engine, layer=layers_of(loaded)[0])

    return run
