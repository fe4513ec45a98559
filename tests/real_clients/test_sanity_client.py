"""The official JavaScript client against a served lake."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lakesim import Lake
from lakesim.server.access import Access, parse_token
from lakesim.server.projects import Projects
from lakesim.server.runner import serving

HERE = Path(__file__).parent
FILES = ("access.test.mjs", "every_method.test.mjs")
"""What is run; the second runs all that needs no tokens in one process, to see that no method is left out."""
TOKENS = {"access.test.mjs": ("root", "eyes:viewer", "con:contributor", "bot:write-only")}
"""What the server of a file is given; without tokens everybody is administrator."""
SECONDS_MAX = 120
TEST_MILLISECONDS_MAX = 30_000
READY = shutil.which("node") is not None and (HERE / "node_modules" / "@sanity" / "client").is_dir()

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(not READY, reason="needs Node.js 20 or newer, and tests/real_clients/setup.sh to have run"),
]


@pytest.mark.parametrize("file", FILES)
def test_the_client_cannot_tell_the_difference(file):
    access = Access([parse_token(token) for token in TOKENS.get(file, ())])
    with serving(Projects(lambda project_id: Lake(seed=0, project_id=project_id)), access) as url:
        done = subprocess.run(
            ["node", "--test", "--test-reporter=tap", f"--test-timeout={TEST_MILLISECONDS_MAX}", file],
            cwd=HERE,
            env={**os.environ, "LAKESIM_URL": url},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    # A file in which nothing ran has passed, too.
    assert "# pass 0" not in done.stdout


def test_no_file_is_left_out():
    told = (HERE / "every_method.test.mjs").read_text(encoding="utf-8")
    others = {path.name for path in HERE.glob("*.test.mjs")} - set(FILES)
    assert others
    assert all(f"import './{name}'" in told for name in others)
