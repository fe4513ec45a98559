"""The content lake over HTTP: the service's public API, on `lakesim serve` or a real project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from bidir.backends import HttpBackend
from bidir.ports import Backend
from lakesim.clock import Clock
from lakesim.jsonvalue import JsonDecodeError, dump_bytes, loads
from medusa_sync.errors import BadInputError, LakeUnavailableError
from medusa_sync.lake import NO_ANSWER, Requests, description_of, refusal

__all__ = ["API_VERSION", "TIMEOUT_SECONDS", "HttpLake"]

API_VERSION: Final = "v2025-02-19"
TIMEOUT_SECONDS: Final = 30.0
"""How long a request waits for its answer before the lake counts as away."""


class HttpLake:
    """A dataset behind an address: `http://127.0.0.1:3333` of a lakesim, or `https://PROJECT.api.sanity.io`."""

    def __init__(
        self, url: str, *, project: str = "lakesim", dataset: str = "production", token: str | None = None
    ) -> None:
        """Prepare a connection; nothing is sent yet.

        Raises: BadInputError for an address that is none.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInputError(f"{url!r} is not the address of a lake; right would be http://127.0.0.1:3333")
        self._url, self._project, self.dataset, self._token = url.rstrip("/"), project, dataset, token
        headers = {"X-Sanity-Project-ID": project, "Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        # Certificates, whose loading takes long, are for https alone.
        self._client = httpx2.Client(
            base_url=self._url, headers=headers, timeout=TIMEOUT_SECONDS, verify=parts.scheme == "https"
        )
        self._backend: HttpBackend | None = None
        self._ids = Clock()
        self.requests = Requests()

    def query(self, groq: str, params: Mapping[str, Any] | None = None, *, perspective: str = "raw") -> Any:
        """Return the result of a GROQ query; sent by POST, because a batch names hundreds of ids."""
        body = {"query": groq, "params": dict(params or {})}
        return self._send("query", body, {"perspective": perspective, "returnQuery": "false"})["result"]

    def mutate(
        self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Write one transaction; return its results in order."""
        body: dict[str, Any] = {"mutations": list(mutations)}
        if transaction_id is not None:
            body["transactionId"] = transaction_id
        options = {"returnIds": "true", "returnDocuments": "true", "visibility": "sync"}
        results: list[dict[str, Any]] = self._send("mutate", body, options)["results"]
        return results

    def act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Carry out actions as one transaction."""
        self._send("action", {"actions": list(actions)}, {})

    def generate_id(self) -> str:
        """Return a fresh id; never one of an earlier run, because transactions of that run are still known there."""
        return self._ids.generate_id()

    def backend(self) -> Backend:
        """Return the same dataset as the engine takes it; one connection for all who ask, closed with this one."""
        if self._backend is None:
            self._backend = HttpBackend(
                self._url, project=self._project, dataset=self.dataset, token=self._token, api_version=API_VERSION
            )
        return self._backend

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
        if self._backend is not None:
            self._backend.close()

    def __enter__(self) -> HttpLake:
        """Return the lake itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def _send(self, kind: str, body: Mapping[str, Any], options: Mapping[str, str]) -> dict[str, Any]:
        self.requests.count(kind)
        path = f"/{API_VERSION}/data/{'actions' if kind == 'action' else kind}/{self.dataset}"
        try:
            answer = self._client.post(path, params=dict(options), content=dump_bytes(body))
        except httpx2.ConnectError as error:
            raise LakeUnavailableError(f"{self._url} cannot be reached: {error}") from error
        except httpx2.TransportError as error:
            raise LakeUnavailableError(NO_ANSWER) from error
        try:
            content = loads(answer.content)
        except JsonDecodeError:
            content = None
        if answer.is_success and isinstance(content, dict):
            return content
        raise refusal(
            f"{answer.status_code}: {description_of(content)}",
            type=_error_type(content),
            status=answer.status_code,
            retry_after=_seconds(answer.headers.get("retry-after")),
        )


def _error_type(content: Any) -> str:
    error = content.get("error") if isinstance(content, dict) else None
    if not isinstance(error, dict):
        return "unknown"
    items = error.get("items") or []
    first = items[0].get("error", {}) if items and isinstance(items[0], dict) else {}
    return str(first.get("type") or error.get("type") or "unknown")


def _seconds(text: str | None) -> float | None:
    """Return the seconds of a Retry-After header; its other form, a date, counts as none."""
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
