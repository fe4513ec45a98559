"""An answer of the service as a value, or as the engine's error for it.

Source: content-lake reference, sections 0.5 (families of error bodies), 0.6 (types), 2.8 (mutations), 9 (rate limits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

import httpx2

from bidir.backends.refusals import class_of
from bidir.errors import BackendError, PermissionRefused, RateLimited, Refused, Unavailable
from lakesim.jsonvalue import JsonDecodeError, loads

__all__ = ["RETRY_AFTER_DEFAULT_SECONDS", "member", "refusal_of", "retry_after", "value_of"]

RETRY_AFTER_DEFAULT_SECONDS: Final = 1.0
"""When to come back after a 429 that does not say."""
RETRY_AFTER_MAX_SECONDS: Final = 3600.0
"""The longest wait that is believed."""
_BY_INDEX: Final = frozenset({"documentRevisionIDDoesNotMatchError", "insufficientPermissionsError"})
"""Items whose body does not name the document: the mutation at their index does."""
_WITHOUT_PERMISSION: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

Json = Any


def value_of(response: httpx2.Response) -> Json:
    """Return the JSON value of an answer that is no refusal.

    Raises: Refused for what is no JSON: then it is no lake that answers there.
    """
    try:
        return loads(response.content)
    except JsonDecodeError:
        raise Refused(_not_a_lake(response), type="notALake") from None


def member(answer: Json, name: str) -> Json:
    """Return a member of an answer that is an object.

    Raises: Refused for an answer of another shape: then it is no lake that answers.
    """
    if not isinstance(answer, dict) or name not in answer:
        raise Refused(f'the answer holds no "{name}"; is that the address of a lake?', type="notALake")
    return answer[name]


def refusal_of(response: httpx2.Response, items: Sequence[Mapping[str, Json]] = ()) -> BackendError:
    """Return the error that an answer means; `items` are the mutations or actions that were sent."""
    status = response.status_code
    try:
        body = loads(response.content)
    except JsonDecodeError:
        body = None
    said = body if isinstance(body, dict) else {}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(_words(said) or "Too many requests", retry_after=retry_after(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unavailable(f"the lake answers {status}: {_words(said) or response.reason_phrase}", type="internalError")
    error = said.get("error")
    if isinstance(error, dict) and isinstance(error.get("type"), str):
        return _lake_refusal(error, status, items)
    if not _words(said):
        return Refused(_not_a_lake(response), type="notALake")
    if status in _WITHOUT_PERMISSION:
        return PermissionRefused(_access_text(response, said), type=str(said.get("errorCode", "forbidden")))
    kind = "datasetNotFoundError" if "dataset" in str(said.get("error")).lower() else "gatewayError"
    return Refused(_words(said), type=kind)


def _lake_refusal(error: Mapping[str, Json], status: int, items: Sequence[Mapping[str, Json]]) -> BackendError:
    """Return the refusal in the lake's own style; its first failing item decides what it is."""
    text, kind = str(error.get("description", "refused")), str(error["type"])
    failing = [one for one in error.get("items") or () if isinstance(one, dict) and isinstance(one.get("error"), dict)]
    for one in failing:
        said = str(one["error"].get("description", ""))
        if said not in text:
            text += f"\n- at index {one.get('index')}: {said}"
    cause = failing[0]["error"] if failing else error
    kind = str(cause.get("type", kind))
    found = class_of(kind)
    if found is Refused and not failing and status in _WITHOUT_PERMISSION and not kind.endswith("LimitExceededError"):
        found = PermissionRefused
    document_id = cause.get("id")
    if document_id is None and kind in _BY_INDEX and failing:
        document_id = _named_at(failing[0].get("index"), items)
    return found(text, type=kind, document_id=document_id if isinstance(document_id, str) else None)


def _named_at(index: Json, items: Sequence[Mapping[str, Json]]) -> str | None:
    if not isinstance(index, int) or not 0 <= index < len(items):
        return None
    (body, *_) = items[index].values()
    found = body.get("id", body.get("_id")) if isinstance(body, Mapping) else None
    return found if isinstance(found, str) else None


def _words(said: Mapping[str, Json]) -> str:
    """Return the text of an error body of any family, empty for what is none."""
    error, message = said.get("error"), said.get("message")
    if isinstance(error, dict):
        return str(error.get("description") or error.get("type") or "")
    if isinstance(error, str):
        return error if not message else f"{error} - {message}"
    return str(message or "")


def _access_text(response: httpx2.Response, said: Mapping[str, Json]) -> str:
    """Say what to do about a refused identity; the token itself is never shown."""
    had = "Authorization" in response.request.headers
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        advice = "the token is not (or no longer) valid for this project" if had else "a token is needed"
    else:
        advice = "the token does not admit this" if had else "this needs a token"
    return f"{_words(said)}: {advice}"


def _not_a_lake(response: httpx2.Response) -> str:
    where = f"{response.request.url.scheme}://{response.request.url.netloc.decode('ascii')}"
    moved = response.headers.get("location")
    hint = f" (it points to {moved})" if moved else ""
    return f"{where} answers {response.status_code} and no Content Lake JSON{hint}; is that the address of a lake?"


def retry_after(response: httpx2.Response) -> float:
    """Return in how many seconds to come back: `Retry-After` in seconds or as a date, else `ratelimit-reset`."""
    for name in ("retry-after", "ratelimit-reset"):
        text = response.headers.get(name, "").strip()
        if not text:
            continue
        try:
            return min(RETRY_AFTER_MAX_SECONDS, max(0.0, float(text)))
        except ValueError:
            seconds = _until(text, response.headers.get("date", ""))
            if seconds is not None:
                return seconds
    return RETRY_AFTER_DEFAULT_SECONDS


def _until(date: str, now: str) -> float | None:
    """Return the seconds from one HTTP date to another, by the server's own clock; None if either is no date."""
    try:
        return max(0.0, (parsedate_to_datetime(date) - parsedate_to_datetime(now)).total_seconds())
    except (ValueError, TypeError):
        return None
