"""Which scope a name, `@` or `^` belongs to, read from the tree alone (groq reference, section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from lakesim.groq.ast import Filter, Node, Parent, PipeCall, Projection, SelectorAnywhere

__all__ = ["children_with_scope", "escaping_parents"]


def children_with_scope(node: Node) -> Iterator[tuple[Node, int]]:
    """Yield the nodes directly below `node`, each with 1 if it is evaluated in a new scope, else 0."""
    for item in fields(node):
        value = getattr(node, item.name)
        if isinstance(value, Node):
            opens = isinstance(node, (Filter, SelectorAnywhere))
            yield value, int(opens)
        elif isinstance(value, tuple) and item.name != "span":
            opens = isinstance(node, Projection) or (isinstance(node, PipeCall) and item.name == "arguments")
            for child in value:
                if isinstance(child, Node):
                    yield child, int(opens)


def escaping_parents(steps: Sequence[Node]) -> list[Parent]:
    """Return the `^` in these steps that reach further out than the scopes the steps themselves open."""
    found: list[Parent] = []
    stack: list[tuple[Node, int]] = [(step, 0) for step in reversed(steps)]
    while stack:
        node, level = stack.pop()
        # At level n the first n - 1 parents are scopes of these steps, the next one is the caller's.
        if isinstance(node, Parent) and node.levels >= level:
            found.append(node)
        stack.extend((child, level + opened) for child, opened in reversed(list(children_with_scope(node))))
    return found
