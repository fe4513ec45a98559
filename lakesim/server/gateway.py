"""Refusals in the gateway's style: who may come in, and what there is to ask for (content-lake reference, 0.5)."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lakesim.errors import LakeError

__all__ = [
    "ConflictError",
    "EndpointNotFoundError",
    "ForbiddenError",
    "GatewayError",
    "MethodNotAllowedError",
    "NotAcceptableError",
    "PayloadTooLargeError",
    "RoleNotFoundError",
    "SessionNotFoundError",
    "StoppingError",
    "UnauthorizedError",
    "UserNotFoundError",
]

SESSION_NOT_FOUND: Final = "SIO-401-ANF"
"""The code that makes clients log the user out: the token is unknown."""


class GatewayError(LakeError):
    """A refusal of the gateway before the lake is asked.

    Shape: `{"statusCode", "error", "message"}` and, where the service has one, `errorCode`.
    """

    type = "gatewayError"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad Request"
    error_code: ClassVar[str | None] = None

    def body(self) -> dict[str, Any]:
        """Return the answer's JSON body."""
        body: dict[str, Any] = {"statusCode": self.status, "error": self.title, "message": self.description}
        if self.error_code is not None:
            body["errorCode"] = self.error_code
        return body


class SessionNotFoundError(GatewayError):
    """A token that this server was not given, or none where one is needed."""

    status = 401
    title = "Unauthorized"
    error_code = SESSION_NOT_FOUND

    def __init__(self) -> None:
        """Use the service's wording."""
        super().__init__("Session not found")


class UnauthorizedError(GatewayError):
    """A request that needs a token and has none; without a code, so that no client logs its user out."""

    status = 401
    title = "Unauthorized"


class ForbiddenError(GatewayError):
    """A request that the caller's role, or the page it comes from, does not admit."""

    status = 403
    title = "Forbidden"


class EndpointNotFoundError(GatewayError):
    """A path that is no endpoint here; the text says whether the service has it."""

    status = 404
    title = "Not Found"


class UserNotFoundError(GatewayError):
    """A user id that no token stands for."""

    status = 404
    title = "Not Found"

    def __init__(self, user_id: str, project: str) -> None:
        """Name the id and the project that was searched."""
        super().__init__(f'User "{user_id}" not found in project "{project}"')


class RoleNotFoundError(GatewayError):
    """A role that this server does not have."""

    status = 404
    title = "Not Found"

    def __init__(self, role: str, project: str) -> None:
        """Name the role and the project that was searched."""
        super().__init__(f'Role "{role}" not found in project "{project}"')


class MethodNotAllowedError(GatewayError):
    """An endpoint that exists, asked with another method."""

    status = 405
    title = "Method Not Allowed"


class NotAcceptableError(GatewayError):
    """An answer of a kind that the caller does not accept."""

    status = 406
    title = "Not Acceptable"


class ConflictError(GatewayError):
    """Something that is to be made exists already."""

    status = 409
    title = "Conflict"


class PayloadTooLargeError(GatewayError):
    """A body above the limit."""

    status = 413
    title = "Payload Too Large"

    def __init__(self, limit: int) -> None:
        """Name the limit in bytes."""
        super().__init__(f"The request's body exceeds {limit} bytes")


class StoppingError(GatewayError):
    """A request that was not done when the server had to stop; whether it was carried out is unknown."""

    status = 503
    title = "Service Unavailable"

    def __init__(self) -> None:
        """Say so."""
        super().__init__("The server is stopping")
