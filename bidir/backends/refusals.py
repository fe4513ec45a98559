"""What a lake's error types mean to the engine: one table for the embedded lake and for the service's answers.

Source: content-lake reference, sections 0.6 and 2.8.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from bidir.errors import (
    BackendError,
    DocumentMissing,
    PermissionRefused,
    RateLimited,
    ReferenceRefused,
    Refused,
    RevisionConflict,
    Unavailable,
    UnknownOutcome,
)
from lakesim import errors as lake_errors
from lakesim.faults import InjectedError
from lakesim.faults import LakeUnavailableError as ConnectionLost

__all__ = ["class_of", "translated"]

_CLASSES: Final[dict[str, type[BackendError]]] = {
    "documentRevisionIDDoesNotMatchError": RevisionConflict,
    "documentAlreadyExistsError": RevisionConflict,
    "transactionConflictError": RevisionConflict,
    "documentNotFoundError": DocumentMissing,
    "documentReferenceDoesNotExistError": ReferenceRefused,
    "insufficientPermissionsError": PermissionRefused,
    "projectUserNotFoundError": PermissionRefused,
}


def class_of(error_type: str) -> type[BackendError]:
    """Return the engine's class for an error type of the lake; what is not in the table is refused for good."""
    return _CLASSES.get(error_type, Refused)


def translated(error: lake_errors.LakeError) -> BackendError:
    """Return the engine's word for a refusal of the embedded lake, or for a fault that was placed in it."""
    if isinstance(error, ConnectionLost):
        return UnknownOutcome(str(error), type=error.type)
    if isinstance(error, InjectedError) and error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(str(error), retry_after=error.retry_after or 0.0)
    if isinstance(error, InjectedError) and error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable(str(error), type=error.type)
    if isinstance(error, lake_errors.TransactionError) and error.causes:
        cause: lake_errors.LakeError = error.causes[0][1]
    else:
        cause = error
    document_id = getattr(cause, "document_id", None)
    return class_of(cause.type)(str(error), type=cause.type, document_id=document_id)
