"""Which halves wait, and for what, as the documents themselves tell it to a process that remembers nothing.

An engine notes what it could not write, with the reason (`bidir.pending`). The same is seen in the documents: a pointer
that is not answered, and what stands in the way of the answer. Source: bidirectional semantics, F8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bidir.outcome import Pending, PendingReason
from bidir.planning.violations import halves_in, is_deferred, is_kept, unanswerable_in, varies
from bidir.planning.work import Link
from bidir.refs import PUBLISHED
from bidir.siblings import World

__all__ = ["Reason", "Waiting", "find_missing", "find_waiting"]

Reason = PendingReason | Literal["unwritten"]
"""Why a half waits. `unwritten`: nothing stands in its way any more; a follower or a repair writes it. What an engine
calls `permission` or `budget` looks like that too, as neither leaves a trace in the documents."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A half that is not written: `source` points at `target` (groups) in `layer` and `target` does not point back.

    `since` is when the document that points was changed last (RFC 3339), so the half waits at least as long as nobody
    touched it since; empty where the document does not say.
    """

    relation: str
    source: str
    target: str
    layer: str
    reason: Reason
    since: str
    text: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two items the same: relation, source, target, layer."""
        return (self.relation, self.source, self.target, self.layer)


def find_waiting(world: World) -> Iterator[Waiting]:
    """Yield every pointer without an answer, each once, view by view from the published one upwards."""
    told: set[tuple[str, str, str, str]] = set()
    for view in (PUBLISHED, *world.release_views()):
        for one in (*_unanswered(world, view), *_unanswerable(world, view)):
            if one.key not in told:
                told.add(one.key)
                yield one


def find_missing(world: World, groups: Iterable[str]) -> Iterator[Pending]:
    """Yield the pointers, in every layer, at those of `groups` that have no version (any more): they wait for them."""
    for group in groups:
        for claimant in world.claiming_groups(group) if not world.layers_of(group) else ():
            for layer in world.layers_of(claimant):
                for field in world.fields_of(claimant):
                    slot = world.slot(claimant, field, layer)
                    if slot is not None and group in slot.counts:
                        text = f"{claimant}: {field.name} points at {group}, which does not exist"
                        name = world.schema.relations_of(field)[0].name
                        yield Pending(name, claimant, group, layer, "missing", text)


def _unanswered(world: World, view: str) -> Iterator[Waiting]:
    for half in halves_in(world, view):
        if world.visible(half.target, view) and world.holds(half.target, half.mirrored.field, view, half.group):
            continue
        if view == PUBLISHED and half.relation.publish_partners == "none":
            # The relation does not ask for an answer here.
            continue
        reason = _reason(world, view, half)
        place = f"{half.group}: {half.field.name} points at {half.target}"
        yield Waiting(
            half.relation.name,
            half.group,
            half.target,
            view,
            reason,
            _since(world, half.group, view),
            f"{place}, {_WORDS[reason].format(mirror=half.mirrored.field.name)}",
        )


def _reason(world: World, view: str, half: Link) -> Reason:
    if varies(world, half):
        return "variant"
    if not world.visible(half.target, view):
        return "not-visible"
    if is_deferred(world, view, half):
        return "deferred-live"
    if view in world.snapshot.locked:
        return "locked-release"
    holders = world.targets(half.target, half.mirrored.field, view)
    if not half.mirrored.field.many and any(one != half.group for one in holders):
        return "conflict"
    if half.mirrored.field.max is not None and len(holders) >= half.mirrored.field.max:
        return "conflict"
    return "unwritten"


def _unanswerable(world: World, view: str) -> Iterator[Waiting]:
    for group, field, target in unanswerable_in(world, view):
        if world.type_of(target) is None and is_kept(world, group, field, target, view):
            continue
        reason: Reason = "missing" if world.type_of(target) is None else "no-inverse-field"
        place = f"{group}: {field.name} points at {target}"
        name = next((one.name for one in world.schema.relations_of(field)), "")
        yield Waiting(name, group, target, view, reason, _since(world, group, view), f"{place}, {_WORDS[reason]}")


def _since(world: World, group: str, view: str) -> str:
    layer = world.layer_seen(group, view)
    document = None if layer is None else world.own(group, layer)
    found = None if document is None else document.get("_updatedAt")
    return found if isinstance(found, str) else ""


_WORDS: dict[Reason, str] = {
    "variant": "and one of the two has variants, which are not supported",
    "missing": "which does not exist",
    "not-visible": "which this view does not show (yet)",
    "no-inverse-field": "whose type has no inverse field",
    "deferred-live": "and one of the two is edited live: the answer comes with the publish",
    "locked-release": "in a release that takes no writes now",
    "conflict": "whose {mirror} is taken by others: a person decides",
    "unwritten": "{mirror} does not point back (yet); a follower or a repair writes it",
}
