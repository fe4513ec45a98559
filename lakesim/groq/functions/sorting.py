"""`order`: stable sorting by several keys, and only as far as it is needed (groq reference, sections 8 and 11)."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest, nsmallest

from lakesim.groq.comparison import rank
from lakesim.groq.values import Value

__all__ = ["order"]

_SELECTION_FACTOR = 4
"""A selection beats a sort if fewer than one in this many elements are wanted."""
_NUMBERS = frozenset({int, float})


def _sortable(keys: list[Value]) -> list[Value]:
    """Return keys that Python orders as the language does: the values themselves if they are of one kind."""
    kinds = set(map(type, keys))
    if kinds == {str} or kinds <= _NUMBERS:
        return keys
    return [rank(key) for key in keys]


def order(items: list[Value], columns: Sequence[tuple[list[Value], bool]], wanted: int | None = None) -> list[Value]:
    """Return `items` sorted by columns of keys, the first column first; ties keep their order.

    Shape: each column is (one key per item, whether descending). `wanted` is how many items from the front are needed;
    the answer may be cut there.
    """
    sortable = [(_sortable(keys), descending) for keys, descending in columns]
    places: list[int] = list(range(len(items)))
    if wanted is not None and wanted * _SELECTION_FACTOR < len(items):
        places = _candidates(places, *sortable[0], wanted)
    # The last key first: each pass is stable, so the first key has the last word.
    for keys, descending in reversed(sortable):
        places.sort(key=keys.__getitem__, reverse=descending)
    return [items[place] for place in (places if wanted is None else places[:wanted])]


def _candidates(places: list[int], keys: list[Value], descending: bool, wanted: int) -> list[int]:
    """Return the places whose first key is good enough to be among the `wanted` first, ties included."""
    if wanted <= 0:
        return []
    if descending:
        bound = nlargest(wanted, keys)[-1]
        return [place for place in places if keys[place] >= bound]
    bound = nsmallest(wanted, keys)[-1]
    return [place for place in places if keys[place] <= bound]
