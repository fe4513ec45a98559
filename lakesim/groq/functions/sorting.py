"""`order`: stable sorting by several keys, and only as far as it is needed (groq reference, sections 8 and 11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nlargest, nsmallest

from lakesim.groq.comparison import rank
from lakesim.groq.values import Value

__all__ = ["Column", "order"]

Column = Callable[[list[Value]], list[Value]]
"""Gives one key per item."""

_SELECTION_FACTOR = 4
"""A selection beats a sort if fewer than one in this many elements are wanted."""
_NUMBERS = frozenset({int, float})


def _sortable(keys: list[Value]) -> list[Value]:
    """Return keys that Python orders as the language does: the values themselves if they are of one kind."""
    kinds = set(map(type, keys))
    if kinds == {str} or kinds <= _NUMBERS:
        return keys
    return [rank(key) for key in keys]


def order(items: list[Value], columns: Sequence[tuple[Column, bool]], wanted: int | None = None) -> list[Value]:
    """Return `items` sorted by several keys, the first column first; ties keep their order.

    Shape: each column is (its keys, whether descending). `wanted` is how many items from the front are needed; the
    answer is cut there, and the later keys are worked out only for items that the first key leaves in the running.
    """
    first, descending = columns[0]
    keys = _sortable(first(items))
    if wanted is not None and wanted * _SELECTION_FACTOR < len(items):
        places = _candidates(keys, descending, wanted)
        items, keys = [items[place] for place in places], [keys[place] for place in places]
    sortable = [(keys, descending), *((_sortable(column(items)), down) for column, down in columns[1:])]
    order_of = list(range(len(items)))
    # The last key first: each pass is stable, so the first key has the last word.
    for column_keys, down in reversed(sortable):
        order_of.sort(key=column_keys.__getitem__, reverse=down)
    return [items[place] for place in (order_of if wanted is None else order_of[:wanted])]


def _candidates(keys: list[Value], descending: bool, wanted: int) -> list[int]:
    """Return the places whose key is good enough to be among the `wanted` first, ties included, in their order."""
    if wanted <= 0:
        return []
    if descending:
        bound = nlargest(wanted, keys)[-1]
        return [place for place, key in enumerate(keys) if key >= bound]
    bound = nsmallest(wanted, keys)[-1]
    return [place for place, key in enumerate(keys) if key <= bound]
