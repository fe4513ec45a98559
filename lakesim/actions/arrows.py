"""What the lake does with a release by itself: the arrows of the state machine after the one a request wrote.

Each arrow is one transaction. Source: content-lake reference, sections 3.4 and 3.5; rows 38 to 40 of its section 10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lakesim.actions.copies import copy_of, is_unpublish_marker, published_form
from lakesim.actions.release_document import format_nanos
from lakesim.actions.states import Arrow, Effect
from lakesim.actions.work import Work
from lakesim.ids import draft_id, published_id, release_document_id
from lakesim.patch import CreateIfNotExists, add_array_keys
from lakesim.store.documents import Document
from lakesim.store.history import History, LoggedTransaction

__all__ = ["archived_versions", "fall_back", "take_arrow"]


def take_arrow(work: Work, history: History, name: str, arrow: Arrow) -> None:
    """Write one arrow of the release `name`: its effect on the documents, then the release's new state.

    Raises: MutationError, or a limit's error, where the effect is refused; see `fall_back`.
    """
    fields: dict[str, Any] = {"state": arrow.to}
    gone = [] if arrow.timed else ["workflowId"]
    if arrow.timed:
        fields["workflowId"] = f"release-{name}-{work.transaction.generate_id()}"
    if arrow.to == "active":
        gone.append("publishAt")
    fields.update(_EFFECTS[arrow.effect](work, history, name))
    work.change_release(name, set=fields, unset=_present(work, name, gone))


def fall_back(work: Work, name: str, arrow: Arrow, message: str) -> None:
    """Write the state a release returns to because an arrow was refused, and why (row 39)."""
    gone = ["workflowId"] if arrow.on_failure != "active" else ["workflowId", "publishAt"]
    fields = {"state": arrow.on_failure, "error": {"message": message}}
    work.change_release(name, set=fields, unset=_present(work, name, gone))


def _present(work: Work, name: str, attributes: list[str]) -> list[str]:
    release = work.release(name)
    return [attribute for attribute in attributes if attribute in release]


def _nothing(work: Work, history: History, name: str) -> dict[str, Any]:
    return {}


def _publish_versions(work: Work, history: History, name: str) -> dict[str, Any]:
    """Publish every version of the release; return what the release document says about it."""
    version_ids = _versions(work, name)
    for version_id in version_ids:
        version = work.require(version_id)
        if is_unpublish_marker(version):
            _unpublish(work, published_id(version_id))
        else:
            document = published_form(version, published_id(version_id))
            # As every action: items of arrays get keys. The release document, written beside it, gets none.
            work.replace(add_array_keys(document, work.transaction.generate_key))
        work.delete_from_release(version_id)
    return {
        "finalDocumentStates": [{"id": version_id} for version_id in version_ids],
        "publishedAt": format_nanos(work.transaction.now),
    }


def _unpublish(work: Work, group: str) -> None:
    """Delete a published document; a draft of it always remains."""
    published = work.get(group)
    if published is None:
        return
    if not work.exists(draft_id(group)):
        work.create(copy_of(published, draft_id(group), keep_created_at=True))
    work.delete(group)


def _remove_versions(work: Work, history: History, name: str) -> dict[str, Any]:
    """Delete the versions; the log keeps them for `_restore_versions`."""
    for version_id in _versions(work, name):
        work.delete_from_release(version_id)
    return {}


def _restore_versions(work: Work, history: History, name: str) -> dict[str, Any]:
    """Bring back what the transaction that archived the release deleted."""
    for version in archived_versions(history, name):
        work.write_release(CreateIfNotExists(version))
    return {}


def archived_versions(history: History, name: str) -> list[Document]:
    """Return the versions as they were when the release was archived, found in the log."""
    key = release_document_id(name)
    for row in reversed(history.rows_of([key])):
        change = next(change for change in row.changes if change.document_id == key)
        if change.before is None or change.after is None:
            # Before this there was another release of the name.
            return []
        if change.before.get("state") == "archiving" and change.after.get("state") == "archived":
            return _deleted_versions(row, f"versions.{name}.")
    return []


def _deleted_versions(row: LoggedTransaction, prefix: str) -> list[Document]:
    return [
        change.before
        for change in row.changes
        if change.document_id.startswith(prefix) and change.before is not None and change.after is None
    ]


def _versions(work: Work, name: str) -> list[str]:
    return work.transaction.ids_with_prefix(f"versions.{name}.")


_EFFECTS: Final[Mapping[Effect, Callable[[Work, History, str], dict[str, Any]]]] = {
    "none": _nothing,
    "publish versions": _publish_versions,
    "remove versions": _remove_versions,
    "restore versions": _restore_versions,
}
