"""What the user's patches say of relation fields: only what stands there already (then nothing is sent, E8.4), or
something that writes over whatever somebody may have put there meanwhile (then the document is locked, F3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bidir.planning.intent import Simulated, Step
from bidir.refs import Item, bare, group_of, same_json, value_at, with_value_at
from bidir.relations import Field
from bidir.siblings import World

__all__ = [
    "last_mention",
    "named_targets",
    "only_restates",
    "overwrites",
    "patch_paths",
    "same_but_for_strength",
    "within",
]

Document = Mapping[str, Any]

STRENGTH = ("_weak", "_strengthenOnPublish")
_NEXT = re.compile(r"[.\[]|$")
_ITEM = re.compile(r'\[\s*_key\s*==\s*"(?:[^"\\]|\\.)*"\s*\]\.?(.*)$')


def only_restates(simulated: Simulated, world: World) -> bool:
    """Whether every mutation is a patch of relation fields, and afterwards they say what they said before."""
    if not simulated.steps:
        return False
    if not all(step.kind == "patch" and _on_relations(step, world) for step in simulated.steps):
        return False
    if any("setIfMissing" in step.body for step in simulated.steps) and any(
        _makes_a_list(world, group, layer) for group, layer in simulated.touched
    ):
        # An empty list says nothing, but what is inserted into it next would fall on no ground without it.
        return False
    return all(_says_the_same(world, group, layer) for group, layer in simulated.touched)


def patch_paths(patch: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths a wire patch names."""
    for name in ("set", "setIfMissing", "inc", "dec", "diffMatchPatch"):
        operation = patch.get(name)
        if isinstance(operation, Mapping):
            yield from operation
    unset = patch.get("unset")
    if isinstance(unset, Sequence) and not isinstance(unset, str):
        yield from (path for path in unset if isinstance(path, str))
    insert = patch.get("insert")
    if isinstance(insert, Mapping):
        yield from (path for anchor in ("before", "after", "replace") if isinstance(path := insert.get(anchor), str))


def _on_relations(step: Step, world: World) -> bool:
    fields = world.fields_of(step.group)
    paths = list(patch_paths(step.body))
    return bool(paths) and all(any(within(path, field) for field in fields) for path in paths)


def within(path: str, field: Field) -> bool:
    """Whether a path lies at or below the field."""
    prefix = ".".join(field.path)
    return path.startswith(prefix) and _NEXT.match(path, len(prefix)) is not None


def _makes_a_list(world: World, group: str, layer: str) -> bool:
    before = world.shown_before(group, layer)
    after = world.own(group, layer)
    return any(
        value_at(before, field.path) is None and isinstance(value_at(after, field.path), list)
        for field in world.fields_of(group)
        if field.many
    )


def _says_the_same(world: World, group: str, layer: str) -> bool:
    before = world.shown_before(group, layer)
    after = world.own(group, layer)
    return before is not None and after is not None and same_but_for_strength(world, group, before, after)


def same_but_for_strength(world: World, group: str, left: Document, right: Document) -> bool:
    """Whether two versions of a group say the same: how strong a relation's pointers are is the engine's affair."""
    rest = [left, right]
    for field in world.fields_of(group):
        mine, theirs = world.parsed(left, field).items, world.parsed(right, field).items
        if len(mine) != len(theirs) or not all(map(_same_item, mine, theirs)):
            return False
        rest = [with_value_at(one, field.path, None) for one in rest]
    return same_json(*map(bare, rest))


def _same_item(left: Item, right: Item) -> bool:
    """Whether two items say the same; their strength is the engine's affair."""
    if left.target != right.target or left.key != right.key:
        return False
    return same_json(_without_strength(left.raw), _without_strength(right.raw))


def _without_strength(raw: Any) -> Any:
    if not isinstance(raw, dict):
        return raw
    return {
        name: _without_strength(value) if isinstance(value, dict) else value
        for name, value in raw.items()
        if name not in STRENGTH
    }


def overwrites(step: Step, field: Field) -> bool:
    """Whether a step writes over what the field holds, or picks an item by its position.

    What adds an item, takes one out by its key, or changes an item's metadata does not: it meets what somebody else
    does to the field at the same moment without harm (F4).
    """
    if step.kind != "patch":
        return step.kind == "createOrReplace"
    for name in ("set", "inc", "dec", "diffMatchPatch"):
        operation = step.body.get(name)
        if isinstance(operation, Mapping) and any(_reaches(path, field, whole_item=True) for path in operation):
            return True
    unset = step.body.get("unset")
    paths = list(unset) if isinstance(unset, Sequence) and not isinstance(unset, str) else []
    if any(_reaches(path, field, whole_item=False) for path in paths):
        return True
    insert = step.body.get("insert")
    replaced = insert.get("replace") if isinstance(insert, Mapping) else None
    return replaced is not None and _reaches(replaced, field, whole_item=True)


def _reaches(path: Any, field: Field, *, whole_item: bool) -> bool:
    """Whether a path names the field, something around it, or the reference in one of its items; with `whole_item`
    also an item named by its key.
    """
    full = ".".join(field.path)
    if not isinstance(path, str):
        return False
    if path.startswith(("..", "*", "[")) or full == path or full.startswith((f"{path}.", f"{path}[")):
        return True
    if not within(path, field):
        return False
    item = _ITEM.match(path, len(full)) if field.many else None
    if item is None:
        return True
    below, member = item.group(1), ".".join(field.member)
    if not below:
        return whole_item
    return not member or f"{below}.".startswith(f"{member}.") or member.startswith(f"{below}.")


def last_mention(steps: Sequence[Step], group: str, layer: str, field: Field) -> int:
    """Return the position of the last step that speaks of the group's field in `layer`; 0 if none does."""
    last = 0
    for position, step in enumerate(steps):
        if (step.group, step.layer) != (group, layer):
            continue
        if step.kind != "patch" or any(within(path, field) for path in patch_paths(step.body)):
            last = position
    return last


def named_targets(steps: Sequence[Step], group: str, layer: str) -> set[str]:
    """Return the groups that the patches of one document point at, in whatever field."""
    found: set[str] = set()
    mine = [step for step in steps if (step.group, step.layer) == (group, layer) and step.kind == "patch"]
    left: list[Any] = [step.body for step in mine]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            target = value.get("_ref")
            found.update([group_of(target)] if isinstance(target, str) else ())
            left += value.values()
        elif isinstance(value, list):
            left += value
    return found
