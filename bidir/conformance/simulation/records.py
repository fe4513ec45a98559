"""What the judge knows of a run: who sent which transaction, having seen what, and what everybody was told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["UNSEEN", "Answer", "Records", "Sent", "revisions_in"]

UNSEEN = "unseen"
"""Stands for a document that a process has never seen since it started."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One transaction that an engine sent and the lake took.

    `act` is the number of the act it belongs to (None: a worker's), `seen` the revisions the process had seen when it
    sent it, by stored id (None: seen to be absent); `action`: by lake actions, not mutations; `copy`: the second
    arrival of a message that was delivered twice.
    """

    transaction_id: str
    actor: str
    act: int | None
    mutations: tuple[Mapping[str, Any], ...]
    seen: Mapping[str, str | None]
    action: bool = False
    copy: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What an editor was told about an act: the outcome, or the error in words (None: nothing, the process died)."""

    act: int
    outcome: Any = None
    error: str | None = None


@dataclass(slots=True)
class Records:
    """Everything written down during one run; `story` holds (virtual seconds, who, what) for people."""

    sent: dict[str, Sent] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    unknown: dict[int, int] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    strangers: dict[str, int | None] = field(default_factory=dict)
    """Transactions that came past every engine, with the act they carry out (None: a rival's)."""
    lost_pending: list[Any] = field(default_factory=list)
    """Pending halves that died with a process which was the only one to know of them."""
    quarantined: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    """Breaches seen while the run went on (an engine that never stops, one that survives its death)."""
    story: list[tuple[float, str, str]] = field(default_factory=list)

    def tell(self, now: float, who: str, what: str) -> None:
        """Add a line to the story."""
        self.story.append((now, who, what))


def revisions_in(value: Any) -> Iterator[tuple[str, str]]:
    """Yield (stored id, revision) of every document found anywhere in an answer of the lake."""
    if isinstance(value, Mapping):
        document_id, revision = value.get("_id"), value.get("_rev")
        if isinstance(document_id, str) and isinstance(revision, str):
            yield document_id, revision
            return
        for inner in value.values():
            yield from revisions_in(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from revisions_in(inner)
