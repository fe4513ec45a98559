"""The documents that describe releases: their making, their dates, and what may stand in them.

Source: content-lake reference, section 3.5.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from lakesim.actions.states import RESTING_STATES
from lakesim.clock import format_micros, parse_time
from lakesim.errors import InvalidValueError
from lakesim.ids import release_document_id
from lakesim.jsonvalue import dumps, type_name
from lakesim.store.documents import Document
from lakesim.store.raw_view import RELEASE_TYPE
from lakesim.suggest import did_you_mean

__all__ = [
    "CARDINALITIES",
    "RELEASE_KINDS",
    "check_imported",
    "check_metadata",
    "format_nanos",
    "imported_release",
    "is_open",
    "new_release",
    "publish_time",
    "state_of",
]

RELEASE_KINDS: Final = ("asap", "scheduled", "undecided")
"""What `metadata.releaseType` may be; the last is the default."""
CARDINALITIES: Final = ("one", "many")
"""What `metadata.cardinality` may be; absent is `many`."""

_CHOICES: Final = {"releaseType": RELEASE_KINDS, "cardinality": CARDINALITIES}


def format_nanos(instant: datetime) -> str:
    """Return `2026-01-01T00:00:00.000000000Z`, the form of a release's dates (section 1.9)."""
    return f"{format_micros(instant)[:-1]}000Z"


def state_of(release: Document) -> str:
    """Return the state of a stored release document; one without is active."""
    state = release.get("state")
    return state if isinstance(state, str) else "active"


def is_open(release: Document) -> bool:
    """Whether a release counts against the plan's limit: it is neither published nor archived."""
    return state_of(release) not in ("published", "archived")


def publish_time(release: Document) -> datetime | None:
    """Return when a release is to be published, None if it does not say."""
    text = release.get("publishAt")
    try:
        return parse_time(text) if isinstance(text, str) else None
    except ValueError:
        return None


def new_release(name: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the document of a fresh release."""
    return {
        "_id": release_document_id(name),
        "_type": RELEASE_TYPE,
        "name": name,
        "state": "active",
        "metadata": {"releaseType": RELEASE_KINDS[-1], **metadata},
    }


def imported_release(name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the document of a release from the checked body an export gave."""
    out = {**new_release(name, {}), **attributes}
    return {**out, "_id": release_document_id(name), "name": name}


def check_metadata(metadata: Any, where: str) -> None:
    """Refuse metadata that is no object or holds an unknown word.

    Raises: InvalidValueError.
    """
    if not isinstance(metadata, dict):
        raise InvalidValueError(f"{where}: a release's metadata is an object, not {type_name(metadata)}")
    for name, words in _CHOICES.items():
        value = metadata.get(name)
        if value is not None and value not in words:
            right = ", ".join(f'"{word}"' for word in words)
            near = did_you_mean(value, words) if isinstance(value, str) else ""
            raise InvalidValueError(f"{where}.{name}: {dumps(value)} is none of {right}.{near}")


def check_imported(body: dict[str, Any], where: str) -> None:
    """Refuse the body of a release that could not go on living here; what the lake sets itself is dropped from it.

    Raises: InvalidValueError for another `_type`, bad metadata, a state in transition, a schedule without time.
    """
    for name in ("_rev", "_system", "workflowId"):
        body.pop(name, None)
    if body.setdefault("_type", RELEASE_TYPE) != RELEASE_TYPE:
        raise InvalidValueError(f'{where}._type: a release is a "{RELEASE_TYPE}", not {dumps(body["_type"])}')
    check_metadata(body.setdefault("metadata", {"releaseType": RELEASE_KINDS[-1]}), f"{where}.metadata")
    state = body.setdefault("state", "active")
    if state not in RESTING_STATES:
        right = ", ".join(f'"{word}"' for word in RESTING_STATES)
        near = did_you_mean(state, RESTING_STATES) if isinstance(state, str) else ""
        raise InvalidValueError(f"{where}.state: {dumps(state)} is none of {right}.{near}")
    if state == "scheduled" and publish_time(body) is None:
        raise InvalidValueError(
            f'{where}.publishAt: a scheduled release needs a time (right would be "2026-01-01T12:00:00Z"), not'
            f" {dumps(body.get('publishAt'))}"
        )
