"""The colours of an image as seven named swatches, each the best match for a saturation and a lightness."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["palette_of"]

COLOURS: Final = 64
"""Colours that the image is reduced to before swatches are chosen."""
SAMPLE_SIDE: Final = 100
"""Pixels of the longer side of the sample."""
TITLE_BRIGHTNESS: Final = 200
"""Brightness from which white titles cannot be read."""
TEXT_BRIGHTNESS: Final = 150
"""Brightness from which white text cannot be read."""


@dataclass(frozen=True, slots=True)
class _Target:
    """What a swatch looks for: saturation and lightness, each ideal and within bounds, from 0 to 1."""

    saturation: float
    saturation_bounds: tuple[float, float]
    lightness: float
    lightness_bounds: tuple[float, float]


_VIVID: Final = (1.0, (0.35, 1.0))
_PALE: Final = (0.3, (0.0, 0.4))
_LIGHT: Final = (0.74, (0.55, 1.0))
_MIDDLE: Final = (0.5, (0.3, 0.7))
_DARK: Final = (0.26, (0.0, 0.45))
_TARGETS: Final = {
    "vibrant": _Target(*_VIVID, *_MIDDLE),
    "lightVibrant": _Target(*_VIVID, *_LIGHT),
    "darkVibrant": _Target(*_VIVID, *_DARK),
    "muted": _Target(*_PALE, *_MIDDLE),
    "lightMuted": _Target(*_PALE, *_LIGHT),
    "darkMuted": _Target(*_PALE, *_DARK),
}
_WEIGHTS: Final = (3.0, 6.0, 1.0)
"""How much saturation, lightness and frequency count."""


@dataclass(frozen=True, slots=True)
class _Colour:
    red: int
    green: int
    blue: int
    share: float
    """Of all pixels, from 0 to 1."""

    def hls(self) -> tuple[float, float, float]:
        return colorsys.rgb_to_hls(self.red / 255, self.green / 255, self.blue / 255)

    def swatch(self) -> dict[str, Any]:
        brightness = (self.red * 299 + self.green * 587 + self.blue * 114) / 1000
        return {
            "_type": "sanity.imagePaletteSwatch",
            "background": f"#{self.red:02x}{self.green:02x}{self.blue:02x}",
            "foreground": "#000" if brightness >= TEXT_BRIGHTNESS else "#fff",
            "population": round(self.share * 100, 2),
            "title": "#000" if brightness >= TITLE_BRIGHTNESS else "#fff",
        }


def palette_of(picture: Image) -> dict[str, Any]:
    """Return the palette of an image: `dominant` and six swatches, in the shape of the asset's metadata.

    Units: `population` in percent of the pixels; 0 for a swatch that no colour of the image fits, which is then made
    from the dominant one.
    """
    colours = _colours(picture)
    dominant = max(colours, key=lambda colour: colour.share)
    out: dict[str, Any] = {"_type": "sanity.imagePalette"}
    chosen: list[_Colour] = []
    for name, target in _TARGETS.items():
        best = _best(target, [colour for colour in colours if colour not in chosen], dominant.share)
        if best is None:
            best = _made(dominant, target)
        else:
            chosen.append(best)
        out[name] = best.swatch()
    out["dominant"] = max(chosen, key=lambda colour: colour.share, default=dominant).swatch()
    return out


def _colours(picture: Image) -> list[_Colour]:
    sample = picture.convert("RGB")
    sample.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE))
    reduced = sample.quantize(COLOURS)
    counted = reduced.convert("RGB").getcolors(sample.width * sample.height) or []
    total = sample.width * sample.height
    return [_Colour(*rgb, share=count / total) for count, rgb in sorted(counted)]  # type: ignore[misc]


def _best(target: _Target, colours: Iterable[_Colour], most: float) -> _Colour | None:
    def score(colour: _Colour) -> float:
        _, lightness, saturation = colour.hls()
        nearness = (
            1 - abs(saturation - target.saturation),
            1 - abs(lightness - target.lightness),
            colour.share / most,
        )
        return sum(weight * value for weight, value in zip(_WEIGHTS, nearness, strict=True))

    def fits(colour: _Colour) -> bool:
        _, lightness, saturation = colour.hls()
        least, greatest = target.saturation_bounds
        darkest, lightest = target.lightness_bounds
        return least <= saturation <= greatest and darkest <= lightness <= lightest

    return max(filter(fits, colours), key=score, default=None)


def _made(dominant: _Colour, target: _Target) -> _Colour:
    hue, _, _ = dominant.hls()
    red, green, blue = colorsys.hls_to_rgb(hue, target.lightness, target.saturation)
    return _Colour(round(red * 255), round(green * 255), round(blue * 255), 0.0)
