"""An open picker: what may be chosen for a field, kept up to date while it is open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final

from bidir.ports import EventStream
from bidir.refs import group_of
from codex_fields.definitions import ReferenceField
from codex_fields.relationships import CodexSummary

__all__ = ["Picker"]

Json = Any

Changed = Callable[[list[CodexSummary]], object]
LISTEN_QUERY: Final = "*[_type in $types]"


class Picker:
    """The candidates for `field`, newest first. A context manager; close it when the dialogue closes.

    `ask(search)` is one request. Any number of events between two updates costs one.
    """

    def __init__(
        self,
        field: ReferenceField,
        ask: Callable[[str | None], list[CodexSummary]],
        stream: EventStream,
        *,
        source_id: str | None = None,
        search: str | None = None,
        on_change: Changed | None = None,
    ) -> None:
        """Open it; `stream` tells of changes to the target template and to the source's own."""
        self.field = field
        self.source_id = source_id
        self._ask = ask
        self._stream = stream
        self._search = search
        self._on_change = on_change
        self._welcomed = False
        self.candidates = ask(search)

    @property
    def search(self) -> str | None:
        """What is searched for."""
        return self._search

    def search_for(self, text: str | None) -> list[CodexSummary]:
        """Search for something else; return the candidates."""
        self._search = text
        self._stream.drain()
        self._take(self._ask(text))
        return self.candidates

    def update(self, timeout: float = 0.0) -> bool:
        """Take in what has happened, waiting up to `timeout` seconds for something to; return whether the list changed.

        Raises: BackendError once the lake has ended the stream.
        """
        news = self._has_news(self._stream.drain())
        while not news and timeout > 0:
            first = self._stream.get(timeout)
            if first is None:
                return False
            news = self._has_news([first, *self._stream.drain()])
        if not news:
            return False
        return self._take(self._ask(self._search))

    def close(self) -> None:
        """Stop listening."""
        self._stream.close()

    def __enter__(self) -> Picker:
        """Return the picker itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _take(self, found: list[CodexSummary]) -> bool:
        changed = found != self.candidates
        self.candidates = found
        if changed and self._on_change is not None:
            self._on_change(found)
        return changed

    def _has_news(self, events: Iterable[Mapping[str, Json]]) -> bool:
        # Each event must be looked at: the first welcome is remembered.
        return sum(map(self._is_news, events)) > 0

    def _is_news(self, event: Mapping[str, Json]) -> bool:
        kind = event.get("type", "mutation")
        if kind == "welcome" and not self._welcomed:
            self._welcomed = True
            return False
        # Anything but a mutation: the stream broke and began again, what was missed is not known.
        return kind != "mutation" or self._concerns(event)

    def _concerns(self, event: Mapping[str, Json]) -> bool:
        """Whether a candidate, or what the source points at, may have changed."""
        types = {one.get("_type") for one in (event.get("previous"), event.get("result")) if isinstance(one, Mapping)}
        return self.field.target_template in types or group_of(str(event["documentId"])) == self.source_id
