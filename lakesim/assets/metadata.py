"""The `metadata` of an image's document: what is always there, and what was asked for."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from lakesim.assets.blurhash import blurhash_of
from lakesim.assets.exif import camera_metadata
from lakesim.assets.image_reader import ReadImage
from lakesim.assets.palette import palette_of
from lakesim.assets.thumbhash import thumbhash_of

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["metadata_of"]

LQIP_SIDE: Final = 20
"""Pixels of the longer side of the low quality placeholder."""


def metadata_of(image: ReadImage, wanted: frozenset[str]) -> dict[str, Any]:
    """Return an image's metadata; a drawing (SVG) has size and opacity only."""
    ratio = image.width / image.height
    out: dict[str, Any] = {
        "_type": "sanity.imageMetadata",
        "dimensions": {
            "_type": "sanity.imageDimensions",
            "width": image.width,
            "height": image.height,
            "aspectRatio": int(ratio) if ratio.is_integer() else ratio,
        },
        "hasAlpha": image.has_alpha,
        "isOpaque": image.is_opaque,
    }
    picture = image.picture
    if picture is None:
        return out
    if "lqip" in wanted:
        out["lqip"] = _lqip(picture, opaque=image.is_opaque)
    if "palette" in wanted:
        out["palette"] = palette_of(picture)
    if "blurhash" in wanted:
        out["blurHash"] = blurhash_of(picture)
    if "thumbhash" in wanted:
        out["thumbHash"] = thumbhash_of(picture)
    out.update(_finite(camera_metadata(picture, wanted)))
    return out


def _lqip(picture: Image, *, opaque: bool) -> str:
    """Return a tiny copy of the picture as a `data:` address."""
    small = picture.convert("RGB" if opaque else "RGBA")
    small.thumbnail((LQIP_SIDE, LQIP_SIDE))
    out = BytesIO()
    kind = "jpeg" if opaque else "png"
    small.save(out, kind)
    return f"data:image/{kind};base64,{b64encode(out.getvalue()).decode()}"


def _finite(value: Any) -> Any:
    """Leave out numbers that JSON has no word for."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items() if not _is_infinite(item)}
    if isinstance(value, list):
        return [_finite(item) for item in value if not _is_infinite(item)]
    return value


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and not isfinite(value)
