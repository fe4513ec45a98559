"""The success criteria: what is measured of our engine, that it repeats, and that lesser engines are caught."""

import pytest

from bidir import Engine, Outcome
from bidir.conformance.criteria.part import EDITS_MIN, EDITS_OF, criteria_part
from bidir.conformance.criteria.plain import EDITS as PLAIN_EDITS
from bidir.conformance.criteria.plain import compare_plain
from bidir.conformance.criteria.report import CriteriaReport, measure_criteria, percent
from bidir.conformance.criteria.speed import measure_added
from bidir.conformance.criteria.success import DISTURBANCES, DISTURBED_EVERY, EDITS, measure_success
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.latency import ROUND_TRIPS_MS
from bidir.conformance.latency_backend import SERVICE_SECONDS
from bidir.conformance.latency_play import PLANNING_MS
from bidir.conformance.served_lake import ServedLakes
from lakesim.jsonvalue import dump_bytes

WAITING = DISTURBANCES[2:]


@pytest.fixture(scope="module")
def found():
    return measure_criteria(Engine, EmbeddedLake())


def test_every_update_is_right_at_rest_and_every_undisturbed_one_at_once(found):
    run = found.run
    assert len(run.updates) == EDITS
    assert len(run.undisturbed) == EDITS - EDITS // DISTURBED_EVERY
    assert [one for one in run.undisturbed if not one.at_once] == []
    assert [one for one in run.updates if not one.at_rest] == []
    assert run.left == ()
    assert run.writes == {1: len(run.undisturbed)}
    assert {one.reads for one in run.undisturbed} == {1}


def test_what_comes_between_is_seen_in_full(found):
    table = found.run.by_trouble()
    share = EDITS // DISTURBED_EVERY // len(DISTURBANCES)
    for trouble in DISTURBANCES:
        assert table[trouble] == (share, 0 if trouble in WAITING else share, share)
    assert all(one.told and one.saved for one in found.run.updates)
    faster = [one for one in found.run.updates if one.trouble == DISTURBANCES[0]]
    # It met somebody: one write was refused, and the plan was made again.
    assert {one.writes for one in faster} == {2}


def test_all_four_criteria_hold(found):
    assert [(one.asked.split()[0], one.holds) for one in found.criteria] == [
        ("bidirectional", True),
        ("less", True),
        ("no", True),
        ("clear", True),
    ]
    assert "97.0 % right at once, 100.0 % at rest" in found.criteria[0].measured


def test_the_added_time_is_that_of_one_read_at_most(found):
    assert [row.rtt_ms for row in found.added] == list(ROUND_TRIPS_MS)
    for row in found.added:
        assert row.in_a_form == PLANNING_MS
        assert row.alone == row.rtt_ms + SERVICE_SECONDS * 1000 + PLANNING_MS


def test_plain_references_cost_what_they_did(found):
    plain = found.plain
    assert (plain.without.reads, plain.without.writes, plain.without.documents) == (0, PLAIN_EDITS, PLAIN_EDITS)
    assert (plain.engine.reads, plain.engine.writes, plain.engine.documents) == (PLAIN_EDITS, PLAIN_EDITS, PLAIN_EDITS)
    assert (plain.form.reads, plain.form.writes, plain.form.documents) == (0, PLAIN_EDITS, PLAIN_EDITS)
    assert plain.without.bytes_sent == plain.engine.bytes_sent == plain.form.bytes_sent
    assert dump_bytes(plain.without.stored) == dump_bytes(plain.form.stored)


def test_the_same_seed_gives_the_same_run_and_another_one_another():
    first, again, other = (measure_success(Engine, EmbeddedLake(), edits=40, seed=seed) for seed in (3, 3, 4))
    assert first == again
    assert first.updates != other.updates


def test_over_http_it_is_the_same_run(lake_server):
    with ServedLakes(lake_server) as lakes:
        served = measure_success(Engine, lakes(), edits=60, seed=1)
    embedded = measure_success(Engine, EmbeddedLake(), edits=60, seed=1)
    assert served == embedded


# ----------------------------------------------------------------------------------- engines that fall short


def quietly_off(schema, backend):
    """Saves the edit, does nothing else, and says that nothing waits."""
    engine = Engine(schema, backend, mode="off")
    engine.pending = list
    return engine


class Forgets(Engine):
    """Never writes what had to wait."""

    def heal(self):
        return Outcome()


class Silent(Engine):
    """Tells nobody of what waits, though it heals."""

    def submit(self, *arguments, **options):
        done = super().submit(*arguments, **options)
        return Outcome(done.transaction_id, done.documents_written, done.reads, done.writes)

    def pending(self):
        return []


class Strict(Engine):
    """Refuses the edit where the other half cannot be written."""

    def submit(self, mutations, **options):
        if self.backend.denied:
            raise PermissionError("not allowed")
        return super().submit(mutations, **options)


class WritesTwice(Engine):
    """Sends a write of its own with every edit."""

    def submit(self, mutations, **options):
        self.backend.commit([{"createIfNotExists": {"_id": "seen", "_type": "note"}}], transaction_id=None)
        return super().submit(mutations, **options)


class ClearsEverything(Engine):
    """Is always symmetric, because it stores no link."""

    def submit(self, mutations, **options):
        cleared = [
            {"patch": {"id": one["patch"]["id"], "unset": ["author", "currentBook", "series"]}} for one in mutations
        ]
        return super().submit(cleared, **options)


@pytest.mark.parametrize(
    ("factory", "criterion", "text"),
    [
        (quietly_off, 0, "of the updates are right at once"),
        (Forgets, 0, "still wrong at rest"),
        (Silent, 3, "is not told with both documents by name"),
        (Strict, 3, "PermissionError: not allowed"),
        (WritesTwice, 0, "took more or less than one write request"),
        (ClearsEverything, 3, "the user's own field was not saved"),
    ],
)
def test_an_engine_that_falls_short_is_caught(found, factory, criterion, text):
    run = measure_success(factory, EmbeddedLake(), edits=DISTURBED_EVERY * len(DISTURBANCES))
    judged = CriteriaReport(run, found.added, found.plain).criteria[criterion]
    assert not judged.holds
    assert any(text in fault for fault in judged.faults), judged.faults


def test_an_engine_that_touches_plain_references_is_caught():
    class Tidies(Engine):
        def submit(self, mutations, **options):
            for one in mutations:
                self.backend.commit([{"patch": {"id": one["patch"]["id"], "set": {"seen": True}}}], transaction_id=None)
            return super().submit(mutations, **options)

    faults = " ".join(compare_plain(Tidies, edits=6).faults)
    assert "the engine sent 12 writes, a client alone 6" in faults
    assert "other documents than a client alone" in faults


def test_a_slow_engine_is_caught():
    class Slow(Engine):
        def submit(self, *arguments, **options):
            self.backend.clock.sleep(0.2)
            return super().submit(*arguments, **options)

    assert min(row.alone for row in measure_added(Slow)) > 200


def test_the_part_carries_the_figures_and_a_failure_its_replay(monkeypatch):
    monkeypatch.setitem(EDITS_OF, "quick", EDITS_MIN)
    part = criteria_part(Engine, profile="quick", seed=2)
    assert (part.name, part.passed, part.checked, len(part.cases)) == ("criteria", True, 4, 4)
    assert (part.facts["updates"], part.facts["right at rest"]) == (EDITS_MIN, "100.0 %")
    dump_bytes(dict(part.facts))
    wrong = criteria_part(quietly_off, profile="quick", seed=2, engine_option=" --engine mine:Engine")
    assert wrong.failures[0].replay == "bidir conformance --only criteria --profile quick --seed 2 --engine mine:Engine"


@pytest.mark.parametrize(
    ("share", "text"), [(1, "100.0 %"), (0.97, "97.0 %"), (0.9999, "99.9 %"), (0.9996, "99.9 %"), (0, "0.0 %")]
)
def test_a_share_is_never_rounded_up_to_all(share, text):
    assert percent(share) == text
