"""Calls an engine under test and looks at what it answers: whatever an engine does wrong becomes one clear sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bidir.conformance.skipping import SkipPlay
from bidir.outcome import Outcome
from lakesim.jsonvalue import dumps

__all__ = ["CALLS_MAX", "EngineFaultError", "RunawayError", "asked", "called", "completed"]

CALLS_MAX = 5_000
"""Calls of the backend in one operation before it is taken for one that never ends."""

_NUMBERS = ("documents_written", "reads", "writes", "retries")
_LISTS = {
    "conflicts": ("kind", "claimant", "place", "holder", "token"),
    "notices": ("kind", "documents", "layer", "undo"),
    "pending": ("source", "target", "layer", "reason", "key"),
}
_TOLD = {"pending": _LISTS["pending"], "audit": ("kind",)}
SHOWN_MAX = 80


class EngineFaultError(Exception):
    """An engine that does not keep to the contract: what it answered, changed or would not end, in words."""


class RunawayError(BaseException):
    """An operation went on and on; not an Exception, because the engine that does so may catch those."""


def called(engine: Any, name: str, *arguments: Any, **options: Any) -> Any:
    """Return the outcome of an operation of the engine, None if it tells nothing.

    Raises: SkipPlay if it has no such operation, EngineFaultError for an answer that is no outcome, for arguments that
    it changed and for an operation that does not end; whatever the engine itself raises.
    """
    operation = getattr(engine, name, None)
    if not callable(operation):
        raise SkipPlay(f"the engine has no operation {name}()")
    given = dumps([arguments, options])
    try:
        outcome = operation(*arguments, **options)
    except RunawayError:
        raise EngineFaultError(f"{name}() did not end: more than {CALLS_MAX:,} calls of the backend") from None
    left = dumps([arguments, options])
    if left != given:
        raise EngineFaultError(f"{name}() changed what it was given: {_cut(given)} became {_cut(left)}")
    fault = _fault(outcome)
    if fault:
        raise EngineFaultError(f"{name}() returned {_cut(repr(outcome))}: {fault}")
    return outcome


def asked(engine: Any, name: str) -> list[Any] | None:
    """Return what `pending()` or `audit()` of the engine lists, None if it has no such operation.

    Raises: EngineFaultError for anything but a list of items.
    """
    operation = getattr(engine, name, None)
    if not callable(operation):
        return None
    try:
        answer = operation()
        items = list(answer) if isinstance(answer, Iterable) and not isinstance(answer, (str, bytes)) else None
    except RunawayError:
        raise EngineFaultError(f"{name}() did not end: more than {CALLS_MAX:,} calls of the backend") from None
    if items is None:
        raise EngineFaultError(f"{name}() returned {_cut(repr(answer))}: it should list items with {_named(name)}")
    for item in items:
        missing = [part for part in _TOLD[name] if not hasattr(item, part)]
        if missing:
            text = f"{name}() lists {_cut(repr(item))}, which has no {', no '.join(missing)}"
            raise EngineFaultError(f"{text}; an item has {_named(name)}")
    return items


def completed(answer: Any, *, reads: int, writes: int, documents: int) -> Outcome:
    """Return an answer as an outcome; what it does not tell is taken from what was counted at the lake."""
    return Outcome(
        transaction_id=getattr(answer, "transaction_id", None),
        documents_written=getattr(answer, "documents_written", documents),
        reads=getattr(answer, "reads", reads),
        writes=getattr(answer, "writes", writes),
        conflicts=tuple(getattr(answer, "conflicts", ())),
        pending=tuple(getattr(answer, "pending", ())),
        notices=tuple(getattr(answer, "notices", ())),
        retries=getattr(answer, "retries", 0),
        mutations=tuple(getattr(answer, "mutations", ())),
    )


def _named(name: str) -> str:
    return ", ".join(_TOLD[name])


def _fault(outcome: Any) -> str:
    """Return what keeps an answer from being an outcome, empty if nothing does.

    None tells nothing, and what an outcome leaves out it does not tell; what it tells must be of the right kind.
    """
    if outcome is None:
        return ""
    every = ("transaction_id", *_NUMBERS, *_LISTS)
    if not any(hasattr(outcome, name) for name in every):
        return f"an outcome has {', '.join(every)}"
    for name in _NUMBERS:
        value = getattr(outcome, name, 0)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            return f"{name} counts, so it is a whole number and not {_cut(repr(value))}"
    for name, parts in _LISTS.items():
        value = getattr(outcome, name, ())
        if not isinstance(value, (list, tuple)):
            return f"{name} is a list and not {_cut(repr(value))}"
        for item in value:
            absent = [part for part in parts if not hasattr(item, part)]
            if absent:
                return f"{name} holds {_cut(repr(item))}, which has no {', no '.join(absent)}"
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"
