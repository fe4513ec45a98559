"""What the engine answers: conflicts, pending halves, notices, and the outcome that carries them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Conflict", "ConflictKind", "Notice", "NoticeKind", "Outcome", "Pending", "PendingReason"]

ConflictKind = Literal["held", "max", "acyclic", "blocked"]

PendingReason = Literal[
    "missing",
    "not-visible",
    "permission",
    "deferred-live",
    "locked-release",
    "conflict",
    "budget",
    "no-inverse-field",
    "variant",
]

NoticeKind = Literal[
    "steal",
    "version-created",
    "kept-cleared",
    "claim-refused",
    "contradiction",
    "weakened",
    "required-empty",
    "no-inverse-field",
    "draft-id-normalised",
    "unkeyed-item",
    "unsupported-reference",
    "overlap",
]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something refused by policy; nothing of the submit was written (bidirectional semantics, E8.15).

    `claimant` (a group) wants `place` (`<group>.<field>`), which `holder` (a group) has, None where no single
    document is in the way.
    Submitting the same again with `consent=[token]` goes through.
    """

    kind: ConflictKind
    relation: str
    claimant: str
    place: str
    holder: str | None
    layer: str
    token: str
    text: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A half that is not written: `source` points at `target` (groups) in `layer` and `target` does not point back.

    `erased`: `target` was deleted, and what waits is that `source` lets it go.
    """

    relation: str
    source: str
    target: str
    layer: str
    reason: PendingReason
    text: str
    erased: bool = False

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two items the same: relation, source, target, layer."""
        return (self.relation, self.source, self.target, self.layer)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something done that the user did not ask for, told once.

    `documents` are the groups concerned, the one that lost or changed first; `undo` is a list of mutations for
    `submit` that gives a stolen place back (empty for other kinds).
    """

    kind: NoticeKind
    relation: str
    documents: tuple[str, ...]
    layer: str
    text: str
    undo: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call did.

    `transaction_id` is None when nothing was sent. `documents_written` counts stored documents created, changed or
    deleted, `reads` and `writes` count requests to the lake, `retries` the plans thrown away because of a conflict.
    `mutations` is what was sent (or would have been, when observing), in order.
    """

    transaction_id: str | None = None
    documents_written: int = 0
    reads: int = 0
    writes: int = 0
    conflicts: tuple[Conflict, ...] = ()
    pending: tuple[Pending, ...] = ()
    notices: tuple[Notice, ...] = ()
    retries: int = 0
    mutations: tuple[dict[str, Any], ...] = field(default=(), repr=False)
