"""The life of one release: its states, its metadata, and which documents joined and left it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from lakesim.activity.release_states import ReleaseStates
from lakesim.clock import format_micros
from lakesim.ids import published_id, release_of
from lakesim.store.documents import Document
from lakesim.store.history import LoggedTransaction

__all__ = ["release_events"]

Event = dict[str, Any]

_ARRIVALS: Final = {
    ("scheduling", "scheduled"): "scheduleRelease",
    ("unscheduling", "active"): "unscheduleRelease",
    ("publishing", "published"): "publishRelease",
    ("archiving", "archived"): "archiveRelease",
    ("unarchiving", "active"): "unarchiveRelease",
}
"""The event of a move from one state to another; the steps between say nothing."""


def release_events(rows: Iterable[LoggedTransaction], name: str, *, anonymous: str) -> list[Event]:
    """Return what happened to a release and in it, oldest first; `anonymous` is the author where nobody is named."""
    states = ReleaseStates()
    published: dict[str, Document] = {}
    events = []
    for row in rows:
        was = states.state(name)
        states.feed(row)
        told = [*_own(states, name), *_members(row, name, published, quiet=was not in (None, "active"))]
        common = {"timestamp": format_micros(row.timestamp), "author": row.author or anonymous, "releaseName": name}
        events += [{"id": f"{row.transaction_id}-{_subject(event, name)}", **common, **event} for event in told]
        for change in row.changes:
            if change.after is not None:
                published[change.document_id] = change.after
            else:
                published.pop(change.document_id, None)
    return events


def _subject(event: Event, name: str) -> str:
    return f"{event['type']}-{event.get('versionId', name)}"


def _own(states: ReleaseStates, name: str) -> Iterator[Event]:
    moved = states.moved(name)
    if moved is None:
        return
    before, after = moved
    if before is None and after is not None:
        yield {"type": "createRelease", "change": _change(after)}
    if before is None or after is None:
        return
    kind = _ARRIVALS.get((before.get("state", ""), after.get("state", "")))
    if kind == "scheduleRelease" and not states.is_timed(name):
        return
    if kind is not None:
        more = {"publishAt": after.get("publishAt")} if kind == "scheduleRelease" else {}
        yield {"type": kind, **more}
    elif before.get("metadata") != after.get("metadata"):
        yield {"type": "editRelease", "change": _change(after)}


def _change(release: Document) -> Event:
    metadata = release.get("metadata") or {}
    names = ("releaseType", "intendedPublishAt", "title", "description")
    change = {name: metadata[name] for name in names if name in metadata}
    if "intendedPublishAt" in change:
        change["intendedPublishDate"] = change.pop("intendedPublishAt")
    return change


def _members(row: LoggedTransaction, name: str, documents: dict[str, Document], *, quiet: bool) -> Iterator[Event]:
    """Yield the documents that somebody added or discarded; what the release itself moves is no event."""
    touched = {change.document_id for change in row.changes}
    for change in row.changes:
        if release_of(change.document_id) != name or quiet:
            continue
        group = published_id(change.document_id)
        version = change.after if change.before is None else change.before
        if version is None or (change.before is not None and change.after is not None):
            continue
        event = {
            "documentId": group,
            "documentType": version["_type"],
            "versionId": change.document_id,
            "versionRevisionId": version["_rev"],
        }
        if change.before is None:
            yield {"type": "addDocumentToRelease", "revisionId": documents.get(group, {}).get("_rev", ""), **event}
        elif group not in touched:
            yield {"type": "discardDocumentFromRelease", **event}
