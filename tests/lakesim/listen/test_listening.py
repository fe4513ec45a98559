"""Listeners in process: who hears of which change, in which order, with which fields (sections 5.1 to 5.4)."""

import logging
import os
from threading import Thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import BadRequestError, Dataset, Lake, LakeChoices, LakeError, Limits
from lakesim.clock import format_seconds, parse_time
from lakesim.errors import ListenerOverflowError
from lakesim.groq import GroqError
from lakesim.jsonvalue import equal
from lakesim.patch import apply_patch, parse_patch
from lakesim.testing.strategies import transactions

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"


def doc(key: str, **attributes: Any) -> dict[str, Any]:
    return {"_id": key, "_type": "t", **attributes}


def create(key: str, **attributes: Any) -> dict[str, Any]:
    return {"create": doc(key, **attributes)}


def patch(key: str, **operations: Any) -> dict[str, Any]:
    return {"patch": {"id": key, **operations}}


def delete(key: str) -> dict[str, Any]:
    return {"delete": {"id": key}}


def heard(listener: Any) -> list[dict[str, Any]]:
    return [event for event in listener.drain() if event["type"] == "mutation"]


def test_the_first_event_is_welcome(dataset: Dataset) -> None:
    first, second = dataset.listen().get(0), dataset.listen().get(0)
    assert first is not None
    assert second is not None
    assert first["type"] == second["type"] == "welcome"
    assert first["listenerName"] != second["listenerName"]


def test_an_event_has_the_service_s_fields_in_its_words(dataset: Dataset) -> None:
    dataset.mutate([create("a", n=1), create("other")], transaction_id="tx1", author="ada")
    listener = dataset.listen('*[_id == "a"]', include_result=True, include_previous_revision=True)
    dataset.mutate([patch("a", set={"n": 2}), patch("other")], transaction_id="tx2", author="ada")
    (event,) = heard(listener)
    assert event == {
        "type": "mutation",
        "eventId": "tx2#a",
        "documentId": "a",
        "transactionId": "tx2",
        "transition": "update",
        "identity": "ada",
        "previousRev": "tx1",
        "resultRev": "tx2",
        "timestamp": "2026-01-01T00:00:00.002000Z",
        "visibility": "transaction",
        "transactionTotalEvents": 1,
        "transactionCurrentEvent": 0,
        "mutations": [{"patch": {"id": "a", "set": {"n": 2}}}],
        "result": dataset.get("a"),
        "previous": dataset.revision("a", "tx1"),
    }


TRANSITIONS: list[tuple[list[dict[str, Any]], list[tuple[str, str]]]] = [
    ([create("x", on=True)], [("x", "appear")]),
    ([create("x", on=False)], []),
    ([patch("on", set={"n": 1})], [("on", "update")]),
    ([patch("on", set={"on": False})], [("on", "disappear")]),
    ([patch("off", set={"on": True})], [("off", "appear")]),
    ([patch("off", set={"n": 1})], []),
    ([delete("on")], [("on", "disappear")]),
    ([delete("off"), delete("nowhere")], []),
    ([create("x", on=True), delete("x")], []),
    ([delete("on"), create("on", on=True)], [("on", "update")]),
    ([patch("on", set={"on": False}), patch("on", set={"on": True})], [("on", "update")]),
    ([patch("off", set={"on": True}), create("x", on=True), patch("off")], [("off", "appear"), ("x", "appear")]),
    ([{"createIfNotExists": doc("on")}], []),
    ([{"createIfNotExists": doc("x", on=True)}], [("x", "appear")]),
    ([{"patch": {"query": "*", "set": {"on": True}}}], [("off", "appear"), ("on", "update")]),
]


@pytest.mark.parametrize(("mutations", "expected"), TRANSITIONS)
def test_transitions_are_judged_by_the_filter_before_and_after(
    dataset: Dataset, mutations: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    dataset.mutate([create("on", on=True), create("off", on=False)])
    listener = dataset.listen("*[on == $on] | order(n) [0...1] {n}", {"on": True})
    dataset.mutate(mutations, transaction_id="tx")
    events = heard(listener)
    assert [(event["documentId"], event["transition"]) for event in events] == expected
    counters = [(event["transactionTotalEvents"], event["transactionCurrentEvent"]) for event in events]
    assert counters == [(len(expected), number) for number in range(len(expected))]


def test_creations_and_deletions_have_one_revision_less(dataset: Dataset) -> None:
    listener = dataset.listen(include_result=True, include_previous_revision=True)
    for number, mutation in enumerate([create("a"), delete("a"), create("a")], start=1):
        dataset.mutate([mutation], transaction_id=f"tx{number}")
    created, deleted, again = heard(listener)
    assert "previousRev" not in created
    assert created["previous"] is None
    assert "previousRev" not in again
    assert (deleted["previousRev"], deleted["resultRev"]) == ("tx1", "tx2")
    assert "result" not in deleted


def test_rows_55_56_57_59_the_other_way() -> None:
    choices = LakeChoices(
        first_event_number=1, result_revision_on_delete=False, anonymous_identity="nobody", result_on_delete="null"
    )
    dataset = Lake(seed=0, choices=choices).dataset("production")
    listener = dataset.listen(include_result=True)
    dataset.mutate([create("a")])
    dataset.mutate([delete("a")])
    created, deleted = heard(listener)
    assert (created["transactionCurrentEvent"], created["identity"]) == (1, "nobody")
    assert "resultRev" not in deleted
    assert deleted["result"] is None


def test_fields_can_be_left_out(dataset: Dataset) -> None:
    listener = dataset.listen(include_mutations=False, visibility="query")
    dataset.mutate([create("a")])
    (event,) = heard(listener)
    assert not {"mutations", "result", "previous"} & set(event)
    assert event["visibility"] == "query"


def test_creations_are_shown_with_system_fields_and_queries_as_ids(dataset: Dataset) -> None:
    listener = dataset.listen()
    dataset.mutate([{"create": {"_type": "t"}}], transaction_id="tx1")
    dataset.mutate([{"patch": {"query": "*", "set": {"n": 1}}}, {"delete": {"query": "*"}}], transaction_id="tx2")
    created, gone = heard(listener)
    key = created["documentId"]
    assert created["mutations"] == [{"create": dataset.revision(key, "tx1")}]
    assert gone["mutations"] == [{"patch": {"id": key, "set": {"n": 1}}}, {"delete": {"id": key}}]


def test_drafts_and_versions_can_be_left_out(dataset: Dataset) -> None:
    everything, published = dataset.listen(), dataset.listen(include_all_versions=False)
    dataset.mutate([create("drafts.a"), create("a"), create("versions.r1.a")])
    assert [event["documentId"] for event in heard(everything)] == ["drafts.a", "a", "versions.r1.a"]
    (event,) = heard(published)
    assert (event["documentId"], event["transactionTotalEvents"]) == ("a", 1)


@pytest.mark.parametrize("groq", ["*[", "*[n == $missing]", '*[author->name == "x"]', "*[_id in *[].ref]"])
def test_an_invalid_filter_or_one_that_looks_elsewhere_is_refused(dataset: Dataset, groq: str) -> None:
    with pytest.raises(GroqError):
        dataset.listen(groq)
    assert len(dataset._core.hub) == 0


# -- delivery


def test_a_reader_that_falls_behind_ends_with_a_named_error_and_holds_nobody_up(dataset: Dataset) -> None:
    slow, fast = dataset.listen(queue_max=3), dataset.listen()
    for number in range(6):
        dataset.mutate([create(f"a{number}")])
    events = list(slow)
    assert [event["type"] for event in events] == ["welcome", "mutation", "mutation", "error"]
    assert events[-1]["error"]["type"] == "listenerOverflowError"
    assert "fell 3 events behind" in events[-1]["message"]
    assert isinstance(slow.error, ListenerOverflowError)
    assert slow.is_closed
    assert len(heard(fast)) == 6
    assert len(dataset._core.hub) == 1


def test_listeners_are_bounded_and_give_their_place_back() -> None:
    dataset = Lake(limits=Limits(listeners_max=2)).dataset("production")
    first, _second = dataset.listen(), dataset.listen()
    with pytest.raises(BadRequestError, match="Max listener limit exceeded at 2"):
        dataset.listen()
    first.close()
    dataset.listen()


def test_closing_keeps_what_waits_and_nothing_after(dataset: Dataset) -> None:
    listener = dataset.listen()
    dataset.mutate([create("a")])
    listener.close()
    listener.close()
    dataset.mutate([create("b")])
    assert [event["type"] for event in listener] == ["welcome", "mutation"]
    assert listener.poll() is None
    assert listener.get() is None


def test_leaving_the_lake_closes_its_listeners() -> None:
    with Lake(seed=0) as lake:
        listener = lake.dataset("production").listen()
    assert listener.is_closed


def test_iterating_waits_for_other_threads(dataset: Dataset) -> None:
    listener = dataset.listen()
    seen: list[str] = []
    reader = Thread(target=lambda: seen.extend(event.get("documentId", "welcome") for event in listener))
    reader.start()
    for key in "abc":
        dataset.mutate([create(key)])
    listener.close()
    reader.join(timeout=10)
    assert seen == ["welcome", "a", "b", "c"]


# -- callbacks


def test_a_callback_gets_every_event_and_the_lake_is_free_for_it(dataset: Dataset) -> None:
    """It may read and write; what it writes comes after what is already under way, in commit order."""
    order: list[str] = []

    def react(event: dict[str, Any]) -> None:
        order.append(event.get("documentId", "welcome"))
        if event.get("documentId") in ("a", "b"):
            dataset.mutate([create(f"{event['documentId']}-copy", of=dataset.get(event["documentId"]))])
            order.append(f"wrote {event['documentId']}-copy")

    first, second = dataset.listen(on_event=react), dataset.listen()
    dataset.mutate([create("a"), create("b")])
    expected = ["welcome", "a", "wrote a-copy", "b", "wrote b-copy", "a-copy", "b-copy"]
    assert order == expected
    assert [event["documentId"] for event in heard(second)] == ["a", "b", "a-copy", "b-copy"]
    first.close()
    dataset.mutate([create("c")])
    assert order == expected


def test_two_callbacks_that_write_hear_everything_in_one_order(dataset: Dataset) -> None:
    orders: tuple[list[str], list[str]] = ([], [])

    def reaction(number: int) -> Any:
        def react(event: dict[str, Any]) -> None:
            if event["type"] == "mutation":
                orders[number].append(event["documentId"])
                if len(event["documentId"]) < 4:
                    dataset.mutate([create(event["documentId"] + "xy"[number])])

        return react

    for number in (0, 1):
        dataset.listen(on_event=reaction(number))
    dataset.mutate([create("a")])
    assert orders[0] == orders[1] == [row["documentIDs"][0] for row in dataset.transactions()]
    assert len(orders[0]) == 15


def test_a_callback_that_raises_loses_its_listener_not_the_write(
    dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: dict[str, Any]) -> None:
        if event["type"] == "mutation":
            raise ZeroDivisionError("in the callback")

    listener, witness = dataset.listen(on_event=fail), dataset.listen()
    with caplog.at_level(logging.ERROR, "lakesim.listen"):
        dataset.mutate([create("a"), create("b")])
    assert "its callback raised" in caplog.text
    assert isinstance(listener.error, ZeroDivisionError)
    assert listener.is_closed
    assert len(heard(witness)) == 2


def test_many_writers_and_callbacks_keep_the_commit_order(dataset: Dataset) -> None:
    order: list[str] = []
    dataset.listen(on_event=lambda event: order.append(event.get("transactionId", "welcome")))
    writers = [
        Thread(target=lambda name=name: [dataset.mutate([create(f"{name}{n}")]) for n in range(60)]) for name in "abcd"
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=30)
    assert order == ["welcome", *(row["id"] for row in dataset.transactions(exclude_mutations=True))]
    assert len(order) == 241


# -- the stream as a whole


@given(st.lists(transactions(size_max=4), max_size=8), st.booleans())
@settings(max_examples=80 if DEEP else 30, deadline=None)
def test_events_played_on_a_copy_rebuild_the_documents(requests: list[list[dict[str, Any]]], keys: bool) -> None:
    """Mutations lead from the document before to exactly the stored one; revisions chain without a gap."""
    dataset = Lake(seed=0).dataset("production")
    listener = dataset.listen(include_result=True, include_previous_revision=True)
    for mutations in requests:
        try:
            dataset.mutate(mutations, auto_generate_array_keys=keys)
        except LakeError:
            continue
    by_mutations: dict[str, dict[str, Any]] = {}
    for event in heard(listener):
        key = event["documentId"]
        before = by_mutations.get(key)
        assert event.get("previousRev") == (None if before is None else before["_rev"])
        assert equal(event["previous"], before)
        after = played(before, event)
        assert equal(event.get("result"), after)
        if after is None:
            del by_mutations[key]
        else:
            by_mutations[key] = after
    assert list(dataset.documents()) == [by_mutations[key] for key in sorted(by_mutations)]


def played(document: dict[str, Any] | None, event: dict[str, Any]) -> dict[str, Any] | None:
    """What a client does that has no more than the event."""
    patched = False
    for mutation in event["mutations"]:
        ((kind, body),) = mutation.items()
        if kind == "delete":
            document = None
        elif kind == "patch":
            operations = {name: value for name, value in body.items() if name != "id"}
            document, patched = apply_patch(document, parse_patch(operations, where="patch")), True
        else:
            document, patched = body, False
    if document is not None and patched:
        stamp = {"_rev": event["resultRev"], "_updatedAt": format_seconds(parse_time(event["timestamp"]))}
        document = {**document, **stamp}
        if not isinstance(document.get("_createdAt"), str):
            document["_createdAt"] = event["result"]["_createdAt"]
    return document
