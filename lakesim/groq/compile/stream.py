"""A comprehension under construction: elements of an array on their way through filters and mappings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lakesim.groq.compile.builder import NESTING_MAX, Builder
from lakesim.groq.compile.fragment import Fragment, Kind

__all__ = ["Stream", "collect", "consume"]


@dataclass(frozen=True, slots=True)
class Stream:
    """Elements in order, not collected yet.

    Shape: `source` gives the elements; `known` says that it is certainly iterable (else a non-array makes everything
    null); `lazy` that it may be an iterator; `variable` names an element; `conditions` must all hold; `element` is
    what comes out for it.
    """

    source: Fragment
    variable: Fragment
    element: Fragment
    conditions: tuple[Fragment, ...] = ()
    known: bool = False
    lazy: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether elements come out as they went in."""
        return self.element is self.variable

    def where(self, condition: Fragment) -> Stream:
        """Return the stream with one more condition on its plain elements."""
        return replace(self, conditions=(*self.conditions, condition))

    def yielding(self, element: Fragment) -> Stream:
        """Return the stream with other elements coming out."""
        return replace(self, element=element)


def collect(builder: Builder, stream: Stream) -> Fragment:
    """Return the elements as an array, null if the source is none."""
    if stream.is_plain and not stream.conditions:
        if not stream.lazy:
            if stream.known:
                return stream.source
            return builder.bind(stream.source, lambda source: source, "type({}) is list", "None")
        result = consume(builder, stream, lambda elements: f"list({elements})")
    else:
        result = consume(builder, stream, lambda elements: f"[{elements}]")
    return replace(result, items=stream.element.kind)


def consume(builder: Builder, stream: Stream, use: Callable[[str], str], kind: Kind = "list") -> Fragment:
    """Return `use(elements)`, null if the source is no array; `elements` is the inside of a comprehension.

    For a plain stream without conditions it is the source itself, which is iterable just as well.
    """
    parts = (stream.element, *stream.conditions)
    used = frozenset[str]().union(*[part.uses for part in parts]) - stream.variable.uses
    depth = max(part.depth for part in parts) + 2
    tests = " and ".join(condition.code for condition in stream.conditions)

    def wrap(source: Fragment) -> Fragment:
        elements = f"{stream.element.code} for {stream.variable.code} in {source.code}"
        if tests:
            elements = f"{elements} if {tests}"
        elif stream.is_plain:
            elements = source.code
        return Fragment(use(elements), kind, uses=used | source.uses, depth=depth, heavy=True)

    # A walrus may not stand in the iterable of a comprehension.
    if stream.known and (stream.source.simple or ":=" not in stream.source.code):
        result = wrap(stream.source)
        result = replace(result, depth=max(result.depth, stream.source.depth + 1))
        return builder.lift(result) if result.depth > NESTING_MAX else result
    guard = "{} is not None" if stream.known else "type({}) is list"
    result = builder.bind(stream.source, wrap, guard, "None")
    return result.with_kind(kind) if stream.known else result
