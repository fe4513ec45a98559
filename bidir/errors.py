"""Every error of the engine: bad declarations, bad intents, and what a backend may answer."""

from __future__ import annotations

__all__ = [
    "BackendError",
    "BidirError",
    "DocumentMissing",
    "IntentError",
    "LockedReleaseError",
    "NotSupportedError",
    "PermissionRefused",
    "QuarantineError",
    "RateLimited",
    "ReferenceRefused",
    "Refused",
    "RevisionConflict",
    "SchemaError",
    "TooLargeError",
    "Unavailable",
    "UnknownOutcome",
]


class BidirError(Exception):
    """Anything the engine raises."""


class SchemaError(BidirError):
    """A declaration that does not fit; the text names both ends, the place in the schema and the remedy.

    Shape: `problems` lists every fault found, one sentence each.
    """

    def __init__(self, problems: list[str]) -> None:
        """Keep all `problems`; a schema is checked whole, so that one start shows everything."""
        super().__init__("\n".join(problems))
        self.problems = problems


class IntentError(BidirError):
    """A submit that cannot be understood: malformed mutation, id of another layer, unknown perspective."""


class LockedReleaseError(IntentError):
    """A release that takes no writes holds what the intent would have to change; nothing was sent (E8.13).

    Shape: `release` is its name, `document_id` the stored id of the version that stands in the way.
    """

    def __init__(self, text: str, *, release: str, document_id: str) -> None:
        """Keep which version of which release stands in the way."""
        super().__init__(text)
        self.release = release
        self.document_id = document_id


class TooLargeError(IntentError):
    """More documents would have to be written at once than one transaction takes; nothing was sent.

    Shape: `documents` is their number.
    """

    def __init__(self, text: str, *, documents: int) -> None:
        """Keep how many it would have been."""
        super().__init__(text)
        self.documents = documents


class NotSupportedError(BidirError):
    """Something the semantics describe and this engine does not do yet; the text names the nearest supported form."""


class QuarantineError(BidirError):
    """Planning did not come to rest within its cap; nothing was written."""


class BackendError(BidirError):
    """A backend's refusal of a request; nothing of it was written unless the class says otherwise.

    Shape: `type` is the lake's error type, `document_id` the document it names (None if it names none).
    """

    def __init__(self, description: str, *, type: str = "internalError", document_id: str | None = None) -> None:
        """Keep the lake's own words."""
        super().__init__(description)
        self.description = description
        self.type = type
        self.document_id = document_id


class Refused(BackendError):
    """The lake refused the request for good: validation, limits, an existing reference."""


class RevisionConflict(BackendError):
    """Somebody else changed or created a document first (409); planning again may succeed."""


class DocumentMissing(BackendError):
    """A patch met no document (`documentNotFoundError`)."""


class ReferenceRefused(BackendError):
    """A strong reference to a document that does not exist (any more)."""


class PermissionRefused(BackendError):
    """The caller may not read or write the document (403)."""


class RateLimited(BackendError):
    """Too many requests (429); `retry_after` is in seconds."""

    def __init__(self, description: str, *, retry_after: float = 1.0) -> None:
        """Keep the lake's words and its advice on when to come back."""
        super().__init__(description, type="rateLimited")
        self.retry_after = retry_after


class Unavailable(BackendError):
    """The lake did not take the request (connection refused, 5xx before anything was done)."""


class UnknownOutcome(BackendError):
    """The request was sent and no answer came: it may or may not have been committed."""
