"""What a fault looks like to whoever meets it, and the refusal of a rule that makes no sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lakesim.errors import BadRequestError, LakeError

__all__ = ["FaultRuleError", "InjectedError", "LakeUnavailableError"]


class FaultRuleError(BadRequestError):
    """A rule that says nothing, too much, or something unknown; the text says what would be right."""


class InjectedError(LakeError):
    """An answer that a rule gave instead of the lake: the request was not carried out.

    Shape: `status` is the HTTP status, `body()` the answer's JSON, `headers` what comes with it (`retry-after`, in
    seconds), `type` the service's error type where the body has one.
    """

    def __init__(self, status: int, body: Any, *, headers: Mapping[str, str] | None = None) -> None:
        """Take the whole answer."""
        super().__init__(f"{status}: {_text(body)} (injected by a fault rule)")
        self.status = status
        self.headers = dict(headers or {})
        self._body = body
        self.type = _type(body)  # type: ignore[misc]  # as various as the answers

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the request may be repeated; None where the answer does not say."""
        text = self.headers.get("retry-after")
        return None if text is None else float(text)

    def body(self) -> Any:
        """Return the answer's JSON body."""
        return self._body


class LakeUnavailableError(LakeError):
    """The connection was closed before an answer came.

    Whether the request was carried out cannot be known from here, as with a real network; the dataset itself shows it.
    """

    type = "lakeUnavailableError"

    def __init__(self, asked: str) -> None:
        """Name the request."""
        super().__init__(
            f"{asked}: the connection was closed before an answer came; whether it was carried out is unknown"
        )


def _text(body: Any) -> str:
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        return str(error.get("description", error))
    if isinstance(error, str):
        return f"{error} - {body['message']}" if "message" in body else error
    return "an answer of the rule's own"


def _type(body: Any) -> str:
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return LakeError.type
    # A refused transaction is told apart by its first item.
    items = error.get("items")
    if (
        isinstance(items, list)
        and items
        and isinstance(items[0], Mapping)
        and isinstance(items[0].get("error"), Mapping)
    ):
        error = items[0]["error"]
    return str(error.get("type", LakeError.type))
