"""Our engine by the deep profile, a unit of the suite per test, so that pytest-xdist splits it over processes.

Run with `LAKESIM_PROFILE=deep pytest -n auto tests/bidir/conformance/test_deep_conformance.py`; it takes hours. Two
variables split it further: LAKESIM_SHARD=2/4 runs one part of four, LAKESIM_EXAMPLES=DIR shares failing examples.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bidir.conformance.options import Shard, SuiteOptions
from bidir.conformance.suite import run_unit, unit_names

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
ROOT = Path(__file__).parents[3] / "scenarios"


def _options(found: Path | None = None) -> SuiteOptions:
    number, _, count = os.environ.get("LAKESIM_SHARD", "1/1").partition("/")
    examples = os.environ.get("LAKESIM_EXAMPLES")
    return SuiteOptions(
        profile="deep",
        scenarios=ROOT,
        found_in=found,
        shard=Shard(int(number), int(count)),
        examples=Path(examples) if examples else None,
    )


@pytest.mark.deep
@pytest.mark.skipif(not DEEP, reason="deep: LAKESIM_PROFILE=deep")
@pytest.mark.parametrize("name", unit_names(_options()))
def test_our_engine_holds(name: str, tmp_path: Path) -> None:
    parts = run_unit(_options(tmp_path), name)
    assert parts
    told = [f"{part.name}: {one.text}\n{one.replay}" for part in parts for one in part.failures]
    assert all(part.passed for part in parts), "\n\n".join(told)
