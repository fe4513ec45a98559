"""Plays cases to programs written for Node.js."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
STACK_KILOBYTES = 200
"""The published patch engine recurses without end on some paths; a short stack ends that soon."""


@pytest.fixture(scope="session")
def play() -> Callable[[str, Iterable[Any]], list[Any]]:
    """A function that sends values to a script of this folder, one per line, and returns its answers in order."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    wanted = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    if not all((HERE / "node_modules" / name).is_dir() for name in wanted):
        pytest.skip("the npm packages are not installed; run tests/differential/setup.sh")

    def answers(script: str, values: Iterable[Any]) -> list[Any]:
        lines = [json.dumps(value) + "\n" for value in values]
        command = [node, f"--stack-size={STACK_KILOBYTES}", script]
        run = subprocess.run(command, cwd=HERE, input="".join(lines), capture_output=True, encoding="utf-8", check=True)
        outcomes = [json.loads(line) for line in run.stdout.split("\n") if line]
        assert len(outcomes) == len(lines), run.stderr
        return outcomes

    return answers
