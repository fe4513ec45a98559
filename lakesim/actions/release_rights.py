"""Judges, before a release moves, what its move will write: by then nobody is there whose rights could be asked.

A release that is published or scheduled writes published documents, archiving deletes versions, unarchiving brings them
back. The references speak of the grant on the release document alone; here the author has to be able to write each of
the documents by himself, or a grant on releases would open every document (content-lake reference, 3.5 and 3.7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lakesim.access import Judge
from lakesim.actions.arrows import archived_versions
from lakesim.actions.copies import copy_of, is_unpublish_marker, published_form
from lakesim.actions.model import MoveName, MoveRelease
from lakesim.actions.work import Work
from lakesim.ids import draft_id, published_id
from lakesim.store.documents import Document

__all__ = ["require_rights"]


def require_rights(work: Work, action: MoveRelease) -> None:
    """Refuse a move whose later writes the author of the request could not make himself.

    Raises: InsufficientPermissionsError.
    """
    judged = _JUDGED.get(action.move)
    if work.judge is not None and judged is not None:
        judged(work, work.judge, action.release_id)


def _versions(work: Work, name: str) -> list[Document]:
    return [work.require(key) for key in work.transaction.ids_with_prefix(f"versions.{name}.")]


def _publishing(work: Work, judge: Judge, name: str) -> None:
    for version in _versions(work, name):
        judge.admit("read", version)
        judge.admit("update", version)
        group = published_id(version["_id"])
        present = work.get(group)
        if is_unpublish_marker(version):
            if present is not None:
                _unpublishing(work, judge, present)
            continue
        if present is not None:
            judge.admit("update", present)
        judge.admit("create" if present is None else "update", published_form(version, group))


def _unpublishing(work: Work, judge: Judge, published: Document) -> None:
    judge.admit("update", published)
    draft = draft_id(published["_id"])
    if not work.exists(draft):
        judge.admit("read", published)
        judge.admit("create", copy_of(published, draft))


def _removing(work: Work, judge: Judge, name: str) -> None:
    for version in _versions(work, name):
        judge.admit("update", version)


def _restoring(work: Work, judge: Judge, name: str) -> None:
    for version in archived_versions(work.history, name) if work.history is not None else ():
        judge.admit("create", version)


_JUDGED: Final[Mapping[MoveName, Callable[[Work, Judge, str], Any]]] = {
    "publish": _publishing,
    "schedule": _publishing,
    "archive": _removing,
    "unarchive": _restoring,
}
"""What is judged for each move; deleting a release writes at once, unscheduling writes the release document alone."""
