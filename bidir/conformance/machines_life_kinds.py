"""The relation kinds that the life-cycle machines play, with types that are edited live among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from bidir.conformance.machines_kinds import KINDS, Kind

__all__ = ["LIFE_KINDS", "LifeKind", "switched_off"]

RELEASES = ("r1", "r2")
"""The releases of every run."""


@dataclass(frozen=True, slots=True)
class LifeKind:
    """A relation kind with the whole life cycle; documents of the types in `live` are edited live.

    `options` are the relations' policies where they are not the default; `share` is the part of a profile's runs that
    is played of it.
    """

    name: str
    kind: Kind
    live: Collection[str] = ()
    options: Mapping[str, str] = dataclass_field(default_factory=dict)
    share: float = 1.0

    @property
    def types(self) -> list[dict[str, Any]]:
        """The schema, live-edit types marked."""
        told = [_declared(one, self.options) for one in self.kind.types]
        return [{**one, "liveEdit": True} if one["name"] in self.live else dict(one) for one in told]

    @property
    def refuses(self) -> bool:
        """Whether an edit may be refused by policy; it is then sent again with consent, or not."""
        return any(one.reject or one.right_max is not None for one in self.kind.relations)

    def is_live(self, group: str) -> bool:
        """Whether the group's type is edited live."""
        return self.kind.type_of[group] in self.live


def switched_off(types: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the schema with every relation declared and switched off (`enabled: false`)."""

    return [_declared(one, {"enabled": False}) for one in types]


def _declared(value: Any, options: Mapping[str, Any]) -> Any:
    """Return a part of a schema in which every relation is declared with these options besides its own."""
    if isinstance(value, Mapping):
        return {
            key: {**item, **options} if key == "bidirectional" else _declared(item, options)
            for key, item in value.items()
        }
    return [_declared(item, options) for item in value] if isinstance(value, list) else value


_BY_NAME = {kind.name: kind for kind in KINDS}


def _life(name: str, *live: str) -> LifeKind:
    return LifeKind(" ".join(("life", name, *(f"{one} live" for one in live))), _BY_NAME[name], live)


FEW = 0.4
"""The part of the runs that is played of a kind with policies that are not the default."""


def _policy(name: str, policies: str, *live: str, **options: str) -> LifeKind:
    title = " ".join(("life", name, policies, *(f"{one} live" for one in live)))
    return LifeKind(title, _BY_NAME[name], live, options, FEW)


LIFE_KINDS: tuple[LifeKind, ...] = (
    _life("one-to-one"),
    _life("many-to-one"),
    _life("one-to-many"),
    _life("many-to-many"),
    _life("symmetric-one"),
    _life("symmetric-many"),
    _life("two-relations"),
    _life("metadata"),
    _life("one-to-one", "author"),
    _life("many-to-one", "author"),
    _life("many-to-one", "book"),
    _life("many-to-many", "book", "author"),
    _policy("many-to-many", "delete keeps, unpublish clears", onDelete="keep", onUnpublish="clear"),
    _policy("many-to-one", "delete blocked", onDelete="block"),
    _policy("many-to-one", "unpublish keeps", "author", onUnpublish="keep"),
    _policy("reject", "held places"),
    _policy("bounded", "full lists"),
)
"""Every kind, in the order of the report."""
