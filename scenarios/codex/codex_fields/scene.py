"""What a chapter of the demonstration plays with: an empty lake, an editor's workspace, and what is told of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from bidir.conformance.proxy import ObservedBackend
from bidir.demos.narrator import Narrator
from bidir.demos.playing import documents_of
from codex_fields.errors import CodexError
from codex_fields.workspace import Workspace

__all__ = ["EVENT_SECONDS", "Scene", "titles"]

EVENT_SECONDS: Final = 10.0
"""How long an event may be on its way over HTTP."""


class Scene:
    """One chapter's lake, seen through a workspace; everything done here is told to the narrator."""

    def __init__(self, backend: ObservedBackend, narrator: Narrator) -> None:
        """Set it up."""
        self.backend, self.narrator = backend, narrator
        self.workspace = Workspace(backend)
        self.types = self.workspace.templates.ids

    def people(self, *names: str) -> list[str]:
        """Have characters, each with its name in a codex of its own; return their ids, which are the names in small."""
        for name in names:
            said = self.workspace.create("string-codex", name, codex_id=f"name-{name.lower()}")
            self.workspace.create("character", name, fields={"name": said}, codex_id=name.lower())
        return [name.lower() for name in names]

    @contextmanager
    def both_sides(self, *ids: str) -> Iterator[None]:
        """Show documents, the new ones with them, before and after what is done inside."""
        everything = _timeless(documents_of(self.backend, self.types))
        yield
        after = _timeless(documents_of(self.backend, self.types))
        wanted = {*ids, *(after.keys() - everything.keys())}
        names = {True: "the codex that points", False: "the codices pointed at"}
        for points in (True, False):
            mine = {one for one in wanted if (one == ids[0]) is points}
            before = {key: value for key, value in everything.items() if key in mine}
            self.narrator.side(names[points], before, {key: value for key, value in after.items() if key in mine})

    def requests(self) -> tuple[int, int]:
        """Return the reads and writes since the last time."""
        counted = (self.backend.traffic.reads, self.backend.traffic.writes)
        self.backend.traffic.reads = self.backend.traffic.writes = 0
        return counted

    def refused(self, step: str, call: Callable[[], Any], code: str) -> None:
        """Tell an edit that must be refused, what the refusal says, and that nothing was written."""
        self.narrator.step(step)
        self.requests()
        try:
            call()
        except CodexError as error:
            self.narrator.lines(f"refused: {error.code}", str(error).splitlines())
            said = error.code
        else:
            said = "done"
        self.narrator.claim(
            f"it is refused as {code}, and nothing was written", (said, self.requests()[1]) == (code, 0)
        )

    def claim_in_step(self) -> None:
        """Claim that both sides of every reference agree."""
        self.narrator.claim("both sides agree everywhere", not list(self.workspace.engine.audit()))

    def close(self) -> None:
        """Stop listening."""
        self.workspace.close()

    def __enter__(self) -> Scene:
        """Return the scene itself."""
        return self

    def __exit__(self, *details: object) -> None:
        """Close it."""
        self.close()


def _timeless(value: Any) -> Any:
    """Return documents without the times of their links, which differ between runs and say nothing here."""
    if isinstance(value, dict):
        return {name: _timeless(one) for name, one in value.items() if name not in ("createdAt", "updatedAt")}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def titles(found: Sequence[Any]) -> list[str]:
    """Return the titles of summaries."""
    return [one.title for one in found]
