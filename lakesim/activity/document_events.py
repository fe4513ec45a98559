"""The life of one document, told version by version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lakesim.activity.release_states import ReleaseStates
from lakesim.clock import format_micros
from lakesim.ids import is_published_id, published_id, release_of
from lakesim.store.documents import Document
from lakesim.store.history import Change, LoggedTransaction

__all__ = ["document_events"]

Event = dict[str, Any]


def document_events(rows: Iterable[LoggedTransaction], document_id: str, *, anonymous: str) -> list[Event]:
    """Return what happened to a document, oldest first; edits of drafts and versions are no events.

    For the id of a draft or of the published document: the life of both; for that of a version: its own. `anonymous`
    is the author where nobody is named.
    """
    teller = _Teller(document_id, anonymous)
    return [event for row in rows for event in teller.tell(row)]


class _Teller:
    """Follows one group of versions through the log."""

    def __init__(self, document_id: str, anonymous: str) -> None:
        self._group = published_id(document_id)
        self._asked = document_id if release_of(document_id) is not None else None
        self._anonymous = anonymous
        self._present: dict[str, Document] = {}
        self._releases = ReleaseStates()
        self._schedules: list[Event] = []

    def tell(self, row: LoggedTransaction) -> list[Event]:
        """Return the events of the next row."""
        self._releases.feed(row)
        mine = {change.document_id: change for change in row.changes if published_id(change.document_id) == self._group}
        events = [self._stamped(row, event) for event in self._scheduling()]
        if not mine:
            return events
        for document_id, change in mine.items():
            if change.after is None:
                self._present.pop(document_id, None)
            else:
                self._present[document_id] = change.after
        return events + [self._stamped(row, event) for event in self._changes(row, mine) if self._is_asked(event)]

    def _is_asked(self, event: Event) -> bool:
        release = "versionId" in event and release_of(event["versionId"]) is not None
        if self._asked is None:
            return not release or event["type"] in ("publishDocumentVersion", "unpublishDocument")
        return event.get("versionId") == self._asked or event["type"] == "deleteDocumentGroup"

    def _stamped(self, row: LoggedTransaction, event: Event) -> Event:
        event.update(
            id=f"{row.transaction_id}-{event['type']}",
            timestamp=format_micros(row.timestamp),
            author=row.author or self._anonymous,
            documentId=self._group,
        )
        return event

    def _changes(self, row: LoggedTransaction, mine: dict[str, Change]) -> Iterator[Event]:
        published = mine.get(self._group)
        versions = [change for document_id, change in mine.items() if not is_published_id(document_id)]
        gone = [change for change in versions if change.before is not None and change.after is None]
        made = [change for change in versions if change.before is None and change.after is not None]
        if not self._present and (gone or (published is not None and published.before is not None)):
            yield {"type": "deleteDocumentGroup"}
            return
        if published is not None and published.after is None and published.before is not None:
            yield self._unpublished(made)
            made = made[1:]
        was_published = published is not None and published.after is not None
        for change in gone:
            if was_published:
                yield self._published(row, change)
            else:
                yield {"type": "deleteDocumentVersion", **_version(change.document_id, change.before)}
        if published is not None and was_published and not gone:
            kind = "createLiveDocument" if published.before is None else "updateLiveDocument"
            yield {"type": kind, "revisionId": row.transaction_id}
        for change in made:
            yield {"type": "createDocumentVersion", **_version(change.document_id, change.after)}

    def _unpublished(self, made: list[Change]) -> Event:
        """Name the draft or version that the document lives on in: made for that, or there already."""
        document_id = made[0].document_id if made else next(iter(sorted(self._present)))
        return {"type": "unpublishDocument", **_version(document_id, self._present[document_id])}

    def _published(self, row: LoggedTransaction, change: Change) -> Event:
        release = release_of(change.document_id)
        cause = "document.publish"
        if release is not None and self._releases.state(release) not in (None, "active"):
            cause = "release.schedule" if self._releases.is_timed(release) else "release.publish"
        event = {"type": "publishDocumentVersion", "revisionId": row.transaction_id, "publishCause": cause}
        for schedule in self._schedules:
            if schedule["releaseId"] == release and schedule["state"] == "pending":
                schedule["state"] = "published"
        return event | _version(change.document_id, change.before)

    def _scheduling(self) -> Iterator[Event]:
        """Yield the events of the asked version whose release was given a time, or lost it."""
        release = None if self._asked is None else release_of(self._asked)
        moved = None if release is None else self._releases.moved(release)
        version = self._present.get(self._asked or "")
        if moved is None or release is None or self._asked is None or version is None:
            return
        states = tuple(None if document is None else document.get("state") for document in moved)
        if states == ("scheduling", "scheduled") and moved[1] is not None and self._releases.is_timed(release):
            event = {
                "type": "scheduleDocumentVersion",
                "state": "pending",
                "publishAt": moved[1].get("publishAt"),
                **_version(self._asked, version),
            }
            self._schedules.append(event)
            yield event
        elif states[0] == "unscheduling":
            for schedule in self._schedules:
                if schedule["state"] == "pending":
                    schedule["state"] = "unscheduled"
            yield {"type": "unscheduleDocumentVersion", **_version(self._asked, version)}


def _version(document_id: str, document: Document | None) -> Event:
    release = release_of(document_id)
    out = {"versionId": document_id, "versionRevisionId": "" if document is None else document["_rev"]}
    return out if release is None else {**out, "releaseId": release}
