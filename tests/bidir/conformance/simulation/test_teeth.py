"""Engines broken on purpose: each is caught within a bounded number of seeds, by a rule that names its fault."""

import pytest

from bidir.conformance import broken
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.simulation.cast import abilities_of
from bidir.conformance.simulation.convergence import judge_batchings, judge_deliveries
from bidir.conformance.simulation.course import draw_course
from bidir.conformance.simulation.crashing import play_crashes
from bidir.conformance.simulation.judging import judge
from bidir.conformance.simulation.running import schema_of
from bidir.conformance.simulation.shrinking import shrink
from bidir.conformance.simulation.story import told
from bidir.engine import Engine
from bidir.errors import BackendError

SEEDS_MAX = 25


def abilities(factory):
    return abilities_of(factory(schema_of("one-to-one"), EmbeddedLake().backend()))


def first_verdict(factory, kind, weather):
    """The first failing course within bounds, None if there is none."""
    offered = abilities(factory)
    for number in range(SEEDS_MAX):
        verdict = judge(draw_course(f"teeth/{number}", abilities=offered, kind=kind, weather=weather), factory)
        if not verdict.holds:
            return verdict
    return None


# (engine, kind, weather, rules of which one is named)
CASES = [
    ("no_locks", "one-to-one", "busy", {"lost update", "write skew", "cycle", "I7 frame", "I12 no loss"}),
    ("lock_source_only", "one-to-one", "late", {"lost update", "write skew", "cycle", "I1 symmetry"}),
    ("swallows_403_on_the_source", "one-to-one", "deadly", {"I12 no loss"}),
    ("forgets_its_place", "one-to-one", "deadly", {"I1 symmetry", "I3 no duplicates"}),
    ("create_or_replace", "one-to-one", "busy", {"lost update", "I7 frame", "I12 no loss"}),
    ("create_if_not_exists", "one-to-one", "busy", {"I12 no loss"}),
    ("whole_array_set", "many-to-many", "behind", {"lost update"}),
    ("no_eviction", "one-to-one", "late", {"I1 symmetry"}),
    ("whole_document_co_publish", "one-to-one", "deadly", {"I7 frame", "I12 no loss"}),
    ("two_requests", "one-to-one", "busy", {"I10 bounded work"}),
    ("overwrites_text", "one-to-one", "busy", {"I7 frame", "I12 no loss"}),
    ("one_sided", "many-to-many", "calm", {"I1 symmetry"}),
    ("clears_everything", "one-to-one", "calm", {"I4 isolation", "I8 intent", "I7 frame", "I12 no loss"}),
    ("does_nothing", "one-to-one", "calm", {"I12 no loss"}),
]


@pytest.mark.parametrize(("name", "kind", "weather", "rules"), CASES, ids=[case[0] for case in CASES])
def test_a_broken_engine_is_caught_by_name(name, kind, weather, rules):
    verdict = first_verdict(getattr(broken, name), kind, weather)
    assert verdict is not None, f"{name} passed {SEEDS_MAX} seeds"
    assert verdict.rules & rules, told(verdict)


class SendsForEver(Engine):
    """Tries again and again, whatever the answer is."""

    def submit(self, mutations, **options):
        while True:
            try:
                self.backend.commit([{"patch": {"id": "nobody", "set": {"x": 1}}}], transaction_id=None)
            except BackendError:
                continue


class Raises(Engine):
    """Fails on what it should understand."""

    def submit(self, mutations, **options):
        raise KeyError("author")


@pytest.mark.parametrize(
    ("factory", "weather", "words"),
    [
        (SendsForEver, "calm", "I10 bounded work"),
        (Raises, "calm", "KeyError"),
    ],
)
def test_an_engine_that_hangs_or_breaks_gets_a_verdict(factory, weather, words):
    verdict = first_verdict(factory, "one-to-one", weather)
    assert verdict is not None
    assert words in told(verdict)


def test_a_failure_shrinks_to_a_few_acts_and_always_to_the_same():
    verdict = first_verdict(broken.no_locks, "one-to-one", "busy")
    small, again = (shrink(verdict, broken.no_locks) for _ in range(2))
    assert len(small.run.course.acts) <= 4
    assert len(small.run.course.acts) < len(verdict.run.course.acts)
    assert small.rules & verdict.rules
    assert small.run.trace_hash == again.run.trace_hash
    text = told(small)
    assert all(act.told() in text for act in small.run.course.acts)


def test_an_engine_that_holds_is_not_shrunk_into_a_failure():
    offered = abilities(Engine)
    verdict = judge(draw_course("teeth/0", abilities=offered), Engine)
    assert verdict.holds
    assert shrink(verdict, Engine).holds


def test_an_engine_that_forgets_its_place_is_caught_by_a_death_at_some_await():
    factory = broken.forgets_its_place
    assert any(not verdict.holds for verdict in play_crashes(factory, abilities(factory)))


class LastOneFirst(Engine):
    """Hears of the last event first, and of no other."""

    def follow(self, **options):
        follower = super().follow(**options)
        inner = follower._stream

        class Last:
            def drain(self):
                return inner.drain()[-1:]

            def close(self):
                inner.close()

        follower._stream = Last()
        return follower


def test_an_engine_that_depends_on_the_order_of_events_is_caught():
    assert any(judge_deliveries("one-to-one", seed, LastOneFirst, events=4, limit=12).findings for seed in range(5))


class EachMutationAlone(Engine):
    """Looks at the first mutation of a transaction only."""

    def submit(self, mutations, **options):
        return super().submit(list(mutations)[:1], **options)


def test_an_engine_that_depends_on_the_batching_is_caught():
    found = [
        finding
        for seed in range(4)
        for finding in judge_batchings("one-to-one", seed, EachMutationAlone, intents=3).findings
    ]
    assert {finding.rule for finding in found} == {"I11 path independence"}
