"""Judges what happened against a scenario's `then`: documents, counts, refusals, what is told and what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from bidir.conformance.expectation import Then, count_holds
from bidir.conformance.matching import Documents, Mismatch, match_documents
from bidir.conformance.naming import Naming
from bidir.conformance.yamlfile import Place

__all__ = ["Happened", "check", "described"]


@dataclass(slots=True)
class Happened:
    """What was seen between two moments; `then` is judged against it.

    `reads`, `writes` and `documents_written` are counted at the lake, not believed; `claimed` is what the engine says
    of them, where it says anything. `error` is what the call raised.
    """

    before: Documents
    after: Documents
    reads: int = 0
    writes: int = 0
    documents_written: int = 0
    retries: int = 0
    transactions: int = 0
    waited_ms: int = 0
    quarantined: list[str] = field(default_factory=list)
    repaired: int | None = None
    claimed: dict[str, int] = field(default_factory=dict)
    conflicts: list[Any] = field(default_factory=list)
    notices: list[Any] = field(default_factory=list)
    pending: list[Any] = field(default_factory=list)
    audit: list[Any] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    error: Exception | None = None


Found = list[tuple[Place, Mismatch]]


def check(then: Then, happened: Happened, naming: Naming) -> Found:
    """Return (place inside `then`, difference) for everything that is not as expected."""
    found: Found = _check_error(then, happened)
    if then.documents is not None:
        for one in _documents(then.documents, then, happened, naming):
            found.append((("documents", *_place_of(one, then.documents, naming)), one))
    if then.one_of is not None:
        found += _check_one_of(then, happened, naming)
    for name in ("documents_written", "writes", "reads", "retries", "transactions", "waited_ms", "repaired"):
        expected = getattr(then, name)
        got = getattr(happened, name)
        if expected is not None and (got is None or not count_holds(expected, got)):
            found.append(((name,), Mismatch(name, str(expected), "no repair ran" if got is None else str(got))))
    return found + _check_claims(then, happened) + _check_lists(then, happened, naming)


CLAIMS = ("documents_written", "reads", "writes", "retries")
"""Numbers that an engine's outcome states and that are counted at the lake as well."""


def _check_claims(then: Then, happened: Happened) -> Found:
    """Compare the engine's own numbers with what was counted, for the numbers that the scenario speaks of."""
    asked = [name for name in CLAIMS if getattr(then, name) is not None and name in happened.claimed]
    if all(happened.claimed[name] == getattr(happened, name) for name in asked):
        return []
    counted = ", ".join(f"{name.replace('_', ' ')} {getattr(happened, name)}" for name in asked)
    claimed = ", ".join(f"{name.replace('_', ' ')} {happened.claimed[name]}" for name in asked)
    return [((asked[0],), Mismatch("what the engine says of its work", counted, claimed))]


def _documents(expected: Mapping[str, Any], then: Then, happened: Happened, naming: Naming) -> list[Mismatch]:
    stored = {naming.expected(document_id): wanted for document_id, wanted in expected.items()}
    return match_documents(stored, happened.before, happened.after, others=then.others)


def _place_of(mismatch: Mismatch, expected: Mapping[str, Any], naming: Naming) -> Place:
    """Return the key of `documents` (and field) that a difference is about, () if the file does not name it."""
    for document_id, wanted in expected.items():
        stored = naming.expected(document_id)
        if mismatch.what == stored:
            return (document_id,)
        if mismatch.what.startswith(f"{stored}."):
            rest = mismatch.what.removeprefix(f"{stored}.")
            fields = wanted if isinstance(wanted, Mapping) else {}
            field = next((name for name in fields if rest == name or rest.startswith((f"{name}.", f"{name}["))), None)
            return (document_id,) if field is None else (document_id, field)
    return ()


def _check_one_of(then: Then, happened: Happened, naming: Naming) -> Found:
    tried = [_documents(expected, then, happened, naming) for expected in then.one_of or ()]
    if not all(tried):
        return []
    nearest = min(tried, key=len)
    number = tried.index(nearest) + 1
    return [(("one_of",), Mismatch(f"{one.what} (nearest: number {number})", one.expected, one.got)) for one in nearest]


def _check_error(then: Then, happened: Happened) -> Found:
    error = happened.error
    if then.error is None:
        return [] if error is None else [(("error",), Mismatch("error", "none", described(error)))]
    wanted = then.error.type + (f' with "{then.error.text}"' if then.error.text else "")
    if error is None:
        return [(("error",), Mismatch("error", wanted, "none"))]
    names = [kind.__name__ for kind in type(error).__mro__]
    if then.error.type not in names or (then.error.text or "") not in str(error):
        return [(("error",), Mismatch("error", wanted, described(error)))]
    return []


def described(error: Exception) -> str:
    """Return an exception as `Class: text`, with where it was raised if it is no error anybody would expect."""
    text = f"{type(error).__name__}: {error}"
    trace = error.__traceback__
    if type(error).__module__.startswith(("bidir", "lakesim")) or trace is None:
        return text
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    return f"{text} (in {code.co_name}, {code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno})"


_LISTS = {"conflicts": "kind", "pending": "reason", "notices": "kind", "audit": "kind"}
"""Lists of `then` and the attribute that a bare text in them means."""


def _check_lists(then: Then, happened: Happened, naming: Naming) -> Found:
    found: Found = []
    for name, main in _LISTS.items():
        expected = getattr(then, name)
        if expected is None and name == "conflicts" and then.error is None:
            expected = []
        if expected is None:
            continue
        got = list(getattr(happened, name))
        wanted = [{main: one} if isinstance(one, str) else _stated(one) for one in expected]
        if name == "notices" and naming.makes_versions and not any(one[main] == VERSION_CREATED for one in wanted):
            got = [one for one in got if one.kind != VERSION_CREATED]
        mismatch = _match_all(name, wanted, got, main)
        found += [] if mismatch is None else [((name,), mismatch)]
    if then.quarantined is not None and sorted(then.quarantined) != sorted(happened.quarantined):
        named = [", ".join(sorted(one)) or "none" for one in (then.quarantined, happened.quarantined)]
        found.append((("quarantined",), Mismatch("quarantined", named[0], named[1])))
    if then.events is not None:
        expected_events = sorted((naming.expected(event.document), event.transition) for event in then.events)
        if expected_events != sorted(happened.events):
            shown = [
                ", ".join(f"{who} {what}" for who, what in one) or "none" for one in (expected_events, happened.events)
            ]
            found.append((("events",), Mismatch("events", shown[0], shown[1])))
    return found


VERSION_CREATED = "version-created"


def _stated(expectation: BaseModel) -> dict[str, Any]:
    return expectation.model_dump(exclude_none=True)


def _match_all(name: str, wanted: Sequence[Mapping[str, Any]], got: Sequence[Any], main: str) -> Mismatch | None:
    """Pair every expectation with one thing that happened, in any order; None if that uses up both."""
    left = list(got)
    # The most particular first, so that a bare kind does not take what a detailed one needs.
    for one in sorted(wanted, key=len, reverse=True):
        index = next((index for index, item in enumerate(left) if _fits(one, item)), None)
        if index is None:
            break
        del left[index]
    else:
        if not left:
            return None
    expected = ", ".join(_words(one, main) for one in wanted) or "none"
    shown = ", ".join(_told(item, main, wanted) for item in got) or "none"
    return Mismatch(name, expected, shown)


def _fits(wanted: Mapping[str, Any], item: Any) -> bool:
    for key, value in wanted.items():
        got = getattr(item, key, None)
        if key == "documents":
            if not set(value) <= set(got or ()):
                return False
        elif key == "place" and isinstance(got, str):
            # An engine may name the field of the place with it.
            if got != value and not got.startswith(f"{value}."):
                return False
        elif value != got:
            return False
    return True


def _words(one: Mapping[str, Any], main: str) -> str:
    rest = ", ".join(f"{key} {_listed(value)}" for key, value in one.items() if key != main)
    return f"{one[main]} ({rest})" if rest else str(one[main])


def _told(item: Any, main: str, wanted: Sequence[Mapping[str, Any]]) -> str:
    """Show what happened with the particulars that any expectation speaks of, and its own text."""
    keys = dict.fromkeys(key for one in wanted for key in one if key != main)
    rest = ", ".join(f"{key} {_listed(getattr(item, key, None))}" for key in keys)
    text = getattr(item, "text", "")
    return f"{getattr(item, main, item)}" + (f" ({rest})" if rest else "") + (f' "{text}"' if text else "")


def _listed(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
