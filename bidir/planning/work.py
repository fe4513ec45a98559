"""The workbench of one plan: the world, what was found on the way, and the two moves on it, link and unlink."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Literal

from bidir.errors import QuarantineError
from bidir.origin import consent_token
from bidir.outcome import Conflict, ConflictKind, Notice, NoticeKind, Pending, PendingReason
from bidir.planning.elsewhere import Ranks
from bidir.planning.items import founded, make_item, place_for
from bidir.refs import DRAFTS, PUBLISHED, value_at
from bidir.relations import Field, Relation, Schema
from bidir.siblings import World, copied

__all__ = ["STEPS_MAX", "Link", "Mode", "Work", "link_between"]

Mode = Literal["steal", "claim", "force", "stands"]
"""How an addition treats a taken place: by the relation's policy; never taking it (undelete, restore, adoption);
taking it without a word (an upper version's own override, R8); or so, where what asks for it stands already and is not
undone (a publish, an edit of somebody else): what does not fit waits."""

_UNWRITABLE: dict[PendingReason, str] = {
    "permission": "writing it was refused, a caller with permission can repair it",
    "locked-release": "the release of this layer takes no writes, it lets go when it does",
    "budget": "there was no time left to write it, it lets go later",
}

STEPS_MAX = 100_000
"""Links written in one plan before it is taken for a loop."""


@dataclass(frozen=True, slots=True)
class Link:
    """One half of a pair: `field` of `group` points at `target`; `relation` pairs it with the other half."""

    relation: Relation
    field: Field
    group: str
    target: str

    @property
    def key(self) -> tuple[str, str, str]:
        """The pair's name, the same from either side: relation, group on the left, group on the right."""
        if self.relation.symmetric:
            return (self.relation.name, min(self.group, self.target), max(self.group, self.target))
        if self.relation.is_forward(self.field):
            return (self.relation.name, self.group, self.target)
        return (self.relation.name, self.target, self.group)

    @property
    def mirrored(self) -> Link:
        """The other half."""
        return Link(self.relation, self.relation.other(self.field), self.target, self.group)


def link_between(world: World, field: Field, group: str, target: str) -> Link | None:
    """Return the link, or None where the target's type has no inverse field or is unknown."""
    name = world.type_of(target)
    pair = None if name is None else world.schema.inverse(field, name)
    return None if pair is None else Link(pair[0], field, group, target)


@dataclass(slots=True)
class Work:
    """State of one plan.

    Of versions (group, layer): `made` were created by the engine in this plan, `written` changed by it, `user` touched
    by the user's own mutations, `rewritten` replaced as a whole; `arrived` were made from a draft, through which their
    group became visible in a release. `committed`: the change at hand was made by others and
    stands already, so that no policy can refuse it; `publishing`: it is a publish. `refused` are groups that the caller
    may not write. `withdrawn` are published pointers that go because their target goes offline, by (group,
    field, target). `relied` are versions in which an item was left out because another is there already.
    `linked` says of which pairs (relation, left, right, layer) a half was written (True) or taken out (False).
    `ranks` puts what others changed in the order in which they did. `told` marks the notices that were given.
    """

    world: World
    consent: frozenset[str] = frozenset()
    source_only: PendingReason | None = None
    refused: frozenset[str] = frozenset()
    conflicts: dict[str, Conflict] = dataclass_field(default_factory=dict)
    pending: dict[tuple[str, str, str, str], Pending] = dataclass_field(default_factory=dict)
    settled: dict[tuple[str, str, str, str], None] = dataclass_field(default_factory=dict)
    notices: list[Notice] = dataclass_field(default_factory=list)
    told: set[tuple[str, str, tuple[str, ...], str, str]] = dataclass_field(default_factory=set)
    made: dict[tuple[str, str], None] = dataclass_field(default_factory=dict)
    written: dict[tuple[str, str], None] = dataclass_field(default_factory=dict)
    relations: dict[str, None] = dataclass_field(default_factory=dict)
    user: dict[tuple[str, str], None] = dataclass_field(default_factory=dict)
    rewritten: dict[tuple[str, str], None] = dataclass_field(default_factory=dict)
    committed: bool = False
    relied: set[tuple[str, str]] = dataclass_field(default_factory=set)
    ranks: Ranks = dataclass_field(default_factory=Ranks)
    publishing: bool = False
    withdrawn: dict[tuple[str, str, str], Link] = dataclass_field(default_factory=dict)
    arrived: list[tuple[str, str]] = dataclass_field(default_factory=list)
    linked: dict[tuple[str, str, str, str], bool] = dataclass_field(default_factory=dict)
    steps: int = 0
    steps_max: int = STEPS_MAX

    @property
    def schema(self) -> Schema:
        """The declared relations."""
        return self.world.schema

    # ------------------------------------------------------------------------------------------------- findings

    def notice(
        self,
        kind: NoticeKind,
        relation: str,
        documents: Iterable[str],
        layer: str,
        text: str,
        undo: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        """Tell something once."""
        found = Notice(kind, relation, tuple(documents), layer, text, tuple(dict(one) for one in undo))
        mark = (kind, relation, found.documents, layer, text)
        if mark not in self.told:
            self.told.add(mark)
            self.notices.append(found)

    def conflict(self, kind: ConflictKind, link: Link, holder: str | None, layer: str, text: str) -> bool:
        """Record a refusal unless the caller consented to exactly this one; True if it was consented to."""
        place = f"{link.target}.{'.'.join(link.relation.other(link.field).path)}"
        token = consent_token(kind, link.relation.name, link.group, place, holder, layer)
        if token in self.consent:
            return True
        self.conflicts[token] = Conflict(kind, link.relation.name, link.group, place, holder, layer, token, text)
        return False

    def wait(self, link: Link, layer: str, reason: PendingReason, text: str) -> None:
        """Record that the mirrored half of `link` is not written."""
        found = Pending(link.relation.name, link.group, link.target, layer, reason, text)
        self.settled.pop(found.key, None)
        self.pending[found.key] = found

    def wait_to_erase(self, link: Link, layer: str, reason: PendingReason) -> None:
        """Record that `link`'s own document still points at a deleted one and may not be written (R7)."""
        words = _UNWRITABLE.get(reason, "it lets go later")
        text = f"{link.group}: {link.field.name} still points at {link.target}, which was deleted; {words}"
        found = Pending(link.relation.name, link.group, link.target, layer, reason, text, erased=True)
        self.settled.pop(found.key, None)
        self.pending[found.key] = found

    def settle(self, link: Link, layer: str) -> None:
        """Record that both halves of the pair agree in `layer`, so that nothing is pending there."""
        for half in (link, link.mirrored):
            key = (half.relation.name, half.group, half.target, layer)
            self.pending.pop(key, None)
            self.settled[key] = None

    # ---------------------------------------------------------------------------------------------------- moves

    def barred(self, group: str) -> PendingReason | None:
        """Return why a consequence may not write the group, None if it may."""
        return self.source_only or ("permission" if group in self.refused else None)

    def link_of(self, field: Field, group: str, target: str) -> Link | None:
        """Return the link with its relation, or None where the target's type has no inverse field (or is unknown)."""
        return link_between(self.world, field, group, target)

    def pointer_of(self, field: Field, group: str, target: str) -> Link | None:
        """Return the same, or the link of a relation whose other half is stored nowhere.

        That is a derived one, or one towards a type without the inverse field.
        """
        link = self.link_of(field, group, target)
        if link is not None:
            return link
        relation = self.schema.one_sided(field, self.world.type_of(target))
        return None if relation is None else Link(relation, field, group, target)

    def ensure(self, group: str, layer: str, *, without: Iterable[Field] | None = None) -> bool:
        """Make sure the group has its own version in `layer`, copying what lies below (R3); False where it cannot be.

        Only upper layers get versions. In a release, where nothing is published, the draft is copied with its
        relation fields empty (E8.7). A live document never gets a draft (E4 row 5).
        """
        world = self.world
        if layer in world.snapshot.locked:
            return False
        if world.own(group, layer) is not None:
            return not world.marked(group, layer)
        if layer == PUBLISHED or (layer == DRAFTS and world.is_live(group)):
            return False
        below = world.document(group, PUBLISHED)
        if below is not None:
            world.put(group, layer, copied(below, group, layer))
        else:
            draft = None if layer == DRAFTS else world.document(group, DRAFTS)
            if draft is None:
                return False
            world.put(group, layer, copied(draft, group, layer, without=world.fields_of(group)))
            self.arrived.append((group, layer))
        self.made[(group, layer)] = None
        if world.base(group, layer) is not None:
            # It was discarded a step earlier in this plan and is kept after all: replaced, not patched.
            self.rewritten[(group, layer)] = None
        return True

    def home(self, link: Link, layer: str) -> str:
        """Return the layer in which `link`'s own document is written for `layer`.

        A live document has no draft: with `live_target: write_through` it is written at once, in published.
        """
        through = link.relation.live_target == "write_through" and layer == DRAFTS
        return PUBLISHED if through and self.world.is_live(link.group) else layer

    def add_half(self, link: Link, layer: str) -> bool:
        """Write `link` into its own document in `layer`; False where no version can be had there."""
        world = self.world
        layer = self.home(link, layer)
        if world.holds(link.group, link.field, layer, link.target):
            return True
        if not self.ensure(link.group, layer) or self._misshapen(link, layer):
            return False
        self._count()
        slot = world.changing(link.group, link.field, layer)
        index, below = place_for(world, link.group, link.field, layer, link.target)
        item = make_item(world, link.relation, link.field, slot, link.target, layer)
        if below is not None:
            item = founded(world, link.relation, link.field, below, layer)
        if not link.field.many:
            for other in list(slot.items):
                slot.drop(other)
        slot.insert(index if link.field.many else 0, item)
        self._mark(link, layer, added=True)
        return True

    def remove_half(self, link: Link, layer: str) -> bool:
        """Take `link` out of its own document in `layer`; False where no version can be had there."""
        world = self.world
        layer = self.home(link, layer)
        if not world.holds(link.group, link.field, layer, link.target):
            return True
        if not self.ensure(link.group, layer):
            return False
        self._count()
        world.changing(link.group, link.field, layer).remove(link.target)
        self._mark(link, layer, added=False)
        return True

    def _misshapen(self, link: Link, layer: str) -> bool:
        """Whether the list field holds something that is no list: an insert would do nothing and say nothing."""
        value = value_at(self.world.own(link.group, layer), link.field.path)
        return link.field.many and value is not None and not isinstance(value, list)

    def _mark(self, link: Link, layer: str, *, added: bool) -> None:
        self.written[(link.group, layer)] = None
        self.relations[link.relation.name] = None
        pair = (*link.key, layer)
        if self.linked.get(pair, added) == added:
            self.linked[pair] = added
        else:
            # Taken out and put back, or the other way round: nothing has changed.
            del self.linked[pair]

    def _count(self) -> None:
        self.steps += 1
        if self.steps > self.steps_max:
            raise QuarantineError(f"planning did not come to rest after {self.steps_max} links; nothing was written")

    def rewrite(self, group: str, layer: str, document: Mapping[str, Any] | None) -> None:
        """Put a whole version in place (None removes it) as the operation's own doing."""
        self.world.put(group, layer, document)
        self.written[(group, layer)] = None
        if document is not None:
            self.rewritten[(group, layer)] = None
