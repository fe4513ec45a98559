"""What a chapter plays with: an engine on an empty lake, what the lake and the log saw, and both sides as documents."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from bidir.conformance.latency_backend import VirtualBackend
from bidir.conformance.proxy import ObservedBackend, Traffic
from bidir.conformance.scenario import Fault
from bidir.demos.narrator import Narrator
from bidir.demos.playing import documents_of
from bidir.demos.prd.library import BOOK_SIDE, RELEASE, TYPES, reference, types
from bidir.engine import Engine
from bidir.errors import BidirError
from bidir.outcome import Outcome
from bidir.ports import Backend
from bidir.relations import Schema
from lakesim.jsonvalue import loads

__all__ = ["Scene"]

POLLS_MAX: Final = 200
POLL_SECONDS: Final = 0.02
"""How often, and how far apart, one looks whether events have arrived: at most four seconds."""
_SHOWN_OF_A_LINE: Final = ("event", "layer", "documents", "conflicts", "pending", "notices", "would_write")


class Scene:
    """One chapter's stage. The engine's clock stands still, so that a busy machine changes nothing that is told."""

    def __init__(self, backend: Backend, narrator: Narrator) -> None:
        """Play on a lake that holds no documents of the demonstration's types."""
        self.narrator = narrator
        self.lake = backend
        self.backend = ObservedBackend(_standing_still(backend))
        self.engine = Engine(Schema.load(types()), self.backend)

    # -- preparing

    def start(self, *, mode: str = "on", **options: Any) -> Engine:
        """Work with another engine from here on, by the schema that `options` give (see `library.types`)."""
        self.engine = Engine(Schema.load(types(**options)), self.backend, mode=mode)  # type: ignore[arg-type]
        return self.engine

    def given(self, *documents: Mapping[str, Any]) -> None:
        """Store documents past the engine."""
        self.lake.commit([{"create": dict(one)} for one in documents], transaction_id=None)

    @contextmanager
    def release(self) -> Iterator[None]:
        """Have a release while the block runs; it is gone afterwards, also if it was published."""
        self.engine.create_release(RELEASE, title="Spring")
        try:
            yield
        finally:
            state = self.lake.query("*[_id == $id][0].state", {"id": f"_.releases.{RELEASE}"})
            if state == "active":
                self.engine.archive_release(RELEASE)
            self.engine.delete_release(RELEASE)

    def elsewhere(self, *mutations: Mapping[str, Any]) -> None:
        """Write past the engine, as a script does."""
        self.lake.commit(list(mutations), transaction_id=None)

    # -- doing

    def set_author(self, book: str, author: str, *, perspective: str = "drafts", **fields: Any) -> Outcome:
        """Let an editor set book.author (and other fields) by the engine alone."""
        return self.patch(book, perspective=perspective, set={"author": reference(author), **fields})

    def patch(self, group: str, *, perspective: str = "drafts", **operations: Any) -> Outcome:
        """Let an editor patch a document."""
        return self.engine.submit([{"patch": {"id": group, **operations}}], perspective=perspective)

    # -- looking

    def stored(self) -> dict[str, Any]:
        """Return the stored documents by id."""
        return documents_of(self.lake, TYPES)

    def document(self, document_id: str) -> dict[str, Any]:
        """Return one stored document, empty if there is none."""
        found: dict[str, Any] = self.stored().get(document_id, {})
        return found

    def link(self, document_id: str) -> str | None:
        """Return what the relation field of a stored book or author points at."""
        document = self.document(document_id)
        value = document.get("author" if document.get("_type") == "book" else "currentBook")
        return value.get("_ref") if isinstance(value, Mapping) else None

    def ask(self, groq: str, *, perspective: str) -> Any:
        """Ask what somebody sees in a perspective."""
        return self.lake.query(groq, {}, perspective=perspective)

    # -- telling

    @contextmanager
    def both_sides(self) -> Iterator[None]:
        """Show the documents of both sides before and after what is done inside."""
        before = self.stored()
        yield
        after = self.stored()
        for name, ours in (("books", True), ("authors and others", False)):
            self.narrator.side(name, _side(before, ours), _side(after, ours))

    @contextmanager
    def counted(self) -> Iterator[Traffic]:
        """Count the requests of the block."""
        self.backend.traffic = Traffic()
        yield self.backend.traffic

    @contextmanager
    def trouble(self, *, denied: str | None = None, **fault: Any) -> Iterator[None]:
        """Let a document be out of bounds, or the next commits fail, while the block runs."""
        if denied is not None:
            self.backend.denied.add(denied)
        self.backend.arm(Fault(**fault))
        try:
            yield
        finally:
            self.backend.denied.discard(denied or "")
            self.backend.arm(None)

    @contextmanager
    def logged(self) -> Iterator[list[dict[str, Any]]]:
        """Collect and show the lines that the engine logs in the block, without ids and times."""
        lines: list[dict[str, Any]] = []
        handler = _Collecting(lines)
        log = logging.getLogger("bidir")
        level, propagates = log.level, log.propagate
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False
        try:
            yield lines
        finally:
            log.removeHandler(handler)
            log.setLevel(level)
            log.propagate = propagates
        for line in lines:
            shown = {key: line[key] for key in _SHOWN_OF_A_LINE if key in line}
            self.narrator.data(f"logged, {line['level']}", _without_revisions(shown))

    def refused(self, what: Callable[[], object]) -> str:
        """Do something that must be refused and return the words of the refusal, empty if it is not."""
        try:
            what()
        except BidirError as error:
            return str(error)
        return ""

    def until(self, holds: Callable[[], bool]) -> bool:
        """Wait until something holds that events bring about; False if it never does."""
        for _ in range(POLLS_MAX):
            if holds():
                return True
            self.lake.clock.sleep(POLL_SECONDS)
        return False

    def waits(self) -> list[tuple[str, str, str]]:
        """Return what is pending: source, target, reason."""
        return [(item.source, item.target, item.reason) for item in self.engine.pending()]

    def whole(self) -> bool:
        """Whether an audit of the whole dataset finds nothing."""
        return not list(self.engine.audit())

    def told(self, title: str, items: Sequence[Any]) -> None:
        """Show what the editor is told: notices, waiting halves, conflicts."""
        kinds = [getattr(item, "reason", None) or item.kind for item in items]
        self.narrator.lines(
            title, [f"{kind}: {item.text}" for kind, item in zip(kinds, items, strict=True)] or ["nothing"]
        )


class _Collecting(logging.Handler):
    """Keeps the structured lines that come."""

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append({"level": record.levelname.lower(), **loads(record.getMessage())})


def _standing_still(backend: Backend) -> Backend:
    return VirtualBackend(backend, round_trip=0.0, service=lambda: 0.0)


def _without_revisions(value: Any) -> Any:
    """Return a logged line as it is in every run."""
    if isinstance(value, Mapping):
        return {key: _without_revisions(one) for key, one in value.items() if key != "ifRevisionID"}
    return [_without_revisions(one) for one in value] if isinstance(value, list) else value


def _side(documents: Mapping[str, Any], books: bool) -> dict[str, Any]:
    return {key: one for key, one in documents.items() if (one["_type"] in BOOK_SIDE) == books}
