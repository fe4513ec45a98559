"""A seed is the whole run: another process, another hash seed, the same trace."""

import os
import subprocess
import sys
import threading

from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.simulation.cast import abilities_of
from bidir.conformance.simulation.course import draw_course
from bidir.conformance.simulation.running import play, schema_of
from bidir.engine import Engine

ABILITIES = abilities_of(Engine(schema_of("one-to-one"), EmbeddedLake().backend()))
SEEDS = [f"replay/{number}" for number in range(6)]
PROGRAM = """
import sys
from bidir.conformance.simulation.course import draw_course
from bidir.conformance.simulation.running import play
from bidir.engine import Engine
for seed in sys.argv[2:]:
    print(play(draw_course(seed, abilities=frozenset(sys.argv[1].split(","))), Engine).trace_hash)
"""


def elsewhere(hash_seed):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ",".join(sorted(ABILITIES)), *SEEDS],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.split()


def test_every_seed_replays_exactly_in_other_processes():
    here = [play(draw_course(seed, abilities=ABILITIES), Engine).trace_hash for seed in SEEDS]
    assert len(set(here)) == len(SEEDS)
    # This process has a hash seed of its own, mostly a random one.
    assert elsewhere("1" if os.environ.get("PYTHONHASHSEED") != "1" else "2") == here


def test_no_thread_outlives_its_run():
    before = threading.active_count()
    for seed in SEEDS[:3]:
        play(draw_course(seed, abilities=ABILITIES), Engine)
    assert threading.active_count() == before
