"""What a release that takes no writes holds fast: its versions, and what they point at strongly.

Nobody can change it there, so an intent that would have to is refused by name before anything is sent (bidirectional
semantics, E8.13), and not by the lake afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable

from bidir.errors import LockedReleaseError
from bidir.planning.work import Work
from bidir.refs import Item, stored_id
from bidir.siblings import Slot

__all__ = ["require_released", "require_unlocked", "strong_at", "strong_items"]


def require_unlocked(work: Work, group: str, layers: Iterable[str]) -> None:
    """Make sure that every version of a group which is to be deleted can be.

    Raises: LockedReleaseError.
    """
    for layer in layers:
        if layer in work.world.snapshot.locked:
            raise LockedReleaseError(
                f'"{group}" has a version in the release "{layer}", which takes no writes: unschedule it first',
                release=layer,
                document_id=stored_id(group, layer),
            )


def require_released(work: Work, group: str, claimant: str, layer: str) -> None:
    """Make sure that what `claimant` says in `layer` lets `group` go, whose published document leaves.

    A strong pointer of a relation in a release that takes no writes does not, unless the release has a version of the
    group for it to stand on. What others have done already was let through.
    Raises: LockedReleaseError.
    """
    world = work.world
    if work.committed or layer not in world.snapshot.locked or world.own(group, layer) is not None:
        return
    for field in world.pointers_of(claimant):
        if strong_at(world.slot(claimant, field, layer), group):
            raise LockedReleaseError(
                f'"{group}" cannot be taken offline: "{claimant}" points at it strongly ({field.name}) in the release '
                f'"{layer}", which takes no writes: unschedule it, then try again; scheduling it anew makes the '
                "pointer fit",
                release=layer,
                document_id=stored_id(claimant, layer),
            )


def strong_at(slot: Slot | None, target: str) -> list[Item]:
    """Return the items of a slot that point at `target` strongly."""
    return [item for item in strong_items(slot) if item.target == target]


def strong_items(slot: Slot | None) -> list[Item]:
    """Return the items of a slot that point at anything strongly."""
    items = slot.items if slot is not None else ()
    return [item for item in items if item.target is not None and item.is_strong]
