"""Makes another rendition of an image: turned, cut out, resized into a box, filtered, in another format."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from lakesim.assets.errors import InvalidTransformError
from lakesim.assets.image_reader import FORMATS, open_image
from lakesim.assets.transform_options import TransformOptions

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["transformed"]

_CONTENT_TYPES: Final = {name: mime_type for name, (_, mime_type) in FORMATS.items()}
_CLEAR: Final = (0, 0, 0, 0)
_WHITE: Final = (255, 255, 255, 255)

Size = tuple[int, int]


def transformed(body: bytes, options: TransformOptions, *, accept: str = "", pixels_max: int) -> tuple[bytes, str]:
    """Return a rendition of an image and its content type.

    `accept` is what the caller can show: with `auto_format` WebP is chosen where it says so.
    Raises: InvalidImageError, InvalidTransformError for a cut outside of the image, NotSupportedError without pillow.
    """
    from PIL import ImageOps

    original = open_image(body, pixels_max=pixels_max)
    kind = options.format or ("WEBP" if options.auto_format and "image/webp" in accept else original.format or "PNG")
    picture = ImageOps.exif_transpose(original) or original
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture = _cut(picture, options)
    picture = _turned(picture, options)
    picture = _resized(picture, options)
    picture = _filtered(picture, options)
    return _saved(picture, kind, options)


def _cut(picture: Image, options: TransformOptions) -> Image:
    if options.rect is None:
        return picture
    left, top, width, height = options.rect
    if left + width > picture.width or top + height > picture.height:
        raise InvalidTransformError(
            f"Invalid value for rect: it reaches beyond the image, which has {picture.width} x {picture.height} pixels"
        )
    return picture.crop((left, top, left + width, top + height))


def _turned(picture: Image, options: TransformOptions) -> Image:
    from PIL import ImageOps

    if options.turn:
        picture = picture.rotate(-options.turn, expand=True)
    if "h" in options.flip:
        picture = ImageOps.mirror(picture)
    if "v" in options.flip:
        picture = ImageOps.flip(picture)
    return picture


def _resized(picture: Image, options: TransformOptions) -> Image:
    from PIL.Image import Resampling

    box = _box(picture.size, options)
    fit = options.fit
    if fit in ("crop", "min") and options.width and options.height:
        return _cropped(picture, box, options)
    size = box if fit == "scale" and options.width and options.height else _inside(picture.size, box)
    if fit in ("max", "fillmax") and size[0] >= picture.width and size[1] >= picture.height:
        size = picture.size
    shown = picture if size == picture.size else picture.resize(size, Resampling.LANCZOS)
    if fit in ("fill", "fillmax") and options.width and options.height:
        return _on_ground(shown, box, options)
    return shown


def _box(size: Size, options: TransformOptions) -> Size:
    """Return the box that is asked for; a side that is not named follows from the other."""
    width, height = options.width, options.height
    if width is None and height is None:
        wanted = size
    elif width is None or height is None:
        ratio = (width or 0) / size[0] if height is None else height / size[1]
        wanted = (width or _side(size[0] * ratio), height or _side(size[1] * ratio))
    else:
        wanted = (width, height)
    # Bounds keep the proportions.
    for bound, side in zip(options.most, wanted, strict=True):
        if bound is not None and side > bound:
            wanted = (_side(wanted[0] * bound / side), _side(wanted[1] * bound / side))
    for bound, side in zip(options.least, wanted, strict=True):
        if bound is not None and side < bound:
            wanted = (_side(wanted[0] * bound / side), _side(wanted[1] * bound / side))
    return wanted


def _side(value: float) -> int:
    return max(1, round(value))


def _inside(size: Size, box: Size) -> Size:
    ratio = min(box[0] / size[0], box[1] / size[1])
    return min(box[0], _side(size[0] * ratio)), min(box[1], _side(size[1] * ratio))


def _cropped(picture: Image, box: Size, options: TransformOptions) -> Image:
    """Fill the box and cut off what is too much; `min` never enlarges, only the proportions are the box's then."""
    from PIL.Image import Resampling

    if options.fit == "min":
        ratio = min(1.0, picture.width / box[0], picture.height / box[1])
        box = (_side(box[0] * ratio), _side(box[1] * ratio))
    ratio = max(box[0] / picture.width, box[1] / picture.height)
    size = (max(box[0], _side(picture.width * ratio)), max(box[1], _side(picture.height * ratio)))
    large = picture.resize(size, Resampling.LANCZOS)
    left, top = _corner(size, box, options)
    return large.crop((left, top, left + box[0], top + box[1]))


def _corner(size: Size, box: Size, options: TransformOptions) -> Size:
    words = options.crop.split(",")
    if "focalpoint" in words:
        places = [side * share - wanted / 2 for side, share, wanted in zip(size, options.focus, box, strict=True)]
        left, top = (
            max(0, min(round(place), side - wanted)) for place, side, wanted in zip(places, size, box, strict=True)
        )
        return left, top
    spare = (size[0] - box[0], size[1] - box[1])
    left = 0 if "left" in words else spare[0] if "right" in words else spare[0] // 2
    top = 0 if "top" in words else spare[1] if "bottom" in words else spare[1] // 2
    return left, top


def _on_ground(picture: Image, box: Size, options: TransformOptions) -> Image:
    from PIL import Image

    ground = Image.new("RGBA", box, options.ground or _CLEAR)
    place = ((box[0] - picture.width) // 2, (box[1] - picture.height) // 2)
    ground.alpha_composite(picture.convert("RGBA"), place)
    return ground


def _filtered(picture: Image, options: TransformOptions) -> Image:
    from PIL import ImageFilter, ImageOps

    if options.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(options.blur / 10))
    if options.invert:
        picture = ImageOps.invert(picture.convert("RGB"))
    if options.ground is not None and picture.mode == "RGBA":
        picture = _flat(picture, options.ground)
    return picture


def _flat(picture: Image, ground: tuple[int, int, int, int]) -> Image:
    from PIL import Image

    below = Image.new("RGBA", picture.size, ground)
    below.alpha_composite(picture)
    return below


def _saved(picture: Image, kind: str, options: TransformOptions) -> tuple[bytes, str]:
    kind = "JPEG" if kind == "MPO" else kind
    more: dict[str, Any] = {}
    if kind in ("JPEG", "WEBP", "AVIF"):
        more["quality"] = options.quality
    if kind == "JPEG":
        more["progressive"] = options.progressive
        if picture.mode == "RGBA":
            picture = _flat(picture, options.ground or _WHITE).convert("RGB")
    out = BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue(), _CONTENT_TYPES[kind]
