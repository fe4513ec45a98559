"""How much one step of the life cycle may write at once."""

from __future__ import annotations

from collections.abc import Iterable

from bidir.errors import TooLargeError

__all__ = ["DOCUMENTS_MAX", "require_room"]

DOCUMENTS_MAX = 5_000
"""Documents of one transaction; patches of so many stay below half of what the lake takes in one request (4 MB;
bidirectional semantics, F5)."""


def require_room(kind: str, groups: Iterable[str], documents: int) -> None:
    """Make sure that an operation on these groups does not write more than a transaction takes.

    Raises: TooLargeError, before anything is sent.
    """
    if documents > DOCUMENTS_MAX:
        raise TooLargeError(
            f"{kind} of {', '.join(groups)} would write {documents} documents, and {DOCUMENTS_MAX} fit in one "
            "transaction: take the pointers at it out in portions first, by submit",
            documents=documents,
        )
