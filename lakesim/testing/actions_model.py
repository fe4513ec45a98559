"""A naive model of actions and releases: full copies, full scans, one transaction after the other.

It shares no code with `lakesim.actions`; single documents are written by `lakesim.testing.model`. A state machine
drives both and compares documents, the log's length and errors. Well-formed actions are presumed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, Final

from lakesim.testing.model import Attempt, Documents, ModelRefusalError

__all__ = ["PLACEHOLDER", "ModelLake"]

PLACEHOLDER: Final = "?"
"""Stands for texts that the model does not predict: workflow ids and messages of failed publications."""

_TICK: Final = timedelta(milliseconds=1)
_REFUSED: Final = "validationError"


def _group(key: str) -> str:
    parts = key.split(".")
    return ".".join({"drafts": parts[1:], "versions": parts[2:]}.get(parts[0], parts))


def _nanos(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S.%f}000Z"


def _bare(document: dict[str, Any], key: str) -> dict[str, Any]:
    own = ("_rev", "_createdAt", "_updatedAt", "_system")
    return {**{name: value for name, value in document.items() if name not in own}, "_id": key}


def _strong(value: Any) -> Any:
    if isinstance(value, list):
        return [_strong(item) for item in value]
    if not isinstance(value, dict):
        return value
    stamp = value.get("_strengthenOnPublish")
    if isinstance(value.get("_ref"), str) and stamp and value.get("_weak"):
        gone = {"_strengthenOnPublish"} | (set() if stamp.get("weak") is True else {"_weak"})
        return {name: item for name, item in value.items() if name not in gone}
    return {name: _strong(item) for name, item in value.items()}


def _marked(document: dict[str, Any]) -> bool:
    return document.get("_system", {}).get("delete") is True


class _Request(Attempt):
    """One transaction of actions, or one arrow of a release."""

    def __init__(self, documents: Documents, revision: str, instant: datetime) -> None:
        super().__init__(documents, revision, f"{instant:%Y-%m-%dT%H:%M:%SZ}")
        self.instant = instant

    def act(self, index: int, action: dict[str, Any]) -> None:
        name = action["actionType"].removeprefix("sanity.action.")
        if name.startswith("release.") and name.split(".")[1] in _MOVES:
            self.move(index, name.split(".")[1], action)
        else:
            _ACTIONS[name](self, index, action)

    # -- parts

    def refuse(self, index: int, kind: str = _REFUSED) -> None:
        raise ModelRefusalError(kind, index)

    def need(self, index: int, key: str) -> dict[str, Any]:
        if key not in self.documents:
            self.refuse(index, "documentNotFoundError")
        return self.documents[key]

    def guard(self, index: int, key: str, expected: str | None) -> None:
        if expected is None:
            return
        current = None
        if key in self.documents:
            current = self.transaction_id if key in self.created or key not in self.before else self.before[key]["_rev"]
        if current != expected:
            self.refuse(index, "documentRevisionIDDoesNotMatchError")

    def write(self, index: int, mutation: dict[str, Any], key: str, *, locked: bool = True) -> None:
        if locked and key.startswith("versions."):
            release = self.documents.get("_.releases." + key.split(".")[1])
            if release is not None and release["state"] != "active":
                self.refuse(index)
        self.apply(index, deepcopy(mutation), [key])

    def create(self, index: int, document: dict[str, Any]) -> None:
        self.write(index, {"create": document}, document["_id"])

    def remove(self, index: int, key: str, *, locked: bool = True) -> None:
        self.write(index, {"delete": {"id": key}}, key, locked=locked)

    def family(self, group: str) -> list[str]:
        return [key for key in sorted(self.documents) if not key.startswith("_.") and _group(key) == group]

    # -- documents

    def document_create(self, index: int, action: dict[str, Any]) -> None:
        key = action["attributes"]["_id"]
        if action.get("ifExists") == "ignore" and key in self.documents:
            return
        if key in self.documents or action["publishedId"] in self.documents:
            self.refuse(index, "documentAlreadyExistsError")
        self.create(index, action["attributes"])

    def document_edit(self, index: int, action: dict[str, Any]) -> None:
        key = action["draftId"]
        if key not in self.documents and key.startswith("drafts.") and action["publishedId"] in self.documents:
            self.create(index, _bare(self.documents[action["publishedId"]], key))
        self.need(index, key)
        self.write(index, {"patch": {"id": key, **action["patch"]}}, key)

    def document_publish(self, index: int, action: dict[str, Any]) -> None:
        key, group = action["draftId"], action["publishedId"]
        draft = self.need(index, key)
        self.guard(index, key, action.get("ifDraftRevisionId"))
        self.guard(index, group, action.get("ifPublishedRevisionId"))
        if _marked(draft):
            self.refuse(index)
        self.publish(index, key)
        self.remove(index, key)

    def publish(self, index: int, key: str) -> None:
        draft = self.documents[key]
        document = {**_strong(_bare(draft, _group(key))), "_createdAt": draft["_createdAt"]}
        self.write(index, {"createOrReplace": document}, _group(key))

    def document_unpublish(self, index: int, action: dict[str, Any]) -> None:
        self.need(index, action["publishedId"])
        self.unpublish(index, action["publishedId"])

    def unpublish(self, index: int, group: str) -> None:
        published = self.documents[group]
        if f"drafts.{group}" not in self.documents:
            self.create(index, {**_bare(published, f"drafts.{group}"), "_createdAt": published["_createdAt"]})
        self.remove(index, group)

    def document_delete(self, index: int, action: dict[str, Any]) -> None:
        self.need(index, action["publishedId"])
        family = self.family(action["publishedId"])
        if set(family) - {action["publishedId"], *action["includeDrafts"]}:
            self.refuse(index)
        for key in family:
            self.remove(index, key)

    def discard(self, index: int, action: dict[str, Any]) -> None:
        key = action.get("versionId") or action["draftId"]
        self.need(index, key)
        self.remove(index, key)

    def document_replace_draft(self, index: int, action: dict[str, Any]) -> None:
        key = action["attributes"]["_id"]
        if key not in self.documents:
            self.need(index, action["publishedId"])
        self.write(index, {"createOrReplace": action["attributes"]}, key)

    # -- versions

    def version_create(self, index: int, action: dict[str, Any]) -> None:
        document = action.get("document")
        if document is None:
            base = self.need(index, action["baseId"])
            self.guard(index, action["baseId"], action.get("ifBaseRevisionId"))
            document = _bare(base, action["versionId"])
        if document["_id"] in self.documents:
            self.refuse(index, "documentAlreadyExistsError")
        self.create(index, document)

    def version_replace(self, index: int, action: dict[str, Any]) -> None:
        self.need(index, action["document"]["_id"])
        self.write(index, {"createOrReplace": action["document"]}, action["document"]["_id"])

    def version_unpublish(self, index: int, action: dict[str, Any]) -> None:
        key = action["versionId"]
        published = self.need(index, action["publishedId"])
        if key in self.documents:
            self.write(index, {"patch": {"id": key, "set": {"_system.delete": True}}}, key)
        else:
            self.create(index, {**_bare(published, key), "_system": {"delete": True}})

    # -- releases

    def release_create(self, index: int, action: dict[str, Any]) -> None:
        name = action["releaseId"]
        if f"_.releases.{name}" in self.documents:
            self.refuse(index, "documentAlreadyExistsError")
        document = {"_id": f"_.releases.{name}", "_type": "system.release", "name": name, "state": "active"}
        metadata = {"releaseType": "undecided", **action.get("metadata", {})}
        self.apply(index, {"create": {**document, "metadata": metadata}}, [])

    def release_edit(self, index: int, action: dict[str, Any]) -> None:
        key = "_.releases." + action["releaseId"]
        if self.need(index, key)["state"] not in ("active", "scheduled", "archived", "published"):
            self.refuse(index)
        self.apply(index, {"patch": {"id": key, **action["patch"]}}, [key])

    def move(self, index: int, name: str, action: dict[str, Any]) -> None:
        key = "_.releases." + action["releaseId"]
        state = self.need(index, key)["state"]
        start, first = _MOVES[name]
        if state not in start:
            self.refuse(index)
        if first is None:
            for version in self.versions(action["releaseId"]):
                self.remove(index, version, locked=False)
            self.apply(index, {"delete": {"id": key}}, [key])
            return
        fields = {"state": first, "workflowId": PLACEHOLDER}
        if name == "publish":
            fields["publishAt"] = _nanos(self.instant)
        elif name == "schedule":
            fields["publishAt"] = action["publishAt"]
        self.change(action["releaseId"], fields, ["error"], index)

    def versions(self, name: str) -> list[str]:
        return [key for key in sorted(self.documents) if key.startswith(f"versions.{name}.")]

    def change(self, name: str, fields: dict[str, Any], gone: Sequence[str], index: int = 0) -> None:
        key = "_.releases." + name
        self.apply(index, {"patch": {"id": key, "set": fields, "unset": list(gone)}}, [key])


_MOVES: Final[dict[str, tuple[tuple[str, ...], str | None]]] = {
    "publish": (("active",), "scheduling"),
    "schedule": (("active",), "scheduling"),
    "unschedule": (("scheduled",), "unscheduling"),
    "archive": (("active",), "archiving"),
    "unarchive": (("archived",), "unarchiving"),
    "delete": (("archived", "published"), None),
}

_ACTIONS: Final[dict[str, Callable[[_Request, int, dict[str, Any]], None]]] = {
    "document.create": _Request.document_create,
    "document.edit": _Request.document_edit,
    "document.publish": _Request.document_publish,
    "document.unpublish": _Request.document_unpublish,
    "document.delete": _Request.document_delete,
    "document.discard": _Request.discard,
    "document.replaceDraft": _Request.document_replace_draft,
    "document.version.create": _Request.version_create,
    "document.version.discard": _Request.discard,
    "document.version.replace": _Request.version_replace,
    "document.version.unpublish": _Request.version_unpublish,
    "release.create": _Request.release_create,
    "release.edit": _Request.release_edit,
}


class ModelLake:
    """All documents of one dataset, the revisions made so far, and what each archived release held.

    Shape: revision `#n` belongs to the n-th transaction, counted from 0; `now` moves by a tick with each.
    """

    def __init__(self, now: datetime) -> None:
        """Start empty at an instant."""
        self.documents: Documents = {}
        self.now = now
        self.log: list[Documents] = []
        self._archived: dict[str, list[dict[str, Any]]] = {}

    def act(self, actions: Sequence[dict[str, Any]], *, dry_run: bool = False) -> None:
        """Carry out a request and whatever follows from it.

        Raises: ModelRefusalError; nothing has changed then.
        """
        if not actions:
            return
        request = self._begin()
        for index, action in enumerate(deepcopy(list(actions))):
            request.act(index, action)
        request.check_references()
        if not dry_run:
            self._commit(request)
            self.settle()

    def advance(self, seconds: float) -> None:
        """Move the clock and publish what is due."""
        self.now += timedelta(seconds=seconds)
        self.settle()

    def _begin(self) -> _Request:
        return _Request(deepcopy(self.documents), f"#{len(self.log)}", self.now + _TICK)

    def _commit(self, request: _Request) -> None:
        self.documents = request.documents
        self.log.append(deepcopy(request.documents))
        self.now = request.instant

    def settle(self) -> None:
        """Take every arrow that is due."""
        while (name := self._due()) is not None:
            state = self.documents["_.releases." + name]["state"]
            request = self._begin()
            try:
                getattr(self, f"_{state}")(request, name)
                request.check_references()
            except ModelRefusalError:
                request = self._begin()
                gone = ["workflowId"] if state == "unarchiving" else ["workflowId", "publishAt"]
                back = "archived" if state == "unarchiving" else "active"
                request.change(name, {"state": back, "error": {"message": PLACEHOLDER}}, gone)
            self._commit(request)

    def _due(self) -> str | None:
        releases = [document for key, document in self.documents.items() if key.startswith("_.releases.")]
        moving = [document["name"] for document in releases if document["state"].endswith("ing")]
        if moving:
            return str(min(moving))
        waiting = [(one["publishAt"], one["name"]) for one in releases if one["state"] == "scheduled"]
        ready = [(at, name) for at, name in waiting if at <= _nanos(self.now)]
        return str(min(ready)[1]) if ready else None

    def _scheduling(self, request: _Request, name: str) -> None:
        request.change(name, {"state": "scheduled"}, ["workflowId"])

    def _scheduled(self, request: _Request, name: str) -> None:
        request.change(name, {"state": "publishing", "workflowId": PLACEHOLDER}, [])

    def _unscheduling(self, request: _Request, name: str) -> None:
        request.change(name, {"state": "active"}, ["workflowId", "publishAt"])

    def _publishing(self, request: _Request, name: str) -> None:
        versions = request.versions(name)
        for key in versions:
            if not _marked(request.documents[key]):
                request.publish(0, key)
            elif _group(key) in request.documents:
                request.unpublish(0, _group(key))
            request.remove(0, key, locked=False)
        final = [{"id": key} for key in versions]
        fields = {"state": "published", "publishedAt": _nanos(request.instant), "finalDocumentStates": final}
        request.change(name, fields, ["workflowId"])

    def _archiving(self, request: _Request, name: str) -> None:
        kept = [request.documents[key] for key in request.versions(name)]
        for document in kept:
            request.remove(0, document["_id"], locked=False)
        request.change(name, {"state": "archived"}, ["workflowId"])
        # Read only when the release is archived, so what a refused attempt left here does no harm.
        self._archived[name] = deepcopy(kept)

    def _unarchiving(self, request: _Request, name: str) -> None:
        for document in self._archived.get(name, []):
            request.write(0, {"createIfNotExists": document}, document["_id"], locked=False)
        request.change(name, {"state": "active"}, ["workflowId", "publishAt"])
