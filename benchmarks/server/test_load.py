"""A short run of the load, for what must hold however fast the machine is."""

import asyncio
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import load  # noqa: E402
import memory  # noqa: E402

from lakesim import Lake  # noqa: E402


@pytest.fixture
def address(lake_server):
    address = urlsplit(lake_server)
    return address.hostname, address.port


@pytest.mark.parametrize("make", [load.query, load.mutation])
def test_every_request_of_every_client_is_answered(address, lake, make):
    async def run():
        await load.seed(*address)
        return await load.ask_at_once(*address, make, clients=8, requests=80)

    measured = asyncio.run(run())
    assert (measured.requests, measured.failed) == (80, 0)
    assert 0 < measured.p50_ms <= measured.p99_ms
    changed = lake.dataset("production").query('count(*[title match "Changed*"])')
    assert changed == (80 if make is load.mutation else 0)


def test_every_listener_is_told_of_every_change_in_commit_order(address):
    async def run():
        await load.seed(*address)
        return await load.fan_out(*address, listeners=20, changes=15)

    fanout = asyncio.run(run())
    assert (fanout.delivered, fanout.in_order) == (20 * 15, True)


def test_the_memory_of_documents_is_measured():
    dataset = Lake(seed=0).dataset("production")
    memory.fill(dataset, 50)
    assert len(dataset) == 50
    run = subprocess.run([sys.executable, str(HERE / "memory.py"), "2000"], capture_output=True, text=True, check=True)
    assert '"documents": 2000' in run.stdout
