"""A small scope: few groups of one relation in few layers, so that every state they can reach can be visited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bidir.refs import DRAFTS, PUBLISHED
from bidir.relations import Field, Relation, Schema

__all__ = ["ALL_LAYERS", "RELEASE", "WITHOUT_RELEASE", "Scope"]

RELEASE = "r1"
"""The one release of a scope; it is active, and there again as soon as it was published or deleted."""

ALL_LAYERS = (PUBLISHED, DRAFTS, RELEASE)
WITHOUT_RELEASE = (PUBLISHED, DRAFTS)


@dataclass(frozen=True)
class Scope:
    """What is exhausted: `types` in Sanity's form with exactly one relation, `groups` by document type, `layers`.

    `kinds` are the operations that are tried (`bidir.conformance.states.operations`). `ghosts`: references may also be
    set to groups that have no version anywhere. `strengths`: how strong a pointer is belongs to the state, else every
    step starts from pointers as strong as they would be written there; `owners`: so does whose a version is (E8.10),
    else all are the users' own once the step that made them is over. `title` says in one line what the scope is.
    """

    name: str
    title: str
    types: Sequence[Mapping[str, Any]]
    pool: Mapping[str, tuple[str, ...]]
    kinds: tuple[str, ...]
    layers: tuple[str, ...] = ALL_LAYERS
    ghosts: bool = False
    strengths: bool = False
    owners: bool = False

    @cached_property
    def schema(self) -> Schema:
        """The declaration, checked."""
        return Schema.load(list(self.types))

    @cached_property
    def relation(self) -> Relation:
        """The one relation."""
        (relation,) = self.schema.relations
        return relation

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Every group, in the order of the types."""
        return tuple(group for groups in self.pool.values() for group in groups)

    @cached_property
    def type_of(self) -> Mapping[str, str]:
        """The document type of every group."""
        return {group: name for name, groups in self.pool.items() for group in groups}

    @cached_property
    def field_of(self) -> Mapping[str, Field]:
        """The one relation field of every group."""
        return {group: self.schema.fields_of(name)[0] for group, name in self.type_of.items()}

    def is_live(self, group: str) -> bool:
        """Whether documents of the group's type are edited live."""
        return self.schema.is_live(self.type_of[group])

    def targets_for(self, group: str) -> tuple[str, ...]:
        """Return every group that the field of `group` may point at, itself included in a symmetric relation."""
        field = self.field_of[group]
        other = self.relation.other(field)
        return tuple(self.pool[other.type])
