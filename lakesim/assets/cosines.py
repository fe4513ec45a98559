"""The averages and cosine waves of a picture's channels, on which both blurred placeholders are built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, pi

__all__ = ["waves"]


def waves(channel: Sequence[float], width: int, height: int, numbers: Iterable[tuple[int, int]]) -> list[float]:
    """Return, for each pair of whole wave numbers (across, down), the mean of the channel weighted by that wave.

    Shape: `channel` row by row, `width * height` values.
    """
    wanted = list(numbers)
    across = {n: [cos(pi * n * (x + 0.5) / width) for x in range(width)] for n in {pair[0] for pair in wanted}}
    down = {n: [cos(pi * n * (y + 0.5) / height) for y in range(height)] for n in {pair[1] for pair in wanted}}
    rows = [channel[y * width : (y + 1) * width] for y in range(height)]
    # Each row is summed once per wave across; waves down then weigh the sums.
    sums = {
        n: [sum(value * weight for value, weight in zip(row, weights, strict=True)) for row in rows]
        for n, weights in across.items()
    }
    return [
        sum(value * weight for value, weight in zip(sums[x], down[y], strict=True)) / (width * height)
        for x, y in wanted
    ]
