"""What a write in published means for the layers above: follow (R9), adoption, upward reconcile (R8).

Source: bidirectional semantics, E2 R8 and R9, E4 rows 7 and 8, E8.8, E8.9, E8.17.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from bidir.errors import QuarantineError
from bidir.outcome import PendingReason
from bidir.planning.closure import connect, disconnect, wait_for
from bidir.planning.items import place_for
from bidir.planning.work import Link, Work
from bidir.refs import DRAFTS, PUBLISHED
from bidir.relations import Field
from bidir.siblings import World

__all__ = ["leave_above", "reconcile_above", "settle_view", "take_over"]

STEPS_MAX = 10_000
"""Repairs in one upper view before it is taken for a loop (the checked scopes never needed 24)."""


def reconcile_above(work: Work, touched: Iterable[str], involved: Iterable[str], *, links: Iterable[Link] = ()) -> None:
    """Bring every upper view back into step after published documents of the groups `touched` changed.

    `involved` are all groups changed in any layer: what they say in the view itself may contradict what follows.
    `links` are looked at in any case: halves of them were written earlier, without what follows above.
    """
    late = list(links)
    groups = list(dict.fromkeys(touched))
    others = list(dict.fromkeys([*groups, *involved]))
    for view in work.world.release_views():
        if view in work.world.snapshot.locked:
            _warn_locked(work, view, groups)
            continue
        followed = [link for group in groups for link in _follow(work, group, view)]
        _repair_view(work, view, others, [*late, *followed])


def settle_view(work: Work, view: str, links: Iterable[Link]) -> None:
    """Do for `links` what R8 could not do while `view` took no writes; own overrides win (E8.9)."""
    _repair_view(work, view, [], links)


def leave_above(work: Work, touched: Iterable[str], reason: PendingReason) -> None:
    """List what has to follow above, but not now: the published groups `touched` were written alone (R8, F8).

    A pair that a view above only sees through waits in published already.
    """
    world = work.world
    groups = list(dict.fromkeys(touched))
    for view in world.release_views():
        for link in _apart(work, view, groups):
            if any(world.own(one, view) is not None for one in (link.group, link.target)):
                wait_for(work, view, link, "locked-release" if view in world.snapshot.locked else reason)


def _changes(world: World, group: str, field: Field, view: str) -> Iterator[str]:
    """Yield the groups whose membership in the field, as `view` shows it, differs from what it was.

    That is before what others changed, or before what this plan made of it.
    """
    now = world.targets(group, field, view)
    was, read = world.targets_before(group, field, view), world.targets_read(group, field, view)
    yield from (target for target in was if target not in now)
    yield from (target for target in now if target not in was)
    if read is not was:
        yield from (target for target in read if target not in now and target not in was)
        yield from (target for target in now if target in was and target not in read)


def _follow(work: Work, group: str, view: str) -> Iterator[Link]:
    """R9: an upper version that merely inherited the old published value takes the change over, item by item.

    Yield the links that were taken over, and of what others changed also those that the version has an opinion of its
    own about: their other ends may have been written by somebody who had not seen it.
    """
    world = work.world
    if world.own(group, view) is None or world.marked(group, view) or (group, view) in work.made:
        return
    # What came into being below is no change to follow, but what was done to it since is.
    below = world.own_before(group, PUBLISHED) or work.ranks.born(group, PUBLISHED)
    if below is None or world.own(group, PUBLISHED) is None:
        return
    for field in world.fields_of(group):
        old = world.parsed(below, field).counts
        new = dict(world.targets(group, field, PUBLISHED))
        if list(old) == list(new):
            continue
        slot = world.slot(group, field, view)
        mine = {} if slot is None else dict(slot.counts)
        inherited = field.many or list(mine) == list(old)
        for target in [*(one for one in old if one not in new), *(one for one in new if one not in old)]:
            if (group, field.name, target) in work.withdrawn and world.visible(target, view):
                # It goes offline, and is still there above: what the version above says of it stays (row 19).
                continue
            later = work.ranks.opinion(group, view, field, target) > work.ranks.pair(group, PUBLISHED, field, target)
            if inherited and not later and (target in new) != (target in mine):
                yield from take_over(work, group, field, view, target, add=target in new)
            elif work.committed and (link := work.link_of(field, group, target)) is not None:
                yield link


def take_over(work: Work, group: str, field: Field, view: str, target: str, *, add: bool) -> Iterator[Link]:
    """Take one change of the published field over into the version in `view`; yield the link (R9)."""
    link = work.link_of(field, group, target)
    if add and field.max is not None and len(work.world.targets(group, field, view)) >= field.max:
        # A list that is full above cannot follow: its own items win, and R8 takes the pair out of the other end.
        return
    if link is None:
        # One-sided below, so one-sided above: the item is carried over as it stands.
        slot = work.world.changing(group, field, view)
        if add:
            index, item = place_for(work.world, group, field, view, target)
            if item is not None:
                slot.insert(index, item)
        else:
            slot.remove(target)
        work.written[(group, view)] = None
        return
    elif add:
        work.add_half(link, view)
    else:
        work.remove_half(link, view)
    yield link


def _repair_view(work: Work, view: str, touched: list[str], followed: Iterable[Link]) -> None:
    """R8: settle every pair whose halves, as `view` shows them, came apart through this plan.

    What was `followed` is looked at in any case: where others changed both layers the view may show what it did before.
    """
    world = work.world
    queue: deque[Link] = deque(followed)
    arrived = []
    for group in touched:
        was, shown = world.layer_seen_before(group, view), world.layer_seen(group, view)
        if was is None and shown is not None:
            arrived.append(group)
        for field in world.fields_of(group):
            for target in sorted(_changes(world, group, field, view)):
                link = work.link_of(field, group, target)
                if link is not None:
                    queue.append(link)
    for group in arrived:
        queue.extend(_waiting_for(work, group, view))
    steps = 0
    while queue:
        steps += 1
        if steps > STEPS_MAX:
            raise QuarantineError(
                f'the view "{view}" did not come to rest after {STEPS_MAX} repairs; nothing was written'
            )
        queue.extend(_repair_pair(work, view, queue.popleft(), arrived))


def _waiting_for(work: Work, group: str, view: str) -> Iterator[Link]:
    for claimant, field in work.world.claimants(group, view):
        link = work.link_of(field, claimant, group)
        if link is not None:
            yield link


def _repair_pair(work: Work, view: str, link: Link, arrived: list[str]) -> Iterator[Link]:
    """Bring the two halves of one pair together in `view`; yield the pairs this may have disturbed."""
    world = work.world
    here = world.holds(link.group, link.field, view, link.target)
    there = world.holds(link.target, link.mirrored.field, view, link.group)
    if here == there:
        work.settle(link, view)
        return
    half = link if here else link.mirrored
    if not (world.visible(half.target, view) and world.visible(half.group, view)):
        return
    if view == DRAFTS and (world.is_live(half.group) or world.is_live(half.target)):
        _repair_live(work, half)
        return
    newcomer = any(_new_to(work, view, half, one) for one in (half.group, half.target) if one in arrived)
    place = world.targets(half.target, half.mirrored.field, view)
    free = half.mirrored.field.many or not place
    link_it = (newcomer and free) or (world.own(half.target, view) is None and world.own(half.group, view) is not None)
    disturbed = _neighbours(work, view, half)
    if link_it:
        connect(work, view, half, mode="claim" if newcomer else "force")
    else:
        disconnect(work, view, half)
    yield from disturbed


def _new_to(work: Work, view: str, half: Link, group: str) -> bool:
    """Whether one end of a pair came into view with the pair unsettled: pointed at before, or pointing, undisputed.

    What others wrote after it had come is an edit like any other.
    """
    world, ranks = work.world, work.ranks
    arrival = ranks.arrival(group, view)
    if not arrival:
        return True
    pointed = ranks.pair(half.group, world.layer_seen(half.group, view) or view, half.field, half.target)
    below = ranks.pairs(half.target, PUBLISHED, half.mirrored.field).get(half.group, 0)
    said = ranks.opinion(half.target, view, half.mirrored.field, half.group)
    return max(pointed, below, said) <= arrival


def _neighbours(work: Work, view: str, half: Link) -> list[Link]:
    """Return the pairs that hold a single place which repairing `half` may empty."""
    out = []
    for end in (half, half.mirrored):
        if end.field.many:
            continue
        for holder in list(work.world.targets(end.group, end.field, view)):
            found = work.link_of(end.field, end.group, holder)
            if found is not None and found.key != half.key:
                out.append(found)
    return out


def _repair_live(work: Work, half: Link) -> None:
    """The drafts view never writes a live document: only a draft's free place may answer it (rows 7 and 8)."""
    world = work.world
    never_published = world.own(half.target, PUBLISHED) is None
    most = half.mirrored.field.max if half.mirrored.field.many else 1
    free = most is None or len(world.targets(half.target, half.mirrored.field, DRAFTS)) < most
    if world.is_live(half.group) and never_published and free and world.own(half.target, DRAFTS) is not None:
        work.add_half(half.mirrored, DRAFTS)
        work.settle(half, DRAFTS)
        return
    source = half if not world.is_live(half.group) else half.mirrored
    wait_for(work, DRAFTS, source, "deferred-live")


def _warn_locked(work: Work, view: str, groups: list[str]) -> None:
    """A locked release takes no writes: what came apart in its view waits (E8.13)."""
    for link in _apart(work, view, groups):
        wait_for(work, view, link, "locked-release")


def _apart(work: Work, view: str, groups: list[str]) -> Iterator[Link]:
    """Yield the links of `groups` that changed in `view` or below, or now show there, and are there on one side only.

    Each pair once, as the end says it that points. Where others changed both layers the view may show what it did
    before.
    """
    world = work.world
    told: set[tuple[str, str, str]] = set()
    for group in groups:
        changed = [
            (field, target)
            for field in world.fields_of(group)
            for layer in (view, PUBLISHED)
            for target in _changes(world, group, field, layer)
        ]
        found = (work.link_of(field, group, target) for field, target in dict.fromkeys(changed))
        links = [link for link in found if link is not None]
        if world.layer_seen_before(group, view) is None and world.visible(group, view):
            links += _waiting_for(work, group, view)
        for link in links:
            here = world.holds(link.group, link.field, view, link.target)
            there = world.holds(link.target, link.mirrored.field, view, link.group)
            shown = world.visible(link.group, view) and world.visible(link.target, view)
            if here != there and shown and link.key not in told:
                told.add(link.key)
                yield link if here else link.mirrored
