"""Carries out the parsed actions of a request, in order, on one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from lakesim.actions.document import (
    create_document,
    delete_document,
    discard_version,
    edit_document,
    publish_document,
    replace_draft,
    unpublish_document,
)
from lakesim.actions.model import (
    Action,
    CopyVersion,
    CreateDocument,
    CreateRelease,
    CreateVersion,
    DeleteDocument,
    DiscardVersion,
    EditDocument,
    EditRelease,
    ImportRelease,
    MoveRelease,
    PublishDocument,
    ReplaceDraft,
    ReplaceVersion,
    UnpublishDocument,
    UnpublishVersion,
)
from lakesim.actions.release import create_release, edit_release, import_release, move_release
from lakesim.actions.version import copy_version, create_version, replace_version, unpublish_version
from lakesim.actions.work import Work
from lakesim.errors import ActionError, ItemError, MutationError

__all__ = ["CARRIED_OUT_BY", "creates_something", "run_actions"]

CARRIED_OUT_BY: Final[Mapping[type[Action], Callable[[Work, Any], None]]] = MappingProxyType(
    {
        CreateDocument: create_document,
        EditDocument: edit_document,
        PublishDocument: publish_document,
        UnpublishDocument: unpublish_document,
        DeleteDocument: delete_document,
        DiscardVersion: discard_version,
        ReplaceDraft: replace_draft,
        CreateVersion: create_version,
        CopyVersion: copy_version,
        ReplaceVersion: replace_version,
        UnpublishVersion: unpublish_version,
        CreateRelease: create_release,
        EditRelease: edit_release,
        MoveRelease: move_release,
        ImportRelease: import_release,
    }
)
"""The function that carries out each kind of action."""


def run_actions(work: Work, actions: Sequence[Action]) -> None:
    """Apply the actions one after the other, each seeing what those before it did.

    Raises: ActionError with the index of the first that is refused.
    """
    for index, action in enumerate(actions):
        work.index = index
        try:
            CARRIED_OUT_BY[type(action)](work, action)
        except ItemError as error:
            raise ActionError([(index, error)]) from None
        except MutationError as error:
            raise ActionError(error.causes) from None


def creates_something(action: Action) -> bool:
    """Whether an action makes a document that was not there, which is what its author has to be permitted."""
    return isinstance(action, (CreateDocument, CreateVersion, CopyVersion, CreateRelease))
