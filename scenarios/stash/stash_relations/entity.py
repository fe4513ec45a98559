"""An entity as one holds it: its id, what was read of it, and the client that reads and writes the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from bidir.outcome import Outcome
    from stash_relations.client import StashClient

__all__ = ["Entity", "Found"]

Json = Any
_Entity = TypeVar("_Entity", bound="Entity")


class Entity:
    """One entity. Attributes are as they were read, and `refresh()` reads them again; relationships are asked for."""

    type_name: ClassVar[str] = ""

    def __init__(self, client: StashClient, data: Mapping[str, Json]) -> None:
        """Take a document of the lake."""
        self.client = client
        self.data: Mapping[str, Json] = data

    @property
    def id(self) -> str:
        """The entity's id."""
        return str(self.data["_id"])

    @property
    def label(self) -> str | None:
        """What it is called: its title or name."""
        found = self.data.get(self.client.library.type(self.data["_type"]).label)
        return found if isinstance(found, str) else None

    def refresh(self) -> None:
        """Read the attributes again.

        Raises: UnknownIdError if it is gone.
        """
        self.data = self.client.get(str(self.data["_type"]), self.id).data

    def destroy(self) -> Outcome:
        """Delete it, and the links to it.

        Raises: UnknownIdError if it is gone already.
        """
        return self.client.destroy(str(self.data["_type"]), self.id)

    def __eq__(self, other: object) -> bool:
        """Whether both are the same entity, whatever was read of it and when."""
        return isinstance(other, Entity) and (self.data["_type"], self.id) == (other.data["_type"], other.id)

    def __hash__(self) -> int:
        """Hash by type and id."""
        return hash((self.data["_type"], self.id))

    def __repr__(self) -> str:
        """Show type, id and label."""
        return f"<{type(self).__name__} {self.id} {self.label!r}>"


@dataclass(frozen=True, slots=True)
class Found(Generic[_Entity]):
    """One page of what was found: `count` is how many there are on all pages, `page` counts from 1."""

    count: int
    items: tuple[_Entity, ...]
    page: int
    per_page: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.count // self.per_page)
