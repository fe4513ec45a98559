"""Pages of a sorted answer: which rows a page holds, and in which order rows may come."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bidir.errors import IntentError
from bidir.lookups.question import checked_count
from bidir.lookups.text import attribute
from bidir.suggest import did_you_mean

__all__ = ["PAGE_SIZE_DEFAULT", "PAGE_SIZE_MAX", "Page", "ordering", "page_bounds", "page_of"]

Json = Any

PAGE_SIZE_DEFAULT = 40
"""Documents on a page if the caller does not say."""
PAGE_SIZE_MAX = 1_000
"""The most documents a page may hold."""

SYSTEM_NAMES = ("_id", "_type", "_createdAt", "_updatedAt", "_rev")
"""What every document can be sorted by besides its own attributes."""

_TERM = re.compile(
    r"(?P<lower>lower\()?\s*(?P<path>[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*)\s*(?(lower)\))(\s+(?P<way>\w+))?"
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer.

    `items` are its documents, `total` how many there are on all pages, `page` its number from 1, `pages` how many
    there are (0 if there is nothing), `page_size` how many documents a full one holds. A page past the last is empty.
    """

    items: tuple[dict[str, Json], ...]
    total: int
    page: int
    pages: int
    page_size: int

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one."""
        return self.page < self.pages


def page_bounds(page: object, page_size: object) -> tuple[int, int]:
    """Return the half-open range of rows that a page holds, counted from 0.

    Raises: IntentError for a number that is no page, or a size out of bounds.
    """
    number = checked_count(page, "page")
    size = checked_count(page_size, "page_size", most=PAGE_SIZE_MAX)
    return (number - 1) * size, number * size


def page_of(items: Iterable[dict[str, Json]], total: int, page: int, page_size: int) -> Page:
    """Return the page that holds `items`, of `total` altogether."""
    return Page(tuple(items), total, page, -(-total // page_size), page_size)


def ordering(order: object, attributes: Iterable[str], type_name: str) -> str:
    """Return the GROQ for an order such as "_updatedAt desc" or "lower(title), year desc"; ties go by `_id`.

    Raises: IntentError for what is no order, or an attribute the type has not.
    """
    known = [*attributes, *SYSTEM_NAMES]
    if not isinstance(order, str):
        raise IntentError(f'order is a text such as "title asc" or "_updatedAt desc", not {order!r}')
    terms = [_term(part.strip(), order, known, type_name) for part in order.split(",")]
    return ", ".join([*terms, "_id asc"])


def _term(part: str, order: str, known: list[str], type_name: str) -> str:
    match = _TERM.fullmatch(part)
    if match is None:
        raise IntentError(
            f'order "{order}": "{part}" is no sort key; write an attribute with asc or desc, such as "title asc", '
            "several separated by commas"
        )
    path, way = match["path"].split("."), (match["way"] or "asc").lower()
    if way not in ("asc", "desc"):
        hint = did_you_mean(way, ["asc", "desc"]) or ' Right would be "asc" or "desc".'
        raise IntentError(f'order "{order}": "{match["way"]}" is no direction.{hint}')
    if path[0] not in known:
        raise IntentError(f'order "{order}": {type_name} has no attribute "{path[0]}".{did_you_mean(path[0], known)}')
    expression = attribute(path)
    return f"{f'lower({expression})' if match['lower'] else expression} {way}"
