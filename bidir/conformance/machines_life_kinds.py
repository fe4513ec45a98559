"""The relation kinds that the life-cycle machines play, with types that are edited live among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.conformance.machines_kinds import KINDS, Kind

__all__ = ["LIFE_KINDS", "LifeKind", "switched_off"]

RELEASES = ("r1", "r2")
"""The releases of every run."""


@dataclass(frozen=True, slots=True)
class LifeKind:
    """A relation kind with the whole life cycle; documents of the types in `live` are edited live."""

    name: str
    kind: Kind
    live: Collection[str] = ()

    @property
    def types(self) -> list[dict[str, Any]]:
        """The schema, live-edit types marked."""
        return [{**one, "liveEdit": True} if one["name"] in self.live else dict(one) for one in self.kind.types]

    def is_live(self, group: str) -> bool:
        """Whether the group's type is edited live."""
        return self.kind.type_of[group] in self.live


def switched_off(types: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the schema with every relation declared and switched off (`enabled: false`)."""

    def off(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: {**item, "enabled": False} if key == "bidirectional" else off(item) for key, item in value.items()
            }
        return [off(item) for item in value] if isinstance(value, list) else value

    return [off(one) for one in types]


_BY_NAME = {kind.name: kind for kind in KINDS}


def _life(name: str, *live: str) -> LifeKind:
    return LifeKind(" ".join(("life", name, *(f"{one} live" for one in live))), _BY_NAME[name], live)


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
)
"""Every kind, in the order of the report."""
