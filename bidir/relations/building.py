"""Makes fields and relations out of paired ends: defaults, agreement of options, names, owners."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bidir.relations.ends import End
from bidir.relations.model import MAX_DEPTH_DEFAULT, Field, Owner, Relation
from bidir.relations.options import RELATION_OPTIONS
from bidir.relations.pairing import Pair
from bidir.relations.problems import Problems

__all__ = ["build_field", "build_relations"]

_ATTRIBUTES = {
    "onConflict": "on_conflict",
    "onDelete": "on_delete",
    "onUnpublish": "on_unpublish",
    "publishPartners": "publish_partners",
    "liveTarget": "live_target",
    "enabled": "enabled",
    "inverseWeak": "inverse_weak",
}


def build_relations(pairs: Sequence[Pair], problems: Problems) -> tuple[Relation, ...]:
    """Return one relation per pair, in order; options that contradict go to `problems`."""
    fields = {end: build_field(end, pairs, problems) for pair in pairs for end in (pair.left, pair.right)}
    relations: dict[str, Relation] = {}
    for pair in pairs:
        options = _agreed(pair, problems)
        relation = _relation(pair, fields[pair.left], fields[pair.right], options, problems)
        if relation.name in relations:
            first = relations[relation.name]
            problems.add(
                f'{pair.label} ({pair.place}): the name "{relation.name}" is taken by '
                f"{first.left.name} ⇄ {first.right.name}; give one of them another name"
            )
        relations[relation.name] = relation
    _acyclic_joins_one_type(pairs, problems)
    return tuple(relations.values())


def _agreed(pair: Pair, problems: Problems) -> Mapping[str, Any]:
    """Return the options of the relation, given on either end; on both they must agree."""
    options = {name: pair.left_options[name] for name in (*RELATION_OPTIONS, "owner") if name in pair.left_options}
    for name in (*RELATION_OPTIONS, "owner"):
        if pair.right_options is None or name not in pair.right_options:
            continue
        value = pair.right_options[name]
        if name == "owner":
            value = "target" if value == "this" else "this"
        if name in options and options[name] != value:
            left, right = pair.left_options[name], pair.right_options[name]
            problems.add(
                f"{pair.label} ({pair.place}): {name} is {_show(left)} on {pair.left.name} and {_show(right)} on "
                f"{pair.right.name}; {'both name another owner' if name == 'owner' else 'they must agree'}, "
                "so state it on one end only"
            )
        options.setdefault(name, value)
    return options


def build_field(end: End, pairs: Iterable[Pair], problems: Problems) -> Field:
    """Return the field of `end` with its own bounds and what its relations add to it."""
    own: dict[str, Any] = {}
    acyclic, max_depth = False, None
    label, place = end.name, end.place
    for pair in pairs:
        if end not in (pair.left, pair.right):
            continue
        mine = pair.left_options if end == pair.left else pair.right_options
        if mine is not None:
            own, label, place = dict(mine), pair.label, pair.place
        if pair.left.type == pair.right.type:
            both = (pair.left_options, pair.right_options or {})
            acyclic = acyclic or any(options.get("acyclic") is True for options in both)
            max_depth = max_depth or next((options["maxDepth"] for options in both if "maxDepth" in options), None)
    where = f"{label} ({place})"
    least, most = own.get("min", end.min), own.get("max", end.max)
    if not end.many:
        for name, value in (("min", least), ("max", most)):
            if value is not None and value > 1:
                problems.add(
                    f"{where}: {name} is {value}, but {end.name} is a single reference; "
                    f"make it an array or leave {name} out"
                )
        most = None
    if least is not None and most is not None and least > most:
        problems.add(f"{where}: min {least} is more than max {most} on {end.name}")
    return Field(
        type=end.type,
        path=end.path,
        many=end.many,
        member=end.member,
        item_type=end.item_type,
        reference_type=end.reference_type,
        to=end.to,
        weak=end.weak,
        min=least,
        max=most,
        max_policy=own.get("maxPolicy", "reject"),
        acyclic=acyclic,
        max_depth=max_depth or MAX_DEPTH_DEFAULT,
    )


def _relation(pair: Pair, left: Field, right: Field, options: Mapping[str, Any], problems: Problems) -> Relation:
    name = options.get("name", left.name.replace("[]", ""))
    # One declaration may make several relations, one per target type: the type tells their names apart.
    if len(left.to) > 1:
        name = f"{name}:{right.type}"
    symmetric = pair.left == pair.right
    if symmetric and options.get("acyclic") is True:
        problems.add(
            f"{pair.label} ({pair.place}): a symmetric relation cannot be acyclic: every link is a cycle of two"
        )
    return Relation(
        name=name,
        left=left,
        right=right,
        owner=_owner(left, right, options.get("owner")),
        symmetric=symmetric,
        **{_ATTRIBUTES[option]: value for option, value in options.items() if option in _ATTRIBUTES},
    )


def _owner(left: Field, right: Field, stated: str | None) -> Owner:
    """Return the owner: as stated, else the single-valued side, else the declaring one (semantics, E0)."""
    if stated is not None:
        return "left" if stated == "this" else "right"
    return "right" if left.many and not right.many else "left"


def _acyclic_joins_one_type(pairs: Sequence[Pair], problems: Problems) -> None:
    """Note an `acyclic` declaration none of whose relations leads back to its own type."""
    hierarchies = {pair.left for pair in pairs if pair.left.type == pair.right.type}
    for pair in pairs:
        options = (pair.left_options, pair.right_options or {})
        if any(item.get("acyclic") is True for item in options) and pair.left not in hierarchies:
            problems.add(f"{pair.label} ({pair.place}): acyclic is for hierarchies, where both ends are of one type")


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
