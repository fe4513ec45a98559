"""Events on their way to a worker: lost, doubled, turned round, and never more than was said."""

from __future__ import annotations

from typing import Any

import pytest

from bidir.conformance.scenario import EventFault
from bidir.conformance.streams import ObservedStream


class Queue:
    """A stream that holds what a test puts in."""

    def __init__(self, *names: str) -> None:
        self.events: list[dict[str, Any]] = [{"type": "mutation", "documentId": name} for name in names]
        self.closed = False

    def drain(self) -> list[dict[str, Any]]:
        out, self.events = self.events, []
        return out

    def get(self, timeout: float | None = None) -> dict[str, Any] | None:
        return self.events.pop(0) if self.events else None

    def close(self) -> None:
        self.closed = True


def names(events: list[dict[str, Any]]) -> str:
    return "".join(event.get("documentId", "!") for event in events)


CASES = [
    ({}, "abcd", "abcd"),
    ({"drop": 1}, "abcd", "bcd"),
    ({"drop": 9}, "abcd", ""),
    ({"duplicate": 2}, "abcd", "aabbcd"),
    ({"reorder": 3}, "abcd", "cbad"),
    ({"reorder": 9}, "abcd", "dcba"),
    ({"drop": 1, "duplicate": 1, "reorder": 2}, "abcde", "bbdce"),
]


@pytest.mark.parametrize(("fault", "given", "expected"), CASES)
@pytest.mark.parametrize("one_by_one", [False, True])
def test_what_arrives(fault: dict[str, int], given: str, expected: str, one_by_one: bool) -> None:
    stream = ObservedStream(Queue(*given))
    if fault:
        stream.arm(EventFault(**fault))
    got = list(iter(lambda: stream.get(0), None)) if one_by_one else stream.drain()
    assert names(got) == expected
    assert stream.unused == max(0, sum(fault.values()) - len(given))


def test_a_fault_is_used_up_over_several_calls() -> None:
    queue = Queue("a")
    stream = ObservedStream(queue)
    stream.arm(EventFault(drop=2))
    assert (stream.drain(), stream.unused) == ([], 1)
    queue.events = [{"type": "mutation", "documentId": "b"}, {"type": "mutation", "documentId": "c"}]
    assert (names(stream.drain()), stream.unused) == ("c", 0)


def test_what_is_no_edit_meets_no_fault() -> None:
    queue = Queue("a")
    queue.events.insert(0, {"type": "welcome"})
    stream = ObservedStream(queue)
    stream.arm(EventFault(drop=1))
    assert names(stream.drain()) == "!"
    stream.close()
    assert queue.closed
