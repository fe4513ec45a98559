"""How somebody stands to a dataset: the name it goes by and what it may read, remember and write there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from lakesim.access.grant import Grant
from lakesim.access.rights import Rights
from lakesim.groq import Environment

__all__ = ["OWNER", "Standing", "standing_of"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One caller's place in a dataset.

    Shape: `identity` is what `identity()` answers and what signs transactions, None for nobody in particular. The
    others are None where nothing is withheld: `rights` bound what may be written, `readable` what may be read,
    `remembered` which states of the past may be.
    """

    identity: str | None = None
    rights: Rights | None = None
    readable: Callable[[dict[str, Any]], bool] | None = None
    remembered: Callable[[dict[str, Any]], bool] | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether this is a caller without a name of whom something is withheld."""
        return self.identity is None and self.rights is not None


OWNER = Standing()
"""Who holds the dataset in process: nothing is withheld."""


def standing_of(grants: Iterable[Grant], identity: str | None, environment: Callable[[], Environment]) -> Standing:
    """Return the standing of a caller with these grants.

    The past takes `read` and `history`, both judged by today's grants on the state that is asked for: a grant on
    history never shows what one on reading does not (content-lake reference, section 6.2, is silent).
    """
    rights = Rights(grants, environment)

    def reads(document: dict[str, Any]) -> bool:
        return rights.may("read", document)

    def remembers(document: dict[str, Any]) -> bool:
        return rights.may("read", document) and rights.may("history", document)

    everything = {permission: rights.covers_everything(permission) for permission in _BINDING}
    return Standing(
        identity,
        None if all(everything.values()) else rights,
        None if everything["read"] else reads,
        None if everything["read"] and everything["history"] else remembers,
    )


_BINDING = ("read", "create", "update", "history")
"""The permissions that have an effect."""
