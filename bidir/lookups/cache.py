"""Answers kept for a short while, and dropped when an event or a write of one's own may have changed them."""

from __future__ import annotations

import json
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bidir.errors import BackendError, NotSupportedError
from bidir.lookups.question import Question, layers_of
from bidir.ports import Backend, EventStream
from bidir.refs import layer_of

__all__ = ["CACHE_ENTRIES_MAX", "CACHE_SECONDS", "LookupCache"]

Json = Any

CACHE_SECONDS = 60.0
"""How long an answer is good for, if nothing is heard of a change."""
CACHE_ENTRIES_MAX = 512
"""Answers kept; the one that was not asked for the longest goes first."""

LISTEN_QUERY = "*[_type in $types]"


@dataclass(frozen=True, slots=True)
class _Entry:
    question: Question
    answer: Json
    asked_at: float

    def depends_on(self, type_name: str, layer: str) -> bool:
        """Whether a change of a document of this type in this layer may have changed the answer."""
        mine = self.question.types is None or type_name in self.question.types
        return mine and layer in layers_of(self.question.perspective)


class LookupCache:
    """Remembers the answers of one engine.

    `counters` is where hits and misses are counted (`lookup_hits`, `lookup_misses`), and where the engine counts what
    it writes itself. Listening begins with the first question; a backend that cannot listen leaves it to the engine's
    own writes and to time.
    """

    def __init__(
        self,
        backend: Backend,
        counters: Counter[str],
        *,
        types: tuple[str, ...],
        seconds: float = CACHE_SECONDS,
        entries: int = CACHE_ENTRIES_MAX,
    ) -> None:
        """Keep at most `entries` answers for `seconds`; `types` are the document types whose changes are heard."""
        self._backend = backend
        self._counters = counters
        self._types = types
        self._seconds = seconds
        self._size = entries
        self._entries: OrderedDict[tuple[str, str, str], _Entry] = OrderedDict()
        self._stream: EventStream | None = None
        self._deaf = False
        self._welcomed = False
        self._own_writes = self._written()

    def __len__(self) -> int:
        """Return how many answers are kept."""
        return len(self._entries)

    def answer(self, question: Question, ask: Callable[[], Json]) -> Json:
        """Return the answer that is known and still good, else that of `ask()`; the caller may change what it gets."""
        # Hearing comes before asking: a change between the two is still in the queue when the next question comes.
        self._hear()
        key = (question.groq, json.dumps(question.params, sort_keys=True), question.perspective)
        now = self._backend.clock.monotonic()
        known = self._entries.get(key)
        if known is not None and now - known.asked_at < self._seconds:
            self._counters["lookup_hits"] += 1
            self._entries.move_to_end(key)
            return _copied(known.answer)
        self._counters["lookup_misses"] += 1
        found = ask()
        self._entries[key] = _Entry(question, found, now)
        self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)
        return _copied(found)

    def forget(self) -> None:
        """Drop every answer."""
        self._entries.clear()

    # ---------------------------------------------------------------------------------------------------- changes

    def _hear(self) -> None:
        if self._written() != self._own_writes:
            self._own_writes = self._written()
            self.forget()
        if self._stream is None:
            self._listen()
        changed: set[tuple[str, str]] = set()
        for event in self._stream.drain() if self._stream is not None else ():
            kind = event.get("type", "mutation")
            if kind == "mutation":
                changed |= {(name, layer_of(str(event["documentId"]))) for name in _types_in(event)}
            elif kind == "welcome" and not self._welcomed:
                self._welcomed = True
            else:
                # The stream broke and began again: what was missed is not known.
                self.forget()
                if kind == "error":
                    self._listen()
                    break
        if changed and self._entries:
            stale = [
                key
                for key, entry in self._entries.items()
                if any(entry.depends_on(type_name, layer) for type_name, layer in changed)
            ]
            for key in stale:
                del self._entries[key]

    def _listen(self) -> None:
        if self._deaf:
            return
        # A proxy need not pass `listen` on, and a lake may refuse it: then time alone limits an answer's life.
        listen = getattr(self._backend, "listen", None)
        try:
            self._stream = None if listen is None else listen(LISTEN_QUERY, {"types": list(self._types)})
        except (BackendError, NotSupportedError):
            self._stream = None
        self._deaf, self._welcomed = self._stream is None, False
        if self._stream is not None:
            weakref.finalize(self, self._stream.close).atexit = False

    def _written(self) -> tuple[int, int]:
        return self._counters["writes"], self._counters["actions"]


def _types_in(event: Mapping[str, Json]) -> set[str]:
    documents = (event.get("previous"), event.get("result"))
    return {str(document.get("_type")) for document in documents if isinstance(document, Mapping)}


def _copied(value: Json) -> Json:
    """Return JSON that shares nothing with `value`."""
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
