"""Reads uploaded bytes as an image: its format, size and opacity. Needs pillow, which is imported when first used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakesim.assets.decoders import recognized
from lakesim.assets.errors import InvalidImageError
from lakesim.errors import NotSupportedError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["FORMATS", "ReadImage", "open_image", "read_image"]

FORMATS: Final = {
    "PNG": ("png", "image/png"),
    "JPEG": ("jpg", "image/jpeg"),
    "MPO": ("jpg", "image/jpeg"),
    "WEBP": ("webp", "image/webp"),
    "GIF": ("gif", "image/gif"),
    "TIFF": ("tif", "image/tiff"),
    "AVIF": ("avif", "image/avif"),
}
"""Extension and content type by pillow's name of the format."""

_OPENED: Final = tuple(name for name in FORMATS if name != "MPO")
"""Several JPEG pictures in one file are opened as JPEG, and then go by their own name."""
_SVG_START: Final = re.compile(
    rb"\s*(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<svg[\s>]", re.DOTALL | re.IGNORECASE
)
_SVG_TAG: Final = re.compile(rb"<svg\b([^>]*)>", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(rb"""\b(width|height|viewBox)\s*=\s*["']([^"']*)["']""")
_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?)(?:px)?")
_SVG_SEARCHED_BYTES: Final = 64 * 1024
_SVG_SIZE: Final = (300, 150)
"""What browsers take for a drawing that does not say."""


@dataclass(frozen=True, slots=True)
class ReadImage:
    """An image that could be read.

    Units: `width` and `height` in pixels as the image is shown, that is after its EXIF orientation. `picture` is the
    decoded first frame, likewise turned; None for a drawing (SVG).
    """

    width: int
    height: int
    extension: str
    mime_type: str
    has_alpha: bool
    is_opaque: bool
    picture: Image | None


def read_image(body: bytes, *, pixels_max: int) -> ReadImage:
    """Return what the bytes show.

    Raises: InvalidImageError, NotSupportedError where pillow is not installed.
    """
    if _SVG_START.match(body[:_SVG_SEARCHED_BYTES]):
        return _drawing(body)
    picture = open_image(body, pixels_max=pixels_max)
    extension, mime_type = FORMATS[picture.format or "PNG"]
    turned = _turned(picture)
    has_alpha = turned.has_transparency_data
    return ReadImage(
        turned.width, turned.height, extension, mime_type, has_alpha, not has_alpha or _is_opaque(turned), turned
    )


def open_image(body: bytes, *, pixels_max: int) -> Image:
    """Return the image that the bytes hold, decoded.

    Raises: InvalidImageError, NotSupportedError where pillow is not installed.
    """
    if not body:
        raise InvalidImageError("the upload is empty")
    try:
        picture = recognized(body, _OPENED)
        if picture is None:
            known = ", ".join(sorted({extension for extension, _ in FORMATS.values()} | {"svg"}))
            raise InvalidImageError(f"the bytes are of no format that can be read ({known})")
        if picture.width * picture.height > pixels_max:
            raise InvalidImageError(f"{picture.width} x {picture.height} pixels are more than {pixels_max}")
        picture.load()
    except InvalidImageError:
        raise
    except ImportError:
        raise NotSupportedError('Images need pillow: pip install "lakesim[server]"') from None
    except Exception as error:
        # Decoders answer broken bytes with many kinds of exceptions: OSError, SyntaxError, struct.error, ValueError.
        raise InvalidImageError(f"the {picture_name(body)} is broken: {error}") from None
    return picture


def picture_name(body: bytes) -> str:
    """Return what broken bytes claim to be, for a message."""
    if body.startswith(b"\x89PNG"):
        return "png"
    return "jpg" if body.startswith(b"\xff\xd8") else "image"


def _turned(picture: Image) -> Image:
    from PIL import ImageOps

    turned = ImageOps.exif_transpose(picture)
    return picture if turned is None else turned


def _is_opaque(picture: Image) -> bool:
    lowest, _ = picture.convert("RGBA").getchannel("A").getextrema()
    return bool(lowest == 255)


def _drawing(body: bytes) -> ReadImage:
    tag = _SVG_TAG.search(body)
    found = dict(_ATTRIBUTE.findall(tag[1])) if tag is not None else {}
    said = {name.decode(): value.decode("utf-8", "replace") for name, value in found.items()}
    box = said.get("viewBox", "").replace(",", " ").split()
    width = _length(said.get("width", "")) or (_length(box[2]) if len(box) == 4 else None) or _SVG_SIZE[0]
    height = _length(said.get("height", "")) or (_length(box[3]) if len(box) == 4 else None) or _SVG_SIZE[1]
    return ReadImage(width, height, "svg", "image/svg+xml", has_alpha=True, is_opaque=False, picture=None)


def _length(text: str) -> int | None:
    match = _LENGTH.fullmatch(text.strip())
    return None if match is None else min(max(1, round(float(match[1]))), 999_999)
