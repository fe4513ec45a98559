"""ThumbHash: a picture's waves with its proportions and transparency in about 25 bytes, for `metadata.thumbHash`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakesim.assets.cosines import waves

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["thumbhash_of"]

SAMPLE_SIDE: Final = 32
"""Pixels of the longer side of the sample; the format allows up to 100."""


@dataclass(frozen=True, slots=True)
class _Channel:
    """A channel's average, its waves relative to the largest, each from 0 to 1, and how large that is."""

    average: float
    scale: float
    waves: Sequence[float]


def thumbhash_of(picture: Image) -> str:
    """Return the hash in base64."""
    sample = picture.convert("RGBA")
    sample.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE))
    width, height = sample.size
    red, green, blue, alpha = ([value / 255 for value in band.tobytes()] for band in sample.split())
    red, green, blue = _over_average(alpha, red, green, blue)
    has_alpha = min(alpha) < 1
    most = 5 if has_alpha else 7
    across = max(1, _rounded(most * width / max(width, height)))
    down = max(1, _rounded(most * height / max(width, height)))
    rgb = list(zip(red, green, blue, strict=True))
    light = _channel([(r + g + b) / 3 for r, g, b in rgb], width, height, max(3, across), max(3, down))
    yellow = _channel([(r + g) / 2 - b for r, g, b in rgb], width, height, 3, 3)
    red_green = _channel([r - g for r, g, _ in rgb], width, height, 3, 3)
    opacity = _channel(alpha, width, height, 5, 5) if has_alpha else None
    wide = width > height
    head = (
        _rounded(63 * light.average)
        | _rounded(31.5 + 31.5 * yellow.average) << 6
        | _rounded(31.5 + 31.5 * red_green.average) << 12
        | _rounded(31 * light.scale) << 18
        | has_alpha << 23
    )
    tail = (
        (down if wide else across) | _rounded(63 * yellow.scale) << 3 | _rounded(63 * red_green.scale) << 9 | wide << 15
    )
    out = head.to_bytes(3, "little") + tail.to_bytes(2, "little")
    values = [*light.waves, *yellow.waves, *red_green.waves]
    if opacity is not None:
        out += bytes([_rounded(15 * opacity.average) | _rounded(15 * opacity.scale) << 4])
        values += opacity.waves
    return b64encode(out + _halves(values)).decode()


def _over_average(alpha: list[float], *colours: list[float]) -> tuple[list[float], ...]:
    """Put the picture on a ground of its own average colour."""
    weight = sum(alpha)
    out = []
    for channel in colours:
        average = sum(a * value for a, value in zip(alpha, channel, strict=True)) / weight if weight else 0.0
        out.append([average * (1 - a) + value * a for a, value in zip(alpha, channel, strict=True)])
    return tuple(out)


def _channel(values: list[float], width: int, height: int, across: int, down: int) -> _Channel:
    numbers = [(x, y) for y in range(down) for x in range(across) if x * down < across * (down - y)]
    average, *others = waves(values, width, height, numbers)
    scale = max(map(abs, others))
    # Rounding errors of a plain colour are no waves.
    relative = [0.5 + 0.5 * value / scale if scale > 1e-9 else 0.5 for value in others]
    return _Channel(average, min(1.0, scale), relative)


def _halves(values: Sequence[float]) -> bytes:
    """Pack values from 0 to 1 into half a byte each, the first of two in the lower half."""
    quantised = [_rounded(15 * value) for value in values]
    if len(quantised) % 2:
        quantised.append(0)
    return bytes(low | high << 4 for low, high in zip(quantised[::2], quantised[1::2], strict=True))


def _rounded(value: float) -> int:
    return int(value + 0.5)
