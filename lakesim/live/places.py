"""What an answer can depend on, and what a change can touch: the common words of both, and their opaque text.

A *place* is a kind and a name. An answer notes the places it looked at, a change names the places it touched; if they
have none in common the change cannot have altered the answer. Why that is so:

- A query reads documents in four ways only: all of them, one by id, those of a type, those with a reference to an id.
- Perspectives show one version per group, so the unit is the group: a change touches its group, and the types and
  references of *every* version in it, before and after, since another version may now be the one that shows.
- Hence what any of the four reads found is the same before and after a change that touches none of their places.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import Final, Literal, TypeAlias

__all__ = ["EVERYTHING", "Place", "tag_of"]

Place: TypeAlias = tuple[Literal["all", "group", "type", "reference"], str]
"""A kind and a name: a published id, a `_type`, or the id that a reference names."""
EVERYTHING: Final[Place] = ("all", "")
"""The place that every change touches."""
TAG_BYTES: Final = 6
"""Bytes of digest in a tag; two places that share one by chance cost a needless fetch."""


def tag_of(dataset: str, place: Place) -> str:
    """Return the opaque text of a place in a dataset, such as `s1:Zk3_9aQ1`."""
    kind, name = place
    digest = hashlib.sha256(f"{dataset}\n{kind}\n{name}".encode()).digest()
    return "s1:" + urlsafe_b64encode(digest[:TAG_BYTES]).decode()
