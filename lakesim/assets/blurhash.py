"""BlurHash: a picture's few largest waves as about thirty characters, for `metadata.blurHash`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakesim.assets.cosines import waves

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["blurhash_of"]

SAMPLE_SIDE: Final = 32
"""Pixels of the longer side of the sample; the waves are far longer."""
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"

_Colour = tuple[float, float, float]


def blurhash_of(picture: Image) -> str:
    """Return the hash, with four waves along the longer side and three along the other."""
    sample = picture.convert("RGB")
    sample.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE))
    across, down = (4, 3) if sample.width >= sample.height else (3, 4)
    numbers = [(x, y) for y in range(down) for x in range(across)]
    channels = [
        waves([_linear(value) for value in band.tobytes()], sample.width, sample.height, numbers)
        for band in sample.split()
    ]
    # Every wave but the average counts twice.
    factors = [
        (red, green, blue) if pair == (0, 0) else (2 * red, 2 * green, 2 * blue)
        for pair, red, green, blue in zip(numbers, *channels, strict=True)
    ]
    average, others = factors[0], factors[1:]
    largest = max(abs(value) for colour in others for value in colour)
    quantised = max(0, min(82, int(largest * 166 - 0.5)))
    scale = (quantised + 1) / 166
    text = _digits((across - 1) + (down - 1) * 9, 1) + _digits(quantised, 1) + _digits(_average(average), 4)
    return text + "".join(_digits(_wave(colour, scale), 2) for colour in others)


def _average(colour: _Colour) -> int:
    red, green, blue = map(_stored, colour)
    return (red << 16) + (green << 8) + blue


def _wave(colour: _Colour, scale: float) -> int:
    red, green, blue = (_nineteenths(value / scale) for value in colour)
    return (red * 19 + green) * 19 + blue


def _nineteenths(value: float) -> int:
    root = abs(value) ** 0.5 * (1 if value >= 0 else -1)
    return max(0, min(18, int(root * 9 + 9.5)))


def _linear(stored: int) -> float:
    value = stored / 255
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _stored(linear: float) -> int:
    value = max(0.0, min(1.0, linear))
    return int((value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055) * 255 + 0.5)


def _digits(value: int, length: int) -> str:
    out = ""
    for _ in range(length):
        value, digit = divmod(value, len(_DIGITS))
        out = _DIGITS[digit] + out
    return out
