"""A grant: a filter, and what is permitted with the documents that it matches (content-lake reference, section 6.8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from lakesim.access.errors import GrantError
from lakesim.groq import GroqError, compile_filter
from lakesim.suggest import among, did_you_mean

__all__ = ["EVERY_DOCUMENT", "PERMISSIONS", "Grant"]

PERMISSIONS: Final = ("read", "create", "update", "history", "editHistory", "manage")
"""What a grant may permit. Deleting takes `update`; the last two are told to clients and have no effect here."""
EVERY_DOCUMENT: Final = '_id in path("**")'
"""The filter of a grant on everything."""

_FIELDS: Final = ("filter", "permissions")
_INSTEAD: Final = {
    "delete": ' Deleting takes "update".',
    "write": ' Writing takes "create" and "update".',
    "publish": ' Publishing takes "create" and "update".',
}
"""What is meant by words that other systems have and the service has not."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What is permitted with some documents.

    Shape: `filter` is a GROQ condition on one document, which may use `identity()` and may not look at other documents
    (section 7.7); `permissions` are some of `PERMISSIONS`.
    """

    filter: str
    permissions: tuple[str, ...]

    @classmethod
    def of(cls, value: Any, place: str = "grant") -> Grant:
        """Return a grant, or the one that JSON such as `{"filter": "…", "permissions": ["read"]}` describes.

        Raises: GrantError that begins with `place`.
        """
        if isinstance(value, Grant):
            return value
        if not isinstance(value, dict):
            raise GrantError(f'{place}: expected an object such as {{"filter": "…", "permissions": ["read"]}}')
        for name in value:
            if name not in _FIELDS:
                raise GrantError(f'{place}: unknown field "{name}"' + among(name, _FIELDS))
        for name in _FIELDS:
            if name not in value:
                raise GrantError(f'{place} lacks the field "{name}"')
        return cls(_filter(value["filter"], place), _permissions(value["permissions"], place))


def _filter(text: object, place: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise GrantError(f"{place}: the filter must be a GROQ condition such as '_type == \"post\"', not {text!r}")
    try:
        compile_filter(text)
    except GroqError as error:
        raise GrantError(f"{place}: the filter {text!r} is refused: {error.description}") from None
    return text


def _permissions(value: object, place: str) -> tuple[str, ...]:
    known = ", ".join(PERMISSIONS)
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise GrantError(f"{place}: permissions must be a list of some of {known}, not {value!r}")
    given = tuple(value)
    for name in given:
        if name not in PERMISSIONS:
            hint = _INSTEAD.get(str(name)) or did_you_mean(str(name), PERMISSIONS)
            raise GrantError(f"{place}: unknown permission {name!r} (there are: {known}).{hint}")
    if not given:
        raise GrantError(f"{place}: permissions are empty (there are: {known})")
    return tuple(dict.fromkeys(given))
