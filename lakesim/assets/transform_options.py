"""The parameters of an image's address that ask for another rendition of it.

Followed are size (`w h max-w max-h min-w min-h dpr`), fit (`fit crop fp-x fp-y rect bg`), orientation (`or flip`),
format (`fm auto q`) and `blur` and `invert`. `sharp`, `sat`, `pad`, `frame` and `mask` are refused by name. Others mean
nothing, as on the service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from lakesim.assets.errors import InvalidTransformError
from lakesim.errors import NotSupportedError
from lakesim.suggest import among

__all__ = ["FITS", "Rect", "TransformOptions"]

T = TypeVar("T")

FITS: Final = ("clip", "crop", "fill", "fillmax", "max", "min", "scale")
"""How a picture gets into a box; `clip` is the default."""
CROPS: Final = ("top", "bottom", "left", "right", "center", "focalpoint", "entropy")
FORMATS: Final = {"jpg": "JPEG", "pjpg": "JPEG", "png": "PNG", "webp": "WEBP"}
"""What `fm` may be, and pillow's name for it."""
SIDE_MAX: Final = 8192
"""Pixels of a side that can be asked for."""
DPR_MAX: Final = 5.0
QUALITY: Final = 75
"""The default of `q`, from 0 to 100."""
BLUR_MAX: Final = 2000
UNSUPPORTED: Final = ("sharp", "sharpen", "sat", "pad", "frame", "mask")
_FLIPS: Final = ("h", "v", "hv")
_TURNS: Final = (0, 90, 180, 270)
_COLOUR: Final = re.compile(r"(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")

Rect = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the original."""


@dataclass(frozen=True, slots=True)
class TransformOptions:
    """Checked parameters; units: pixels for sides (already multiplied by `dpr`), 0 to 1 for the focal point."""

    width: int | None = None
    height: int | None = None
    least: tuple[int | None, int | None] = (None, None)
    most: tuple[int | None, int | None] = (None, None)
    fit: str = "clip"
    crop: str = "center"
    focus: tuple[float, float] = (0.5, 0.5)
    rect: Rect | None = None
    ground: tuple[int, int, int, int] | None = None
    turn: int = 0
    flip: str = ""
    format: str | None = None
    auto_format: bool = False
    progressive: bool = False
    quality: int = QUALITY
    blur: int = 0
    invert: bool = False

    @property
    def is_original(self) -> bool:
        """Whether nothing was asked for, so that the bytes can be served as they came."""
        return self == TransformOptions(auto_format=self.auto_format) and not self.auto_format

    @classmethod
    def parse(cls, params: Mapping[str, str]) -> TransformOptions:
        """Return what the parameters ask for.

        Raises: InvalidTransformError for a value that is none, NotSupportedError for what cannot be done here.
        """
        for name in UNSUPPORTED:
            if name in params:
                raise NotSupportedError(f'The image parameter "{name}" is not supported; leave it out')
        read = _Reader(params)
        scale = read.number("dpr", 1.0, least=0.1, most=DPR_MAX)
        sides = {
            name: None if (side := read.whole(name, least=1, most=SIDE_MAX)) is None else round(side * scale)
            for name in ("w", "h", "min-w", "min-h", "max-w", "max-h")
        }
        word = read.word("fm", tuple(FORMATS))
        return cls(
            width=sides["w"],
            height=sides["h"],
            least=(sides["min-w"], sides["min-h"]),
            most=(sides["max-w"], sides["max-h"]),
            fit=read.word("fit", FITS) or "clip",
            crop=_crop(read),
            focus=(read.number("fp-x", 0.5, least=0, most=1), read.number("fp-y", 0.5, least=0, most=1)),
            rect=read.parsed("rect", _rect, "four whole numbers: left,top,width,height"),
            ground=read.parsed("bg", _colour, "a colour such as ff0000 or 80ff0000 (opacity first)"),
            turn=read.parsed("or", _turn, "0, 90, 180 or 270") or 0,
            flip=read.word("flip", _FLIPS) or "",
            format=None if word is None else FORMATS[word],
            auto_format=read.word("auto", ("format",)) is not None,
            progressive=word == "pjpg",
            quality=_or(read.whole("q", least=0, most=100), QUALITY),
            blur=_or(read.whole("blur", least=0, most=BLUR_MAX), 0),
            invert=read.word("invert", ("true", "false")) == "true",
        )


class _Reader:
    """Reads parameters; every refusal names the parameter, its value and what would be right."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params

    def parsed(self, name: str, parse: Callable[[str], T], right: str) -> T | None:
        text = self._params.get(name)
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError:
            raise InvalidTransformError(f'Invalid value for {name}: "{text}" (right would be {right})') from None

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        found = self.parsed(name, lambda text: _within(round(_float(text)), least, most), f"{least} to {most}")
        return None if found is None else int(found)

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        found = self.parsed(name, lambda text: _within(_float(text), least, most), f"{least:g} to {most:g}")
        return default if found is None else found

    def word(self, name: str, words: Sequence[str]) -> str | None:
        text = self._params.get(name)
        if text is not None and text not in words:
            raise InvalidTransformError(f'Invalid value for {name}: "{text}"' + among(text, words))
        return text

    def text(self, name: str) -> str | None:
        return self._params.get(name)


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def _float(text: str) -> float:
    if not re.fullmatch(r"\d{1,6}(?:\.\d{1,9})?", text, re.ASCII):
        raise ValueError(text)
    return float(text)


def _within(value: float, least: float, most: float) -> float:
    if not least <= value <= most:
        raise ValueError(value)
    return value


def _crop(read: _Reader) -> str:
    # Two words, such as `top,left`, name a corner.
    words = (read.text("crop") or "center").split(",")
    for word in words:
        if word not in CROPS:
            raise InvalidTransformError(f'Invalid value for crop: "{word}"' + among(word, CROPS))
    if "entropy" in words:
        raise NotSupportedError('crop=entropy is not supported; name a side, "center" or "focalpoint"')
    return ",".join(words)


def _rect(text: str) -> Rect:
    parts = [int(part) for part in text.split(",") if re.fullmatch(r"\d{1,6}", part, re.ASCII)]
    if len(parts) != 4 or len(text.split(",")) != 4 or 0 in parts[2:]:
        raise ValueError(text)
    return parts[0], parts[1], parts[2], parts[3]


def _turn(text: str) -> int:
    turn = int(text) if re.fullmatch(r"\d{1,3}", text, re.ASCII) else -1
    if turn not in _TURNS:
        raise ValueError(text)
    return turn


def _colour(text: str) -> tuple[int, int, int, int]:
    if not _COLOUR.fullmatch(text):
        raise ValueError(text)
    digits = text if len(text) > 4 else "".join(digit * 2 for digit in text)
    parts = [int(digits[place : place + 2], 16) for place in range(0, len(digits), 2)]
    opacity = parts.pop(0) if len(parts) == 4 else 255
    return parts[0], parts[1], parts[2], opacity
