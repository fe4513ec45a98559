"""Audit and repair of large exports: batches of rows against the engine in memory, a million by measured memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import measure_adoption  # noqa: E402
import synthetic_export  # noqa: E402

from bidir import Engine, Schema  # noqa: E402
from bidir.adoption import opened, repair_export, tables  # noqa: E402
from bidir.backends import LakeBackend  # noqa: E402
from bidir.conformance.files import dataset_from_file  # noqa: E402

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
SIZE, BATCH_ROWS = (20_000, tables.BATCH_ROWS) if DEEP else (3_000, 1_000)
"""Documents of an export, and rows held at a time: several batches of them in either profile."""
LARGE = 1_000_000
MEGABYTES_MAX = 1_000
"""Memory that a process may take for a million documents."""


@pytest.fixture(autouse=True)
def _batches(monkeypatch):
    monkeypatch.setattr(tables, "BATCH_ROWS", BATCH_ROWS)


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "export.ndjson"
    assert synthetic_export.write_export(path, SIZE) >= SIZE
    return path


@pytest.fixture(scope="module")
def schema():
    return Schema.load(synthetic_export.SCHEMA)


@pytest.fixture(scope="module")
def engine(export, schema):
    return Engine(schema, LakeBackend(dataset_from_file(export)))


def test_a_large_export_is_audited_as_in_memory_holding_a_batch_of_rows(export, schema, engine):
    expected = list(engine.audit(notes=True))
    with opened(schema, export) as audited:
        assert list(audited.violations(notes=True)) == expected
        assert audited.documents >= SIZE
        assert audited.tables.held_max <= BATCH_ROWS < SIZE
    kinds = {violation.kind for violation in expected}
    assert kinds == {"one-sided", "double-claim", "dangling", "draft-id-reference"}


def test_a_large_export_is_repaired_as_in_memory(export, schema, engine):
    expected = engine.repair(dry_run=True)
    report = repair_export(schema, export, export.with_name("repaired.ndjson"), dry_run=False)
    assert report.found == expected.found
    assert set(report.lost) == set(expected.lost)
    assert report.writes >= expected.writes > SIZE / 100
    assert repair_export(schema, export.with_name("repaired.ndjson")).writes == 0


def test_the_synthetic_export_is_the_same_for_the_same_seed():
    first, again, other = (list(synthetic_export.documents(300, seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert len({document["_id"] for document in first}) == len(first)


@pytest.mark.deep
@pytest.mark.skipif(not DEEP, reason="opt-in with LAKESIM_PROFILE=deep")
@pytest.mark.parametrize("what", ["audit", "repair"])
def test_a_million_documents_take_less_than_a_gigabyte(what):
    command = [sys.executable, str(HERE / "measure_adoption.py"), what, str(LARGE)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found["documents"] >= LARGE
    assert found["violations"] > LARGE / 100
    assert found["peak_megabytes"] <= MEGABYTES_MAX


def test_the_measurement_measures(tmp_path):
    for what in ("audit", "repair"):
        found = measure_adoption.measure(what, 300, tmp_path)
        assert found["documents"] >= 300
        assert 0 < found["peak_megabytes_before"] <= found["peak_megabytes"]
