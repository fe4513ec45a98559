"""The refusal of a grant or role that cannot be."""

from __future__ import annotations

from lakesim.errors import BadRequestError

__all__ = ["GrantError"]


class GrantError(BadRequestError):
    """A grant or role whose form is wrong: its filter, its permissions, its name; the text says where."""
