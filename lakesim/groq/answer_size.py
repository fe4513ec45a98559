"""Bounds the size of an answer whose parts are shared: a small graph can be an endless tree once it is written out."""

from __future__ import annotations

from lakesim.groq.values import Value

__all__ = ["ANSWER_VALUES_MAX", "answer_size"]

ANSWER_VALUES_MAX = 20_000_000
"""Values, counted as often as they appear, in one answer."""


def answer_size(value: Value) -> int:
    """Return how many values an answer holds, each counted as often as it appears; shared parts are visited once."""
    if type(value) is not dict and type(value) is not list:
        return 1
    sizes: dict[int, int] = {}
    stack: list[tuple[Value, bool]] = [(value, False)]
    while stack:
        current, children_done = stack.pop()
        if id(current) in sizes:
            continue
        inner = current.values() if type(current) is dict else current
        nested = [item for item in inner if type(item) is dict or type(item) is list]
        if children_done:
            sizes[id(current)] = 1 + len(current) - len(nested) + sum(sizes[id(item)] for item in nested)
        else:
            stack.append((current, True))
            stack.extend((item, False) for item in nested if id(item) not in sizes)
    return sizes[id(value)]
