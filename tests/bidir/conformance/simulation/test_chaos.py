"""Decisions depend on the seed and the occasion alone; that is why failures shrink."""

from hypothesis import given
from hypothesis import strategies as st

from bidir.conformance.simulation.chaos import DIALS, Chaos

OCCASIONS = [f"editor 1/{act}/{request}" for act in range(1, 9) for request in range(1, 6)]


def decided(chaos, occasions):
    return {one: (chaos.request_faults(one, write=True), chaos.latency(one)) for one in occasions}


@given(st.permutations(OCCASIONS), st.integers(0, 50))
def test_what_happens_on_an_occasion_is_independent_of_all_others(occasions, left_out):
    everything = decided(Chaos("7", DIALS["all"]), OCCASIONS)
    some = decided(Chaos("7", DIALS["all"]), occasions[left_out:])
    assert some == {one: everything[one] for one in occasions[left_out:]}


def test_named_faults_replay_what_happened_and_nothing_else():
    first = Chaos("7", DIALS["all"])
    everything = decided(first, OCCASIONS)
    assert first.happened
    again = Chaos("7", DIALS["calm"], only=frozenset(first.happened))
    assert {one: again.request_faults(one, write=True) for one in OCCASIONS} == {
        one: faults for one, (faults, _) in everything.items()
    }
    assert sorted(again.happened) == sorted(first.happened)
    fewer = Chaos("7", DIALS["all"], only=frozenset(first.happened[:1]))
    decided(fewer, OCCASIONS)
    assert fewer.happened == first.happened[:1]


def test_a_read_meets_no_fault_that_only_a_write_can_meet():
    chaos = Chaos("7", DIALS["all"], only=frozenset({"a/1: crash after", "a/1: answer lost", "a/2: request lost"}))
    assert chaos.request_faults("a/1", write=False) == frozenset()
    assert chaos.request_faults("a/2", write=False) == {"request lost"}


def test_when_it_is_over_nothing_goes_wrong_any_more():
    chaos = Chaos("7", DIALS["all"])
    chaos.on = False
    assert all(not chaos.request_faults(one, write=True) and not chaos.event_faults(one) for one in OCCASIONS)
    assert chaos.happened == []


def test_the_seed_matters_and_every_fault_happens_now_and_then():
    assert decided(Chaos("7", DIALS["all"]), OCCASIONS) != decided(Chaos("8", DIALS["all"]), OCCASIONS)
    seen = set()
    for weather, dials in DIALS.items():
        chaos = Chaos(weather, dials)
        for number in range(2_000):
            chaos.request_faults(f"x/{number}", write=True)
            chaos.event_faults(f"y/{number}")
        seen |= {fault.partition(": ")[2] for fault in chaos.happened}
    assert seen == {
        "crash before",
        "crash after",
        "request lost",
        "answer lost",
        "twice",
        "rate limited",
        "rival",
        "event lost",
        "event twice",
    }
