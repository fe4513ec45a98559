"""Events of one document come out in the order of its revisions, whatever order and number they go in."""

from hypothesis import given
from hypothesis import strategies as st

from bidir.following.sequence import BUFFER_EVENTS_MAX, BUFFER_SECONDS_MAX, Sequencer


def chain(document_id, count):
    """Return the events of a document created and changed `count - 1` times."""
    events = []
    for number in range(count):
        event = {
            "type": "mutation",
            "documentId": document_id,
            "transactionId": f"t{number}",
            "transition": "appear" if number == 0 else "update",
            "result": {"_rev": f"t{number}"},
            "previous": {"_rev": f"t{number - 1}"} if number else None,
        }
        if number:
            event["previousRev"] = f"t{number - 1}"
        events.append(event)
    return events


@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=5))
def test_any_order_and_repetition_after_the_first_comes_out_in_order(order, repeats):
    sequencer, events = Sequencer(), chain("a", 6)
    out = sequencer.take(events[0], 0.0)
    for number in [*order, *repeats]:
        out += sequencer.take(events[1 + number], 0.0)
    assert [step.transaction_id for step in out] == [f"t{number}" for number in range(6)]
    assert sequencer.waiting == 0


def test_an_event_delivered_twice_counts_once():
    sequencer, (event, *_) = Sequencer(), chain("a", 1)
    assert len(sequencer.take(event, 0.0)) == 1
    assert sequencer.take(event, 0.0) == []


def test_a_chain_with_a_hole_is_given_up_after_a_while():
    sequencer, events = Sequencer(), chain("a", 3)
    sequencer.take(events[0], 0.0)
    sequencer.take(events[2], 0.0)
    assert (sequencer.waiting, sequencer.broken(BUFFER_SECONDS_MAX)) == (1, [])
    assert sequencer.broken(BUFFER_SECONDS_MAX + 0.1) == ["a"]
    sequencer.forget("a")
    assert sequencer.waiting == 0


def test_a_chain_with_a_hole_is_given_up_when_too_much_waits():
    sequencer, events = Sequencer(), chain("a", BUFFER_EVENTS_MAX + 3)
    sequencer.take(events[0], 0.0)
    for event in events[2:]:
        sequencer.take(event, 0.0)
    assert sequencer.broken(0.0) == ["a"]


def test_a_document_deleted_and_made_again_goes_on():
    sequencer, (made, *_) = Sequencer(), chain("a", 1)
    gone = {"documentId": "a", "transactionId": "t1", "transition": "disappear", "previousRev": "t0", "previous": {}}
    again = {"documentId": "a", "transactionId": "t2", "transition": "appear", "previous": None, "result": {}}
    taken = [len(sequencer.take(event, 0.0)) for event in (made, gone, again)]
    assert taken == [1, 1, 1]
