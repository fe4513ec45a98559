"""What can be wrong with an entity, a relationship or an id, one class each."""

from __future__ import annotations

from collections.abc import Sequence

from bidir.errors import BidirError

__all__ = ["BadValueError", "MetadataError", "StashError", "UnknownIdError", "UnknownNameError", "WrongTypeError"]


class StashError(BidirError):
    """Anything that the library refuses; nothing was written."""


class UnknownNameError(StashError):
    """There is no such type, field or filter."""


class UnknownIdError(StashError):
    """Nothing has these ids; `ids` are all that are not there."""

    def __init__(self, text: str, ids: Sequence[str]) -> None:
        """Keep the ids."""
        super().__init__(text)
        self.ids = tuple(ids)


class WrongTypeError(StashError):
    """An entity of another type than the relationship takes."""


class BadValueError(StashError):
    """A value that cannot be meant; the text says what would be right."""


class MetadataError(StashError):
    """Relationship metadata written by hand that the schema does not bear out; the text lists every difference."""
