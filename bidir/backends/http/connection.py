"""Requests to one lake: sent, tried again where that is safe, and turned into values or the engine's errors.

What was certainly not carried out may be sent again; what perhaps was, only if a repetition does no harm. Source:
content-lake reference, section 0.7; bidirectional semantics, F5.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx2

from bidir.backends.http.address import Address, AddressError
from bidir.backends.http.answers import refusal_of, value_of
from bidir.clock import EngineClock
from bidir.errors import BackendError, RateLimited, Refused, Unavailable, UnknownOutcome
from lakesim.jsonvalue import JsonDecodeError, dump_bytes, loads

__all__ = [
    "CONNECT_SECONDS",
    "PATIENCE_SECONDS",
    "READ_SECONDS",
    "RETRIES_MAX",
    "Connection",
    "delay_before",
]

CONNECT_SECONDS: Final = 5.0
"""How long a connection may take to be made."""
READ_SECONDS: Final = 60.0
"""How long an answer may be silent: the service's own bound of a query."""
PATIENCE_SECONDS: Final = 10.0
"""How long one call may wait between its attempts, all together."""
RETRIES_MAX: Final = 5
"""Attempts after the first, as many as the official client makes."""
DELAY_SECONDS: Final = 0.1
"""The first wait before another attempt; it doubles each time, and jitter adds up to as much again."""
DELAY_MAX_SECONDS: Final = 30.0
EVENT_BYTES_MAX: Final = 128 * 1024 * 1024
"""The longest event: two documents of the largest size, as JSON."""

_NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_OURS: Final = (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, httpx2.InvalidURL)

Json = Any
Settle = Callable[[], Json]
"""Finds out whether a write of unknown outcome took place: what it answered, or None if it did not."""


def delay_before(attempt: int, clock: EngineClock) -> float:
    """Return the seconds to wait before an attempt; the first repetition is number 1."""
    return min(DELAY_MAX_SECONDS, DELAY_SECONDS * 2.0 ** min(attempt - 1, 16)) * (1.0 + clock.jitter())


class Connection:
    """An HTTP client for one dataset; `requests` counts what was sent, by endpoint."""

    def __init__(
        self,
        address: Address,
        *,
        token: str | None,
        clock: EngineClock,
        patience: float = PATIENCE_SECONDS,
        retries: int = RETRIES_MAX,
        connect_timeout: float = CONNECT_SECONDS,
        read_timeout: float = READ_SECONDS,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is sent yet. `transport` replaces the network.

        Raises: AddressError for a token that no header can carry.
        """
        self.address = address
        self.clock = clock
        self.patience = patience
        self.retries = retries
        self.requests: Counter[str] = Counter()
        headers = {"User-Agent": "bidir", **address.headers}
        if token is not None:
            headers["Authorization"] = f"Bearer {_checked(token)}"
        self._connect_timeout = connect_timeout
        self._was_answered = False
        self._client = httpx2.Client(
            headers=headers,
            timeout=httpx2.Timeout(read_timeout, connect=connect_timeout),
            transport=transport,
            # Without TLS there are no certificates, whose loading takes long; on this machine there is no proxy.
            verify=address.base.startswith("https"),
            trust_env=not address.is_local,
        )

    def __repr__(self) -> str:
        """Name the place; the token stays hidden."""
        return f"<Connection to {self.address}>"

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    # ------------------------------------------------------------------------------------------------ requests

    def read(
        self,
        method: str,
        endpoint: str,
        rest: str = "",
        *,
        params: Mapping[str, str] | None = None,
        body: Json = None,
    ) -> Json:
        """Return the JSON value that a reading request is answered with; it is repeated freely.

        Raises: BackendError.
        """
        return value_of(self._answered(_Asked(method, endpoint, rest, params or {}, body)))

    def lines(self, endpoint: str, rest: str, *, params: Mapping[str, str] | None = None) -> Iterator[Json]:
        """Yield the JSON values of an answer of one value a line, as they come; not repeated once they come.

        Raises: BackendError, also in the middle: Unavailable where the answer breaks off or ends with an error.
        """
        response = self._answered(_Asked("GET", endpoint, rest, params or {}), stream=True)
        try:
            for line in _split(response.iter_bytes()):
                value = loads(line)
                if isinstance(value, dict) and isinstance(value.get("error"), dict) and "_id" not in value:
                    raise Unavailable(f"the answer broke off: {value['error'].get('description')}")
                yield value
        except httpx2.TransportError as error:
            raise Unavailable(f"{self.address}: the answer broke off: {_named(error)}") from error
        except JsonDecodeError as error:
            raise Unavailable(f"{self.address}: a line of the answer is no JSON: {error}") from None
        finally:
            response.close()

    def write(
        self,
        endpoint: str,
        *,
        params: Mapping[str, str],
        body: Mapping[str, Json],
        items: Sequence[Mapping[str, Json]],
        settle: Settle | None,
    ) -> Json:
        """Return what a write is answered with, or what `settle` found where the answer was lost.

        Without `settle` nothing is sent twice that may have been carried out. `items` are the mutations or actions in
        the body, for the errors' sake.
        Raises: BackendError; UnknownOutcome where the write may or may not have taken place.
        """
        asked = _Asked("POST", endpoint, "", params, body, writing=True, repeatable=settle is not None, items=items)
        doubt = _Doubt()
        try:
            return value_of(self._answered(asked, doubt=doubt))
        except BackendError as error:
            if not doubt.arose or settle is None:
                raise
            try:
                found = settle()
            except BackendError as unanswered:
                raise UnknownOutcome(str(error), type=error.type) from unanswered
            if found is not None:
                return found
            if isinstance(error, (Unavailable, RateLimited)):
                # What was sent first may still be on its way.
                raise UnknownOutcome(str(error), type=error.type) from error
            raise

    @contextmanager
    def events(self, params: Mapping[str, str], *, silence: float, last_event_id: str | None) -> Generator[Any]:
        """Give the event source of a listener; `silence` in seconds ends it.

        Raises: BackendError, httpx2.TransportError.
        """
        self.requests["listen"] += 1
        # Transaction ids may be any text; a header takes it as UTF-8.
        headers = {} if not last_event_id else {b"Last-Event-ID": last_event_id.encode()}
        timeout = httpx2.Timeout(silence, connect=self._connect_timeout)
        with self._client.sse(
            self.address.path("listen"),
            params=dict(params),
            headers=headers,
            timeout=timeout,
            max_event_size=EVENT_BYTES_MAX,
        ) as source:
            if not source.response.is_success:
                source.response.read()
                raise refusal_of(source.response)
            yield source

    # ------------------------------------------------------------------------------------------------ internals

    def _answered(self, asked: _Asked, *, stream: bool = False, doubt: _Doubt | None = None) -> httpx2.Response:
        """Send until there is an answer that is no passing refusal, as often and as long as the bounds admit."""
        content = None if asked.body is None else dump_bytes(asked.body)
        request = self._client.build_request(
            asked.method,
            self.address.path(asked.endpoint, asked.rest),
            params=dict(asked.params),
            content=content,
            headers={} if content is None else {"Content-Type": "application/json"},
        )
        waited = 0.0
        attempt = 0
        while True:
            self.requests[asked.endpoint] += 1
            try:
                response = self._client.send(request, stream=stream)
            except httpx2.TransportError as error:
                failure, again = self._broken(error, asked)
            else:
                self._was_answered = True
                if response.is_success:
                    return response
                response.read()
                failure, again = _passing(response, asked)
            if doubt is not None and isinstance(failure, UnknownOutcome):
                doubt.arose = True
            attempt += 1
            wait = delay_before(attempt, self.clock)
            if isinstance(failure, RateLimited):
                wait = max(wait, failure.retry_after)
            if not again or attempt > self.retries or waited + wait > self.patience:
                raise failure
            self.clock.sleep(wait)
            waited += wait

    def _broken(self, error: httpx2.TransportError, asked: _Asked) -> tuple[BackendError, bool]:
        """Return the error for a request that was not answered, and whether to try again."""
        where = self.address.base
        if isinstance(error, _OURS):
            return Refused(f"{where}: {_named(error)}", type="badRequest"), False
        if isinstance(error, _NOT_SENT):
            text = f"no lake can be reached at {where}: {_named(error)}"
            # A lake that was there a moment ago comes back; one that never answered is somewhere else.
            return Unavailable(text, type="unreachable"), self._was_answered
        text = f"{where} did not answer: {_named(error)}"
        kind = UnknownOutcome if asked.writing else Unavailable
        return kind(text, type="noAnswer"), asked.repeatable


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request; `repeatable`: sending it twice does no harm, `items`: what a refusal's indexes mean."""

    method: str
    endpoint: str
    rest: str
    params: Mapping[str, str]
    body: Json = None
    writing: bool = False
    repeatable: bool = True
    items: Sequence[Mapping[str, Json]] = ()


class _Doubt:
    """Whether an attempt was lost on the way, so that a refusal of a later one may mean that it had taken place."""

    def __init__(self) -> None:
        self.arose = False


def _passing(response: httpx2.Response, asked: _Asked) -> tuple[BackendError, bool]:
    """Return the error for an answer that is a refusal, and whether another attempt may fare better."""
    failure = refusal_of(response, asked.items)
    if isinstance(failure, RateLimited):
        return failure, True
    if not isinstance(failure, Unavailable):
        return failure, False
    if asked.writing and response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
        # Something failed on the way back, or halfway: nobody says whether it was carried out.
        return UnknownOutcome(failure.description, type=failure.type), asked.repeatable
    return failure, asked.repeatable


def _named(error: Exception) -> str:
    """Return an error of the network in words, never empty."""
    return f"{error}" if str(error) else type(error).__name__


def _split(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines that are not blank; only a line feed ends one, as JSON may hold other separators."""
    rest = b""
    for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        yield from (line for line in lines if line.strip())
    if rest.strip():
        yield rest


def _checked(token: str) -> str:
    """Return a token that a header can carry.

    Raises: AddressError that does not show the token.
    """
    cleaned = token.strip() if isinstance(token, str) else ""
    if not cleaned or not cleaned.isascii() or not cleaned.isprintable() or " " in cleaned:
        raise AddressError("the token is empty or holds characters that no token has (blanks, line breaks, umlauts)")
    return cleaned
