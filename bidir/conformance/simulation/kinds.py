"""The relation kinds of the simulation: those of the state machines, and some with types that are edited live."""

from __future__ import annotations

from dataclasses import replace

from bidir.conformance.machines_kinds import KINDS, Kind

__all__ = ["KIND_NAMES", "POLICY_KIND_NAMES", "is_live", "kind_named"]

KIND_NAMES = (
    "one-to-one",
    "many-to-one",
    "many-to-many",
    "symmetric-one",
    "two-relations",
    "one-to-many",
    "symmetric-many",
    "metadata",
)
"""The plain kinds, those with most races first."""

POLICY_KIND_NAMES = (
    "reject",
    "bounded",
    "one-to-one, author live",
    "one-to-one, book live",
    "many-to-one, author live",
    "one-to-many, author live",
    "many-to-many, book live",
    "symmetric-one, all live",
)
"""The kinds in which a half may have to wait: for a policy, a bound, or a publish."""

_LIVE = {"author": ("author",), "book": ("book",), "all": ("author", "book", "person")}


def kind_named(name: str) -> Kind:
    """Return one of the relation kinds; after a comma stands what of it is edited live."""
    plain, _, rest = name.partition(", ")
    found = next(kind for kind in KINDS if kind.name == plain)
    if not rest:
        return found
    live = _LIVE[rest.removesuffix(" live")]
    types = [{**one, "liveEdit": True} if one["name"] in live else one for one in found.types]
    return replace(found, name=name, types=types)


def is_live(kind: Kind, group: str) -> bool:
    """Whether the group's type is edited live."""
    return any(one["name"] == kind.type_of[group] and one.get("liveEdit") is True for one in kind.types)
