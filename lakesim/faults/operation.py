"""A request as rules see it: what kind it is, and how it would be sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["KINDS", "STREAM_KINDS", "Operation", "operation_in_process"]

KINDS: Final = (
    "query",
    "mutate",
    "action",
    "doc",
    "listen",
    "live",
    "history",
    "export",
    "references",
    "asset",
    "ping",
    "dataset",
    "project",
    "user",
    "other",
)
"""What a request can be about; `asset` includes downloads."""
STREAM_KINDS: Final = ("listen", "live")
"""The kinds whose answer is a stream of events."""

_SENT: Final = {
    "query": ("GET", "/data/query/{dataset}"),
    "mutate": ("POST", "/data/mutate/{dataset}"),
    "action": ("POST", "/data/actions/{dataset}"),
    "doc": ("GET", "/data/doc/{dataset}/{ids}"),
    "listen": ("GET", "/data/listen/{dataset}"),
    "live": ("GET", "/data/live/events/{dataset}"),
    "history": ("GET", "/data/history/{dataset}/transactions/{ids}"),
}
"""Method and endpoint by which a client would send what is called in process."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request, over HTTP or in process."""

    kind: str
    method: str
    endpoint: str
    """The path below the API version with placeholders, as the API's description lists it."""
    path: str
    """The path that was asked for; in process without an API version."""
    project: str
    dataset: str | None

    @property
    def name(self) -> str:
        """The operation as texts name it."""
        return f"{self.method} {self.path}"


def operation_in_process(kind: str, *, project: str, dataset: str) -> Operation:
    """Return what a call of a dataset's method would be over HTTP; documents are not named."""
    method, endpoint = _SENT[kind]
    path = endpoint.replace("{dataset}", dataset).replace("/{ids}", "")
    return Operation(kind, method, endpoint, path, project, dataset)
