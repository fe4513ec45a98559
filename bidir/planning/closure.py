"""R1 in one layer: link changes closed under cardinality, on both ends, for the whole transaction.

Source: bidirectional semantics, E2 R1–R4, E3, E6 (contradictions), E8.15 (conflicts and notices).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from bidir.outcome import PendingReason
from bidir.planning.cycles import closes_cycle
from bidir.planning.items import undo_of
from bidir.planning.work import Link, Mode, Work
from bidir.refs import DRAFTS, PUBLISHED, in_release
from bidir.relations import Field

__all__ = ["SlotEdit", "close_layer", "connect", "deferral", "disconnect", "displaced_by", "wait_for"]


@dataclass(frozen=True, slots=True)
class SlotEdit:
    """What the user did to one field of one group in one layer: the groups it pointed at before and after.

    `order` is the position of the last mutation that spoke of it: of two claims on one place the later holds (I11).
    Where the positions of single links are known, `orders` has them by target; `stated` is the position at which all
    that the field holds was said.
    """

    group: str
    field: Field
    before: Sequence[str]
    after: Sequence[str]
    order: int = 0
    orders: Mapping[str, int] = dataclass_field(default_factory=dict)
    stated: int = 0

    def order_of(self, target: str) -> int:
        """Return the position of the last mutation that took `target` up or let it go."""
        return self.orders.get(target, self.order)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A link that is added or removed, and the position at which that was said."""

    link: Link
    order: int


def close_layer(work: Work, layer: str, edits: Iterable[SlotEdit], *, mode: Mode = "steal") -> None:
    """Carry the edits to the other halves in `layer`: removals first, then additions in the order they were stated."""
    removed: dict[tuple[str, str, str], _Wish] = {}
    added: dict[tuple[str, str, str], _Wish] = {}
    edits = sorted(edits, key=lambda one: one.order)
    stated = {(edit.group, edit.field.name): edit for edit in edits}
    for edit in edits:
        _collect(work, layer, edit, removed, added)
    for key in [key for key in added if key in removed]:
        _settle_contradiction(work, layer, added, removed, key)
    for wish in removed.values():
        disconnect(work, layer, wish.link)
    accepted: dict[tuple[str, str, str], Link] = {}
    wishes = sorted(added.values(), key=lambda one: one.order)
    later: dict[tuple[str, str], set[str]] = {}
    for wish in wishes:
        later.setdefault((wish.link.group, wish.link.field.name), set()).add(wish.link.target)
    for wish in wishes:
        link = wish.link
        yet_to_come = later[link.group, link.field.name]
        yet_to_come.discard(link.target)
        if _waits_for_arrival(work, layer, wish) or _overruled(work, layer, wish, stated):
            continue
        _outdo(work, layer, link, accepted)
        if connect(work, layer, link, mode=mode, later=yet_to_come):
            accepted[link.key] = link
    for edit in edits:
        _bound_the_rest(work, layer, edit, mode)


def _collect(
    work: Work,
    layer: str,
    edit: SlotEdit,
    removed: dict[tuple[str, str, str], _Wish],
    added: dict[tuple[str, str, str], _Wish],
) -> None:
    before, after = set(edit.before), set(edit.after)
    for target in edit.before:
        if target not in after:
            link = work.link_of(edit.field, edit.group, target)
            if link is not None:
                _say(removed, link, edit)
            else:
                _no_longer_wanted(work, layer, edit, target)
    for target in edit.after:
        if target in before:
            continue
        link = work.link_of(edit.field, edit.group, target)
        if link is not None:
            _say(added, link, edit)
        else:
            _one_sided(work, layer, edit.field, edit.group, target)


def _say(wishes: dict[tuple[str, str, str], _Wish], link: Link, edit: SlotEdit) -> None:
    """Note a wish; a pair stated from both ends counts where it was stated last."""
    wish = _Wish(link, edit.order_of(link.target))
    known = wishes.get(link.key)
    if known is None or known.order <= wish.order:
        wishes.pop(link.key, None)
        wishes[link.key] = wish


def _no_longer_wanted(work: Work, layer: str, edit: SlotEdit, target: str) -> None:
    """A pointer that never had another half went: nothing waits for it, but where another version still has it."""
    world = work.world
    others = [
        other
        for other in world.layers_of(edit.group)
        if (slot := world.slot(edit.group, edit.field, other)) is not None and target in slot.counts
    ]
    for relation in work.schema.relations_of(edit.field):
        work.settle(Link(relation, edit.field, edit.group, target), layer)
    for other in others:
        _one_sided(work, other, edit.field, edit.group, target)


def _one_sided(work: Work, layer: str, field: Field, group: str, target: str) -> None:
    """Tell why a new pointer gets no other half: no such document, or a type without the inverse field."""
    name = work.world.type_of(target)
    relations = work.schema.relations_of(field)
    if name is None:
        # What the target would be is unknown; any relation of the field names the pair well enough.
        work.wait(
            Link(relations[0], field, group, target),
            layer,
            "missing",
            f'{group}: {field.name} points at "{target}", which does not exist; the other half follows when it does',
        )
    else:
        work.notice(
            "no-inverse-field",
            relations[0].name,
            (group, target),
            layer,
            f'{group}: {field.name} points at "{target}" of type {name}, which has no inverse field; kept one-sided',
        )


def _settle_contradiction(
    work: Work,
    layer: str,
    added: dict[tuple[str, str, str], _Wish],
    removed: dict[tuple[str, str, str], _Wish],
    key: tuple[str, str, str],
) -> None:
    """One end adds the pair, the other removes it, in one transaction: the owner side wins (E6).

    Where others have done so one after the other, the later change wins: it was made in the knowledge of the earlier.
    """
    link, mine, theirs = added[key].link, added[key].order, removed[key].order
    wins = link.relation.symmetric or link.field == link.relation.owner_field
    if work.committed and mine != theirs:
        wins = mine > theirs
    loser = (removed.pop(key) if wins else added.pop(key)).link
    word = "kept" if wins else "removed"
    work.notice(
        "contradiction",
        link.relation.name,
        (loser.group, loser.target),
        layer,
        f"{link.group} and {link.target} say opposite things about their link; the owner side "
        f"({link.relation.owner_field.name}) decides: {word}",
    )


def _waits_for_arrival(work: Work, layer: str, wish: _Wish) -> bool:
    """Whether others pointed at what came into being only later: then it waited, and what came answers it (E8.8)."""
    target, world = wish.link.target, work.world
    if not work.committed or not wish.order or world.layer_seen_before(target, layer) is not None:
        return False
    answered = world.holds(target, wish.link.mirrored.field, layer, wish.link.group)
    return world.visible(target, layer) and work.ranks.arrival(target, layer) > wish.order and not answered


def _overruled(work: Work, layer: str, wish: _Wish, stated: Mapping[tuple[str, str], SlotEdit]) -> bool:
    """Whether later on the other end was said to hold something else.

    A single place that was given to somebody else; where others said one thing after the other also one that was
    emptied, or a document that came into being with a list of its own.
    """
    link, half = wish.link, wish.link.mirrored
    theirs = stated.get((half.group, half.field.name))
    if theirs is None or half.target in theirs.after:
        return False
    if work.committed:
        overruled = theirs.stated > wish.order
    else:
        changed = bool(theirs.after) and list(theirs.after) != list(theirs.before)
        overruled = not half.field.many and changed and theirs.order > wish.order
    if not overruled:
        return False
    winner = next(iter(theirs.after), "")
    what = f"which was given to {winner} later" if winner else "which was said to be empty later"
    work.notice(
        "contradiction",
        link.relation.name,
        (link.group, half.group, *theirs.after[:1]),
        layer,
        f"{link.group} wanted {half.group}.{'.'.join(half.field.path)}, {what}",
    )
    disconnect(work, layer, link)
    return True


def _outdo(work: Work, layer: str, link: Link, accepted: Mapping[tuple[str, str, str], Link]) -> None:
    """Take back an earlier addition of the same transaction that holds a single place `link` states later."""
    for half in (link, link.mirrored):
        # Where this layer does not show whose place it is, nobody holds it yet: both wait for it to appear.
        if half.field.many or not work.world.visible(half.group, layer):
            continue
        for other in list(accepted.values()):
            rival = next(
                (one for one in (other, other.mirrored) if one.field == half.field and one.group == half.group), None
            )
            if rival is None or rival.target == half.target:
                continue
            if not work.world.holds(rival.group, rival.field, layer, rival.target) and half.group == link.group:
                continue
            work.notice(
                "contradiction",
                other.relation.name,
                (other.group, other.target, link.group),
                layer,
                f"{other.group} and {link.group} both set the single place {half.group}.{'.'.join(half.field.path)}; "
                f"the later one, {link.group} – {link.target}, holds",
            )
            disconnect(work, layer, other)


def deferral(work: Work, layer: str, link: Link) -> PendingReason | None:
    """Return why the mirrored half of `link` cannot be written in `layer` now, None if it can."""
    world = work.world
    barred = work.barred(link.target)
    if barred is not None:
        return barred
    if world.has_variants(link.group) or world.has_variants(link.target):
        return "variant"
    if work.publishing and layer == PUBLISHED and link.relation.publish_partners != "field":
        return "permission"
    if not world.visible(link.target, layer):
        from_draft = in_release(layer) and world.own(link.target, DRAFTS) is not None
        if world.marked(link.target, layer) or not from_draft:
            return "not-visible" if world.layers_of(link.target) else "missing"
    live_waits = link.relation.live_target == "defer" and layer == DRAFTS
    if live_waits and world.is_live(link.target) and not world.is_live(link.group):
        return "deferred-live"
    if layer in world.snapshot.locked:
        return "locked-release"
    return None


def _given_up(work: Work, layer: str, link: Link) -> bool:
    """Whether the relation wants its partners' published side left alone for good (`publish_partners: none`)."""
    return work.publishing and layer == PUBLISHED and link.relation.publish_partners == "none"


_REASONS: dict[PendingReason, str] = {
    "missing": 'the document "{target}" does not exist; the other half follows when it does',
    "not-visible": '"{target}" has no version that this layer shows; the other half follows when it has',
    "deferred-live": '"{target}" is edited live: it follows when "{group}" is published',
    "locked-release": 'the release of this layer takes no writes; "{target}" follows when it does',
    "variant": 'one of the two has variants, which are not supported (variant-unsupported); "{target}" is not written',
    "permission": 'writing "{target}" was refused; a caller with permission can repair it',
    "conflict": 'others kept changing "{target}"; the other half follows',
    "budget": 'the time budget was used up before "{target}" could be written; the other half follows',
}


def wait_for(work: Work, layer: str, link: Link, reason: PendingReason) -> None:
    """Record a pending half in words."""
    words = _REASONS.get(reason, "the other half is not written")
    if work.publishing and link.relation.publish_partners == "warn":
        words = 'by publishPartners: warn the published "{target}" was left alone; publish it, or repair'
    text = words.format(group=link.group, target=link.target)
    work.wait(link, layer, reason, f"{link.group}: {link.field.name}: {text}")


def disconnect(work: Work, layer: str, link: Link) -> None:
    """Take the pair out of both ends in `layer`."""
    removed = work.remove_half(link, layer)
    mirrored = link.mirrored
    if not work.world.holds(mirrored.group, mirrored.field, layer, mirrored.target):
        if not removed and layer == DRAFTS and work.world.is_live(link.group) and not work.world.is_live(link.target):
            # A live document claims what the draft denies: nothing of the draft is public, so the claim stands.
            wait_for(work, layer, mirrored, "deferred-live")
        else:
            work.settle(link, layer)
        return
    reason = deferral(work, layer, link)
    if reason == "deferred-live" and not work.world.visible(link.group, layer):
        # Nothing is left here that a publish could settle: what the live document says is a pointer at nothing shown.
        work.settle(link, layer)
        return
    if reason is not None:
        if reason not in ("missing", "not-visible") and not _given_up(work, layer, link):
            wait_for(work, layer, link, reason)
        return
    if work.remove_half(mirrored, layer):
        work.settle(link, layer)
    else:
        wait_for(work, layer, link, "not-visible")


def displaced_by(work: Work, layer: str, link: Link) -> list[Link]:
    """Return the links that must go so that `link` fits: who holds a single place of either end now."""
    out = []
    for half in (link, link.mirrored):
        if half.field.many:
            continue
        for holder in list(work.world.targets(half.group, half.field, layer)):
            if holder != half.target:
                found = work.link_of(half.field, half.group, holder)
                out.append(found or Link(half.relation, half.field, half.group, holder))
    return out


def connect(work: Work, layer: str, link: Link, *, mode: Mode = "steal", later: Collection[str] = ()) -> bool:
    """Write the pair into both ends in `layer`, releasing what its single places held; False if it was refused.

    `later` are targets that the same edit put into the list as well and that are still to be looked at: of those that
    are too many the last do not fit.
    """
    reason = deferral(work, layer, link)
    if reason is None and any(work.world.has_variants(lost.target) for lost in displaced_by(work, layer, link)):
        reason = "variant"
    if reason is not None:
        mirrored = link.mirrored
        if not _roomy(work, layer, link, link, mode, later):
            return False
        if work.add_half(link, layer):
            if _given_up(work, layer, link) or work.world.holds(mirrored.group, mirrored.field, layer, mirrored.target):
                work.settle(link, layer)
            else:
                wait_for(work, layer, link, reason)
        return True
    if not _admitted(work, layer, link, mode, later):
        return False
    for lost in displaced_by(work, layer, link):
        if not _give_way(work, layer, link, lost, mode):
            return False
    if not work.add_half(link, layer):
        return False
    if work.add_half(link.mirrored, layer):
        work.settle(link, layer)
    else:
        wait_for(work, layer, link, "not-visible")
    return True


def _admitted(work: Work, layer: str, link: Link, mode: Mode, later: Collection[str]) -> bool:
    """Check `max` and `acyclic` on both ends; a refused target is taken back where the policy trims."""
    if not (_roomy(work, layer, link, link, mode, later) and _roomy(work, layer, link, link.mirrored, mode)):
        return False
    # One end tells for both: who is above from there is below from here. What is published was looked at as a draft.
    field = link.field
    if (
        mode == "force"
        or work.publishing
        or not (field.acyclic and closes_cycle(work.world, field, link.group, link.target, layer))
    ):
        return True
    text = f"{link.group}: {field.name} := {link.target} would close a cycle"
    if mode == "stands":
        work.wait(link, layer, "conflict", f"{text}; the other half waits")
        return False
    return work.conflict("acyclic", link, link.target, layer, text)


def _roomy(work: Work, layer: str, link: Link, half: Link, mode: Mode, later: Collection[str] = ()) -> bool:
    """Whether the list of one `half` of `link` has room for it; what does not fit is refused by the list's policy."""
    field = half.field
    if not field.many or field.max is None:
        return True
    held = work.world.targets(half.group, field, layer).keys()
    if len((held - set(later)) | {half.target}) <= field.max:
        return True
    if mode in ("force", "stands") and half.target in held:
        # The list is somebody's own word already, whatever it holds; only nothing is added to it.
        return True
    text = f"{half.group}: {field.name} takes at most {field.max} and is full; {half.target} does not fit"
    if mode == "stands":
        work.wait(link, layer, "conflict", f"{text} until there is room")
        return False
    trims = field.max_policy == "trim" or mode != "steal"
    if trims or work.conflict("max", link, None, layer, text):
        work.notice("claim-refused", link.relation.name, (half.target, half.group), layer, text)
        disconnect(work, layer, link)
    return False


def _bound_the_rest(work: Work, layer: str, edit: SlotEdit, mode: Mode) -> None:
    """Keep the edited list within its `max` also where what it points at is not there, or has no field to answer."""
    field, world = edit.field, work.world
    if not field.many or field.max is None or mode in ("force", "stands"):
        return
    held = world.targets(edit.group, field, layer)
    before = set(edit.before)
    added = [target for target in held if target not in before]
    for target in added[::-1][: max(0, len(held) - field.max)]:
        relation = work.schema.relations_of(field)[0]
        link = work.link_of(field, edit.group, target) or Link(relation, field, edit.group, target)
        text = f"{edit.group}: {field.name} takes at most {field.max} and is full; {target} does not fit"
        if field.max_policy == "trim" or mode == "claim" or work.conflict("max", link, None, layer, text):
            work.notice("claim-refused", link.relation.name, (target, edit.group), layer, text)
            work.remove_half(link, layer)
            work.settle(link, layer)


def _give_way(work: Work, layer: str, link: Link, lost: Link, mode: Mode) -> bool:
    """Release one taken place for `link`, by policy; False if `link` is refused instead."""
    edited = lost.group == link.group and lost.field == link.field
    decides = work.committed and link.relation.on_conflict in ("reject", "ask")
    if (mode in ("force", "stands") and not decides) or (edited and mode == "steal"):
        # The edited end itself was given more than it holds: its own older pointer goes without a word.
        disconnect(work, layer, lost)
        return True
    if work.committed and link.relation.on_conflict in ("reject", "ask"):
        # Somebody else's edit stands already: nothing is undone, nothing is taken, a person decides (E8.15).
        wait_for(work, layer, link, "conflict")
        return False
    holder, place = lost.target, f"{lost.group}.{'.'.join(lost.field.path)}"
    if mode == "claim":
        work.notice(
            "claim-refused",
            link.relation.name,
            (link.group, lost.group, holder),
            layer,
            f"{link.group} claims {place}, which {holder} holds; it stays with {holder}",
        )
        disconnect(work, layer, link)
        return False
    text = f"{link.group} wants {place}, which {holder} holds"
    if link.relation.on_conflict in ("reject", "ask") and not work.conflict("held", link, holder, layer, text):
        return False
    # Where the holder has no half of its own, what was lost is the pointer in the place itself.
    half = lost.mirrored if work.link_of(lost.field, lost.group, holder) else lost
    work.notice(
        "steal",
        link.relation.name,
        (holder, link.group, lost.group),
        layer,
        f"{place} was taken from {holder} for {link.group}",
        undo_of(work.world, lost.relation, half.field, half.group, half.target, layer),
    )
    disconnect(work, layer, lost)
    return True
