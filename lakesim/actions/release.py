"""The release actions: create, edit, import, and the moves from one state to another.

A move writes the first arrow of the state machine; the lake takes the others afterwards (`lakesim.actions.arrows`).
Source: content-lake reference, section 3.4.
"""

from __future__ import annotations

from typing import Any

from lakesim.actions.model import CreateRelease, EditRelease, ImportRelease, MoveRelease
from lakesim.actions.release_document import (
    check_metadata,
    format_nanos,
    imported_release,
    is_open,
    new_release,
    state_of,
)
from lakesim.actions.release_rights import require_rights
from lakesim.actions.states import RESTING_STATES, require_move
from lakesim.actions.work import Work
from lakesim.errors import DocumentAlreadyExistsError, InvalidValueError
from lakesim.patch import Create, CreateOrReplace, Delete, PatchMutation, Selection
from lakesim.store.documents import Document

__all__ = ["create_release", "edit_release", "import_release", "move_release"]


def create_release(work: Work, action: CreateRelease) -> None:
    """Create an active release.

    Raises: DocumentAlreadyExistsError, ReleaseLimitExceededError.
    """
    document = new_release(action.release_id, action.metadata)
    work.require_free(document["_id"], error=DocumentAlreadyExistsError(document["_id"]))
    work.require_room()
    work.write_release(Create(document))


def edit_release(work: Work, action: EditRelease) -> None:
    """Patch the metadata of a release that rests, in whatever state.

    Raises: ReleaseNotFoundError, InvalidValueError in a transition or for metadata that cannot be.
    """
    release = work.release(action.release_id)
    _require_rest(action.release_id, release)
    selection = Selection(ids=(release["_id"],))
    work.write_release(PatchMutation(selection, action.patch))
    check_metadata(work.require(release["_id"]).get("metadata"), f'metadata of release "{action.release_id}"')


def move_release(work: Work, action: MoveRelease) -> None:
    """Take the first arrow of a release action; `delete`, which has no other, takes the left versions along.

    Raises: ReleaseNotFoundError, InvalidValueError for a transition that is not permitted, ReleaseLimitExceededError.
    """
    name = action.release_id
    release = work.release(name)
    move = require_move(name, state_of(release), action.move)
    require_rights(work, action)
    if move.first is None:
        doomed = (*work.transaction.ids_with_prefix(f"versions.{name}."), release["_id"])
        work.write_release(Delete(Selection(ids=doomed)))
        return
    if action.move == "unarchive":
        work.require_room()
    fields: dict[str, Any] = {
        "state": move.first,
        "workflowId": f"release-{name}-{work.transaction.generate_id()}",
    }
    if action.move == "publish":
        fields["publishAt"] = format_nanos(work.transaction.now)
    elif action.publish_at is not None:
        fields["publishAt"] = action.publish_at
    if work.author is not None and "userId" not in release:
        fields["userId"] = work.author
    work.change_release(name, set=fields, unset=["error"] if "error" in release else [])


def import_release(work: Work, action: ImportRelease) -> None:
    """Recreate a release document; `ifExists` says what to do about a name that is taken.

    Raises: DocumentAlreadyExistsError, InvalidValueError for one in a transition, ReleaseLimitExceededError.
    """
    document = imported_release(action.release_id, action.attributes)
    present = work.get(document["_id"])
    adds = is_open(document) and (present is None or (action.if_exists == "replace" and not is_open(present)))
    if adds:
        work.require_room()
    if present is None:
        work.write_release(Create(document))
    elif action.if_exists == "fail":
        work.require_free(document["_id"], error=DocumentAlreadyExistsError(document["_id"]))
    elif action.if_exists == "replace":
        _require_rest(action.release_id, present)
        work.write_release(CreateOrReplace(document))


def _require_rest(name: str, release: Document) -> None:
    state = state_of(release)
    if state not in RESTING_STATES:
        raise InvalidValueError(f'Release "{name}" (state: {state}) can not be changed while it is in transition')
