"""The one table from error class to HTTP status (content-lake reference, sections 0.6, 2.8 and 3.7)."""

from __future__ import annotations

from typing import Final

from lakesim.assets import AssetNotFoundError, InvalidImageError, InvalidTransformError
from lakesim.errors import (
    AttributeLimitError,
    BadRequestError,
    DatasetNotFoundError,
    DocumentAlreadyExistsError,
    DocumentHasExistingReferencesError,
    DocumentLimitExceededError,
    DocumentNotFoundError,
    DocumentReferenceDoesNotExistError,
    DocumentRevisionMismatchError,
    ImmutableAttributeError,
    InsufficientPermissionsError,
    InvalidRequestBodyError,
    InvalidValueError,
    LakeError,
    NotSupportedError,
    PatchError,
    ReleaseLimitExceededError,
    TransactionAlreadyExistsError,
    TransactionError,
)
from lakesim.faults import InjectedError, LakeUnavailableError
from lakesim.groq import GroqError
from lakesim.interchange import ImportFailedError
from lakesim.server.gateway import GatewayError

__all__ = ["INTERNAL_ERROR_BODY", "STATUSES", "status_of"]

STATUSES: Final[dict[type[LakeError], int]] = {
    AssetNotFoundError: 404,
    AttributeLimitError: 400,
    BadRequestError: 400,
    DatasetNotFoundError: 404,
    DocumentAlreadyExistsError: 409,
    DocumentHasExistingReferencesError: 409,
    DocumentLimitExceededError: 403,
    # 404 is the reference's guess; the body is recorded.
    DocumentNotFoundError: 404,
    DocumentReferenceDoesNotExistError: 409,
    DocumentRevisionMismatchError: 409,
    GroqError: 400,
    ImmutableAttributeError: 409,
    ImportFailedError: 400,
    InsufficientPermissionsError: 403,
    InvalidImageError: 400,
    InvalidRequestBodyError: 400,
    InvalidTransformError: 400,
    InvalidValueError: 400,
    LakeUnavailableError: 503,
    # 501 would make clients try again; what is not there today is not there in a second either.
    NotSupportedError: 400,
    PatchError: 400,
    ReleaseLimitExceededError: 403,
    TransactionAlreadyExistsError: 409,
}
"""Status by class; a subclass has its nearest ancestor's, a transaction that of its first failing item."""

INTERNAL_ERROR_BODY: Final = {"error": {"description": "Internal server error", "type": "internalError"}}
"""What the answer holds when the server itself failed."""


def status_of(error: LakeError) -> int:
    """Return the HTTP status of a refusal; 500 for a class that the table does not know."""
    if isinstance(error, GatewayError | InjectedError):
        return error.status
    if isinstance(error, TransactionError) and error.causes:
        return status_of(error.causes[0][1])
    for ancestor in type(error).__mro__:
        if ancestor in STATUSES:
            return STATUSES[ancestor]
    return 500
