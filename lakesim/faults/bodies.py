"""The bodies that the service sends with a status, for answers that no request of its own has caused.

Source: content-lake reference, sections 0.5, 0.6 and 2.8.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from lakesim.errors import ActionError, InsufficientPermissionsError, MutationError
from lakesim.faults.operation import Operation

__all__ = ["body_of"]

_LAKE_STYLE: Final = {
    400: ("httpBadRequest", "Bad request"),
    409: ("transactionConflictError", "Transaction conflicts with another one; try again"),
    500: ("internalError", "Internal server error"),
}
"""Statuses that the lake itself answers: error type and description."""
_GATEWAY_TEXTS: Final = {
    401: "Session not found",
    403: "Insufficient permissions",
    404: "Not Found",
    413: "Request body is too large",
    429: "Too many requests",
    502: "Bad gateway",
    503: "Service temporarily unavailable",
    504: "Gateway timeout",
}
_SESSION_NOT_FOUND: Final = "SIO-401-ANF"
_REFUSED_TRANSACTION: Final = {"mutate": MutationError, "action": ActionError}


def body_of(status: int, operation: Operation) -> Any:
    """Return the JSON body of an answer with this status to this request."""
    transaction = _REFUSED_TRANSACTION.get(operation.kind)
    if status == HTTPStatus.FORBIDDEN and transaction is not None:
        return transaction([(0, InsufficientPermissionsError("update"))]).body()
    if status in _LAKE_STYLE:
        kind, description = _LAKE_STYLE[status]
        return {"error": {"description": description, "type": kind}}
    phrase = _phrase(status)
    body = {"statusCode": status, "error": phrase, "message": _GATEWAY_TEXTS.get(status, phrase)}
    if status == HTTPStatus.UNAUTHORIZED:
        body["errorCode"] = _SESSION_NOT_FOUND
    return body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
