"""Where a change begins that is made of several steps, so that nothing which happened in between is lost from sight.

What is to be carried through is the difference between then and now. A link that came and went in between would not
be in it, nor one that went and came back; but its other half may have been written or taken away meanwhile, and the
last step is what holds (bidirectional semantics, E6, I11).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bidir.refs import Item, read_items, replace_items, set_single, value_at
from bidir.relations import Field, Schema

__all__ = ["kept_in_sight", "passed_over"]

Document = Mapping[str, Any]


def kept_in_sight(
    schema: Schema, earlier: Document | None, before: Document | None, after: Document | None
) -> Document | None:
    """Return `earlier` so that what the step from `before` to `after` links or lets go is different now.

    None stands for a document that does not exist.
    """
    if earlier is None:
        # It came and went before it was looked at; what it linked while it was there has to be let go.
        return before if after is None else None
    return _moved(schema, earlier, after, before)


def passed_over(
    schema: Schema, earlier: Document | None, before: Document | None, after: Document | None
) -> Document | None:
    """Return `earlier` as if the step from `before` to `after`, from which nothing more follows, had come first."""
    if earlier is None:
        return after if before is None else None
    return _moved(schema, earlier, before, after)


def _moved(schema: Schema, earlier: Document, start: Document | None, end: Document | None) -> Document:
    """Apply what differs between `start` and `end` to the relation fields of `earlier`."""
    for field in schema.fields_of(str(earlier.get("_type"))):
        earlier = _many(field, earlier, start, end) if field.many else _single(field, earlier, start, end)
    return earlier


def _many(field: Field, earlier: Document, start: Document | None, end: Document | None) -> Document:
    was, held, new = (read_items(one, field) for one in (start, earlier, end))
    gone = _targets(was) - _targets(new)
    fresh = _targets(new) - _targets(was) - _targets(held)
    if not (fresh or gone & _targets(held)):
        return earlier
    kept = [item.raw for item in held if item.target not in gone]
    return replace_items(earlier, field, [*kept, *_of(new, fresh)])


def _single(field: Field, earlier: Document, start: Document | None, end: Document | None) -> Document:
    was, held, new = (_targets(read_items(one, field)) for one in (start, earlier, end))
    if held != was or was == new:
        return earlier
    return set_single(earlier, field, value_at(end, field.path))


def _targets(items: Iterable[Item]) -> set[str]:
    return {item.target for item in items if item.target is not None}


def _of(items: Iterable[Item], targets: Collection[str]) -> list[Any]:
    return [item.raw for item in items if item.target in targets]
