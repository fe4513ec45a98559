"""What must hold of a step: isolation, frame, intent, erasure, following, bounded work (bidirectional semantics, E5).

Everything is judged from the documents before and after; nothing here is shared with the planner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bidir.conformance.fault import Fault
from bidir.conformance.states.coding import ABSENT, TEXT, Cell, Coding
from bidir.conformance.states.operations import Operation
from bidir.conformance.states.scope import RELEASE
from bidir.conformance.states.standing import deferred_pairs
from bidir.conformance.states.stepping import Step
from bidir.refs import DRAFTS, PUBLISHED, layer_of, stored_id

__all__ = ["changing_faults"]

Document = Mapping[str, Any]
PUBLISHING = frozenset({"publish", "publish_together", "publish_release"})
STATING = frozenset({"create", "set", "elsewhere_set", "elsewhere_create"})
SYSTEM = frozenset({"_id", "_rev", "_createdAt"})


@dataclass(frozen=True, slots=True)
class _Judged:
    """One step under judgement: `layer` is where it writes, `edited` the groups it is about."""

    coding: Coding
    before: str
    step: Step
    operation: Operation
    layer: str
    edited: frozenset[str]

    @property
    def after(self) -> str:
        return self.step.state


def changing_faults(coding: Coding, before: str, step: Step, operation: Operation) -> list[Fault]:
    """Return everything that is wrong with a step from the state `before`."""
    if operation.kind in ("publish_release", "delete_release"):
        edited = {group for group in coding.scope.groups if coding.letter(before, group, RELEASE) != ABSENT}
    else:
        edited = {operation.group, operation.other} - {""}
    layer = PUBLISHED if operation.kind in PUBLISHING else operation.layer
    one = _Judged(coding, before, step, operation, layer, frozenset(edited))
    faults = [*_dangling(one), *_waiting(one)]
    if step.state != before or step.written:
        faults += [*_isolation(one), *_frame(one), *_texts(one), *_erased(one)]
        faults += [*_followed(one), *_noise(one), *_work(one)]
    faults += _intent(one)
    return faults


def _changed(one: _Judged) -> Iterator[tuple[str, str]]:
    for place, (old, new) in enumerate(zip(one.before, one.after, strict=True)):
        if old != new:
            yield one.coding.places[place]


def _gone(one: _Judged) -> set[str]:
    """Return the groups that lost their last version in this step."""
    coding = one.coding
    return {
        group
        for group in coding.scope.groups
        if coding.exists(one.before, group) and not coding.exists(one.after, group)
    }


def _isolation(one: _Judged) -> Iterator[Fault]:
    """I4: an edit in an upper layer changes no other layer, but for pointers at a group that is gone altogether."""
    if one.layer == PUBLISHED:
        return
    coding, gone = one.coding, _gone(one)
    for group, layer in _changed(one):
        if layer == one.layer or group in gone:
            continue
        old, new = coding.cell(one.before, group, layer), coding.cell(one.after, group, layer)
        if old is not None and new is not None:
            rest = tuple(target for target in old.targets if target not in gone)
            if rest == new.targets and (gone or old.strengths == new.strengths):
                continue
        if old is not None and old.ours and new is None:
            # R10 goes through every layer of a group that was touched.
            continue
        yield Fault("I4 isolation", layer, f"{stored_id(group, layer)} changed by an edit in {one.layer}")


def _links(one: _Judged, state: str, view: str) -> set[tuple[str, str]]:
    return set(one.coding.links(state, view))


def _frame(one: _Judged) -> Iterator[Fault]:
    """I7: only links of the edited groups, or of a single-valued partner they gained, change; survivors keep order."""
    coding, scope = one.coding, one.coding.scope
    was, now = _links(one, one.before, one.layer), _links(one, one.after, one.layer)
    changed = was ^ now
    gained = {name for pair in now - was if one.edited.intersection(pair) for name in pair}
    arrived = {
        name
        for name in scope.groups
        if coding.seen(one.before, name, one.layer) is None and coding.seen(one.after, name, one.layer) is not None
    }
    free = {name for name in gained if not scope.field_of[name].many} | one.edited | arrived
    for group, target in sorted(changed):
        if group not in free and target not in free:
            word = "gained" if (group, target) in now else "lost"
            yield Fault("I7 frame", one.layer, f"{group} {word} {target}, which has nothing to do with the edit")
    for group in scope.groups:
        if group in one.edited:
            continue
        old, new = coding.targets(one.before, group, one.layer), coding.targets(one.after, group, one.layer)
        if [name for name in old if name in new] != [name for name in new if name in old]:
            yield Fault("I7 frame", one.layer, f"the items of {group} changed their order: {old} became {new}")
    if one.layer == PUBLISHED:
        near = one.edited.union(*changed) if changed else one.edited
        for view in scope.layers[1:]:
            for group, target in sorted(_links(one, one.before, view) ^ _links(one, one.after, view)):
                if group not in near and target not in near:
                    yield Fault("I7 frame", view, f"{group} – {target} changed, far from the edit")


def _texts(one: _Judged) -> Iterator[Fault]:
    """I7: fields beside the relation stay as they are; what is published takes its own version's words alone."""
    before, after = one.step.before, one.step.after
    published_from = one.operation.layer
    for group, layer in one.coding.places:
        name = stored_id(group, layer)
        new = after.get(name)
        if new is None or new is before.get(name):
            continue
        if group in one.edited and (layer == one.layer or layer == one.operation.layer):
            if one.operation.kind not in PUBLISHING or layer != PUBLISHED:
                continue
            sources = [before.get(stored_id(group, published_from))]
        elif name in before:
            sources = [before[name]]
        else:
            below = [before.get(group), after.get(group)]
            sources = below if any(below) or layer != RELEASE else [before.get(stored_id(group, DRAFTS))]
        words = [source.get(TEXT) for source in sources if source is not None]
        if not words:
            yield Fault("I7 frame", layer, f"{name} was made, though nobody asked for it")
        elif new.get(TEXT) not in words:
            yield Fault("I7 frame", layer, f"{name}: {TEXT} {words[0]!r} became {new.get(TEXT)!r}")


def _intent(one: _Judged) -> Iterator[Fault]:
    """I8: what was stated, or published, is what the field holds then."""
    if one.step.refused:
        return
    coding, operation = one.coding, one.operation
    if operation.kind in STATING and operation.value is not None:
        yield from _held(one, operation.group, operation.value)
    elif operation.kind in PUBLISHING:
        versions = {group: coding.cell(one.before, group, operation.layer) for group in sorted(one.edited)}
        for group, version in versions.items():
            if version is not None and not _contradicted(one, group, version, versions):
                yield from _held(one, group, version.targets)


def _contradicted(one: _Judged, group: str, version: Cell, versions: Mapping[str, Cell | None]) -> bool:
    """Whether two that are published together claim one single place, as drafts of live partners may (E8.12)."""
    field_of = one.coding.scope.field_of
    return any(
        other is not None and name != group and not field_of[target].many and target in other.targets
        for name, other in versions.items()
        for target in version.targets
    )


def _held(one: _Judged, group: str, wanted: tuple[str, ...]) -> Iterator[Fault]:
    found = one.coding.targets(one.after, group, one.layer)
    gone = _gone(one)
    if found != tuple(target for target in wanted if target not in gone):
        yield Fault("I8 intent", one.layer, f"{group} was to hold {list(wanted)} and holds {list(found)}")


def _erased(one: _Judged) -> Iterator[Fault]:
    """I9: nothing points at a group that has lost its last version."""
    gone = _gone(one)
    if not gone:
        return
    for group, layer in one.coding.places:
        cell = one.coding.cell(one.after, group, layer)
        for target in cell.targets if cell is not None else ():
            if target in gone:
                yield Fault("I9 erase", layer, f"{stored_id(group, layer)} still points at {target}, which is gone")


def _followed(one: _Judged) -> Iterator[Fault]:
    """R9: a version that merely inherited the published value follows it, unless a partner's own version objects."""
    if one.layer != PUBLISHED:
        return
    coding = one.coding
    for group in coding.scope.groups:
        old, new = coding.cell(one.before, group, PUBLISHED), coding.cell(one.after, group, PUBLISHED)
        if old is None or new is None or old.targets == new.targets or coding.scope.field_of[group].many:
            continue
        for view in coding.scope.layers[1:]:
            cell = coding.cell(one.before, group, view)
            if cell is None or cell.targets != old.targets or (view == DRAFTS and coding.scope.is_live(group)):
                continue
            partners = {*old.targets, *new.targets} - {group}
            if any(_objects(one, view, name, partners) for name in one.step.known if name != group):
                continue
            if coding.targets(one.after, group, view) != new.targets:
                yield Fault("R9 follow", view, f"{group} inherited {list(old.targets)} and did not follow")


def _objects(one: _Judged, view: str, name: str, partners: set[str]) -> bool:
    """Whether `name` has a version of its own in `view` that is one of the partners', or points at one of them.

    A partner that a release unpublishes gets its draft from the lake, and has one then, too.
    """
    coding = one.coding
    was, now = coding.cell(one.before, name, PUBLISHED), coding.cell(one.after, name, PUBLISHED)
    if coding.letter(one.before, name, view) == ABSENT:
        return name in partners and was is not None and now is None
    return name in partners or bool(partners.intersection(coding.targets(one.before, name, view)))


def _noise(one: _Judged) -> Iterator[Fault]:
    """R10: no version that the engine made says just what lies below."""
    after = one.step.after
    for name in sorted(one.step.ours):
        document, below = after.get(name), after.get(_group(one, name))
        if document is None or below is None or document is one.step.before.get(name):
            continue
        if _content(document) == _content(below):
            yield Fault("R10 noise", layer_of(name), f"{name} was made by the engine and says what is published")


def _group(one: _Judged, document_id: str) -> str:
    return one.coding.places[one.coding.ids.index(document_id)][0]


def _content(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in SYSTEM and value not in (None, [])}


def _work(one: _Judged) -> Iterator[Fault]:
    """I10: one transaction, and in an upper layer no more documents than the closure of the edit needs."""
    # Beside the lake's own: a release publish softens what points at marked groups first, and is followed up (E8.13).
    if len(one.step.written) > (2 if one.operation.kind == "publish_release" else 1):
        yield Fault("I10 bounded work", one.layer, f"{len(one.step.written)} transactions for one intent")
    group = one.operation.group
    if one.operation.kind != "set" or one.layer == PUBLISHED or not one.step.written:
        return
    if one.coding.seen(one.before, group, one.layer) is None:
        # It appears in this view, and answers whoever waits for it.
        return
    field_of = one.coding.scope.field_of
    old, new = (set(one.coding.targets(state, group, one.layer)) for state in (one.before, one.after))
    bound = 1 + len(old - new) + sum(1 if field_of[name].many else 2 for name in new - old)
    if len(one.step.written[0]) > bound:
        yield Fault("I10 bounded work", one.layer, f"{len(one.step.written[0])} documents written, {bound} would do")


def _dangling(one: _Judged) -> Iterator[Fault]:
    """I5 and E7.4: no strong pointer is left at what its view does not show; the lake would refuse most of them."""
    after = one.step.after
    for group, layer in one.coding.places:
        document = after.get(stored_id(group, layer))
        if document is None:
            continue
        value = document.get(one.coding.scope.field_of[group].path[0])
        for item in value if isinstance(value, list) else () if value is None else (value,):
            target = item["_ref"]
            if item.get("_weak") is True or target in after:
                continue
            if layer != RELEASE or stored_id(target, RELEASE) not in after:
                yield Fault("I5 dangling", layer, f"{stored_id(group, layer)} points strongly at {target}")


def _waiting(one: _Judged) -> Iterator[Fault]:
    """E5: what waits because one end is edited live is listed, exactly."""
    coding = one.coding
    old, new = deferred_pairs(coding, one.before), deferred_pairs(coding, one.after)
    listed = {
        frozenset((item.source, item.target)): item
        for item in one.step.pending.values()
        if item.reason == "deferred-live" and item.layer == DRAFTS
    }
    settled = {frozenset(key[1:3]) for key in one.step.settled if key[3] == DRAFTS}
    for pair in sorted(new):
        known = frozenset(pair) in listed or (pair in old and frozenset(pair) not in settled)
        if not known:
            yield Fault("E5 pending", DRAFTS, f"{pair[0]} – {pair[1]} waits for a publish, and nothing lists it")
    for names in sorted(map(sorted, listed)):
        if tuple(names) not in new and tuple(reversed(names)) not in new:
            yield Fault("E5 pending", DRAFTS, f"{' – '.join(names)} is listed as waiting for a publish and does not")
