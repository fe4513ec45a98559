"""Every point of the lake's behaviour that the references leave open, as one switch each with its default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lakesim.patch import Choices

__all__ = ["LakeChoices"]


@dataclass(frozen=True, slots=True)
class LakeChoices:
    """What the lake does where the real service's answer is unsure.

    Each attribute names its row in section 10 of the content-lake reference; the defaults are that section's best
    guess.
    """

    patch: Choices = field(default_factory=Choices)
    """The choices of the patch language, rows 18 to 26."""
    reference_check: Literal["transaction", "mutation", "off"] = "transaction"
    """When strong references are judged: at the end of the transaction (the service), after each mutation (stricter
    fakes do so), or never (to build broken data for audits)."""
    type_change_by_replace: bool = False
    """Row 1: whether `createOrReplace` may change `_type` of a document that nothing refers to strongly."""
    replace_keeps_created_at: bool = True
    """Row 8: `createOrReplace` keeps the present `_createdAt`; otherwise the submitted one wins, else now."""
    patch_may_set_created_at: bool = True
    """Row 9: whether a patch may set `_createdAt` to another string; `_updatedAt` and `_rev` never follow a patch."""
    no_effect_patch_touches: bool = True
    """Row 10: a patch without effect is a write too: new `_rev`, new `_updatedAt`, an event."""
    system_fields: bool = False
    """Row 11: whether documents carry `_system`; its `delete` is honoured in any case."""
    release_resolves_references: bool = True
    """Row 13: a strong reference held by `versions.R.x` is satisfied by `versions.R.T` where `T` is missing."""
    draft_resolves_references: bool = False
    """Row 14: a strong reference held by a draft is satisfied by `drafts.T` where `T` is missing."""
    delete_of_missing_has_result: bool = True
    """Row 29: deleting a missing id leaves an entry in `results`."""
    edit_creates_versions: bool = False
    """Row 35: whether editing a version that does not exist copies the published document, as it does for drafts."""
    versions_need_release: bool = False
    """Row 36: whether the version actions refuse a release that does not exist; agents write such bundles."""
    system_documents_writable: bool = False
    """Row 37: whether `mutate` may write `_.` ids; the lake's own actions and imports always may."""
    original_id_in_published: bool = False
    """Row 44: whether the `published` perspective adds `_originalId` too."""
    unpublish_marker_hides: bool = True
    """Row 48: a version with `_system.delete` hides its group in a stack; otherwise it is skipped over."""
    first_event_number: int = 0
    """Row 55: the number of the first event of a transaction in `transactionCurrentEvent`."""
    result_revision_on_delete: bool = True
    """Row 56: whether a delete's event carries `resultRev`."""
    result_on_delete: Literal["omit", "null"] = "omit"
    """Row 59: what `includeResult` gives for a deleted document."""
    anonymous_identity: str = "<none>"
    """Row 57: the `identity` of events whose author is unknown."""
