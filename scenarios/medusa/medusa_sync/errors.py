"""What can go wrong between the two sides, as the sync's steps need to tell it apart."""

from __future__ import annotations

__all__ = [
    "BadInputError",
    "LakeConflictError",
    "LakeRefusedError",
    "LakeUnavailableError",
    "ProductNotFoundError",
    "StepFailedError",
    "SyncError",
]


class SyncError(Exception):
    """Anything that the sync raises."""


class BadInputError(SyncError):
    """An argument that cannot be meant; the text says what would be right."""


class ProductNotFoundError(SyncError):
    """The commerce database has no such product."""


class StepFailedError(SyncError):
    """A step of a workflow gave up; what it wrote before stays, what earlier steps did is compensated."""


class LakeUnavailableError(SyncError):
    """The lake did not answer, or asked to come back later; trying again may help.

    Shape: `retry_after` in seconds, 0 where the lake gave none; `is_closed` where it lets nobody in (a wrong token, an
    unknown dataset), so that a person has to do something first. The request may have been carried out, unless so.
    """

    def __init__(self, description: str, *, retry_after: float = 0.0, is_closed: bool = False) -> None:
        """Keep the lake's words and its advice."""
        super().__init__(description)
        self.retry_after = retry_after
        self.is_closed = is_closed


class LakeConflictError(SyncError):
    """Somebody else changed, made or removed a document first; nothing was written, reading again helps."""


class LakeRefusedError(SyncError):
    """The lake refuses the request for good; nothing was written.

    Shape: `type` is the lake's error type (`documentHasExistingReferencesError`, …).
    """

    def __init__(self, description: str, *, type: str = "internalError") -> None:
        """Keep the lake's words and its error type."""
        super().__init__(description)
        self.type = type
