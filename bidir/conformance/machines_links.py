"""Which links a step may change: those of what the user touched, and of single places taken from others (I4, I7)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TypeAlias

from bidir.conformance.invariants import PUBLISHED, Documents, layers_of, resolve_view, split_id, targets
from bidir.conformance.machines_meaning import Meaning
from bidir.relations import Field, Schema

__all__ = ["Links", "changed_links", "check_links", "links_in"]

Links: TypeAlias = dict[tuple[str, Field], tuple[str, ...]]
"""What every visible group shows in every relation field; a group that is not seen has no entries."""


def links_in(schema: Schema, documents: Documents, view: str) -> Links:
    """Return the links of one view."""
    return {
        (group, field): tuple(targets(document, field))
        for group, document in resolve_view(documents, view).items()
        for field in schema.fields_of(str(document.get("_type")))
    }


def changed_links(before: Links, after: Links) -> Iterator[tuple[tuple[str, Field], set[str], set[str]]]:
    """Yield ((group, field), targets lost, targets gained) for groups that are seen before and after."""
    for place, now in after.items():
        was = set(before.get(place, now))
        if place in before and was != set(now):
            yield place, was - set(now), set(now) - was


def check_links(
    schema: Schema, before: Documents, after: Documents, meaning: Meaning
) -> Iterator[tuple[str, str, str]]:
    """Yield (rule, view, text) for every link that changed and should not have.

    In the layer of the edit a change belongs to what was touched, or to whoever was displaced by it; an edit of an
    upper layer shows nowhere else; one of published shows above only around the groups it changed.
    """
    views = [view for view in layers_of(before) if view in layers_of(after)]
    # Pointers at what has no version anywhere may be let go (R7).
    nowhere = (meaning.intent.erased | _nowhere(schema, before, after)) - meaning.parked
    published = _moved(links_in(schema, before, PUBLISHED), links_in(schema, after, PUBLISHED))
    for view in views:
        was, now = links_in(schema, before, view), links_in(schema, after, view)
        if view != meaning.layer and meaning.layer != PUBLISHED:
            for (group, field), lost, gained in changed_links(was, now):
                if gained or lost - nowhere:
                    told = f"changed from {_said(was, group, field)} to {_said(now, group, field)}"
                    yield "I4", view, f"{group}.{field.path[-1]} {told} by an edit in {meaning.layer}"
            continue
        around = meaning.touched if view == meaning.layer else meaning.touched | published
        if view != PUBLISHED and view == meaning.layer:
            # What shows through from published is judged there.
            was, now = (_own(links, view, before, after) for links in (was, now))
        yield from _strangers(schema, view, was, now, around, {group for group, _ in now})


def _own(links: Links, layer: str, *states: Documents) -> Links:
    """Return the links of groups that have a version in the layer in one of the states."""
    own = {group for documents in states for one in documents for place, group in (split_id(one),) if place == layer}
    return {place: held for place, held in links.items() if place[0] in own}


def _nowhere(schema: Schema, before: Documents, after: Documents) -> set[str]:
    there = {split_id(name)[1] for name in after}
    named = {
        target
        for document in before.values()
        for field in schema.fields_of(str(document.get("_type")))
        for target in targets(document, field)
    }
    return named - there


def _strangers(
    schema: Schema, view: str, was: Links, now: Links, around: Collection[str], seen: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    by_group = _by_group(now)
    for (group, field), lost, gained in changed_links(was, now):
        if group in around:
            continue
        for target in sorted(lost - set(around)):
            if target in seen and not _taken(schema, field, group, target, now, by_group, around):
                yield "I7", view, f"{group}.{field.path[-1]} lost {target}, though nobody touched either"
        for target in sorted(gained - set(around)):
            if not _waited(schema, field, group, target, was):
                yield "I7", view, f"{group}.{field.path[-1]} gained {target}, though nobody touched either"


def _taken(
    schema: Schema,
    field: Field,
    group: str,
    target: str,
    now: Links,
    by_group: Mapping[str, Collection[Field]],
    around: Collection[str],
) -> bool:
    """Whether one end of a lost link has a single place, which something touched holds now."""
    if not field.many and set(now[group, field]) & set(around):
        return True
    for inverse in by_group.get(target, ()):
        answers = any(found is not None and found[1] == inverse for found in (schema.inverse(field, inverse.type),))
        if answers and not inverse.many and set(now[target, inverse]) & set(around):
            return True
    return False


def _waited(schema: Schema, field: Field, group: str, target: str, was: Links) -> bool:
    """Whether the other half stood there already and waited for this one."""
    return any(
        group in held
        for (name, inverse), held in was.items()
        if name == target and (found := schema.inverse(field, inverse.type)) is not None and found[1] == inverse
    )


def _by_group(links: Links) -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = {}
    for group, field in links:
        found.setdefault(group, []).append(field)
    return found


def _moved(before: Links, after: Links) -> set[str]:
    """Return the groups that a view shows differently: links changed, or came or went."""
    return {
        place[0]
        for place in before.keys() | after.keys()
        if set(before.get(place, ())) != set(after.get(place, ())) or (place in before) != (place in after)
    }


def _said(links: Links, group: str, field: Field) -> str:
    return f"[{', '.join(links[group, field])}]"
