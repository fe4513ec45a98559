"""The README's examples run as they stand."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bidir.cli import app as bidir_app
from lakesim import Lake
from lakesim.cli import app as lakesim_app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
# What judges a whole engine has tests of its own, and somebody else's package is not here.
COMMANDS = [
    line.partition("  #")[0].strip()
    for line in README.splitlines()
    if line.startswith(("lakesim query", "bidir audit", "bidir repair"))
]
APPS = {"lakesim": lakesim_app, "bidir": bidir_app}


def test_the_first_example_says_what_it_claims():
    *statements, last = SNIPPETS[0].strip().split("\n")
    names = {}
    exec("\n".join(statements), names)
    expression, claim = last.split("# ")
    assert claim.startswith(f'"{eval(expression, names)}"')


def test_the_example_of_a_test_passes():
    names = {}
    exec(SNIPPETS[1], names)
    names["test_titles_are_trimmed"](Lake(seed=0).dataset("production"))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_work(command, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    name, *arguments = shlex.split(command)
    arguments = [str(tmp_path / one) if one == "repaired.ndjson" else one for one in arguments]
    done = CliRunner().invoke(APPS[name], arguments)
    assert done.exit_code in (0, 1), done.stderr
    assert done.stdout


def test_there_are_commands_to_try():
    assert len(COMMANDS) >= 4
