"""What a camera wrote into an image: the `exif`, `image` and `location` parts of an asset's metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

__all__ = ["camera_metadata"]

TEXT_MAX: Final = 1_000
"""Characters of one value; makers' notes are longer and say nothing to others."""
LIST_MAX: Final = 64
_ATTRIBUTE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_DATE: Final = re.compile(r"\d{4}:\d{2}:\d{2} \d{2}:\d{2}:\d{2}")
_RENAMED: Final = {"DateTime": "ModifyDate", "ISOSpeedRatings": "ISO", "ExifVersion": None, "MakerNote": None}


def camera_metadata(picture: Image, wanted: frozenset[str]) -> dict[str, Any]:
    """Return those of `exif`, `image` and `location` that are wanted and found."""
    from PIL.ExifTags import GPSTAGS, IFD, TAGS

    if not wanted & {"exif", "image", "location"}:
        return {}
    exif = picture.getexif()
    out: dict[str, Any] = {}
    if "exif" in wanted and (tags := _named(exif.get_ifd(IFD.Exif), TAGS)):
        out["exif"] = {"_type": "sanity.imageExifMetadata", **tags}
    if "image" in wanted and (tags := _named(exif, TAGS)):
        out["image"] = {"_type": "sanity.imageExifTags", **tags}
    if "location" in wanted:
        location = _location({GPSTAGS.get(tag, ""): value for tag, value in exif.get_ifd(IFD.GPSInfo).items()})
        if location is not None:
            out["location"] = location
    return out


def _named(tags: Exif | Mapping[int, Any], names: Mapping[int, str]) -> dict[str, Any]:
    out = {}
    for tag, value in tags.items():
        known = names.get(tag, "")
        name = _RENAMED.get(known, known)
        plain = _plain(value)
        if name and _ATTRIBUTE.fullmatch(name) and plain is not None:
            out[name] = plain
    return dict(sorted(out.items()))


def _plain(value: Any) -> Any:
    """Return a value as JSON, None if it has no readable form."""
    if isinstance(value, str):
        text = value.rstrip("\x00 ")
        return _date(text) if _DATE.fullmatch(text) else text[:TEXT_MAX]
    if isinstance(value, int):
        return value
    if isinstance(value, (bytes, Mapping)) or value is None:
        return None
    if isinstance(value, tuple):
        items = [_plain(item) for item in value[:LIST_MAX]]
        return None if None in items else items
    try:
        return float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None


def _date(text: str) -> str:
    try:
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S").isoformat() + ".000Z"
    except ValueError:
        return text


def _location(gps: Mapping[str, Any]) -> dict[str, Any] | None:
    lat = _degrees(gps.get("GPSLatitude"), gps.get("GPSLatitudeRef") == "S")
    lng = _degrees(gps.get("GPSLongitude"), gps.get("GPSLongitudeRef") == "W")
    if lat is None or lng is None:
        return None
    out = {"_type": "geopoint", "lat": lat, "lng": lng}
    altitude = _plain(gps.get("GPSAltitude"))
    if isinstance(altitude, (int, float)):
        below = gps.get("GPSAltitudeRef") in (1, b"\x01")
        out["alt"] = -altitude if below else altitude
    return out


def _degrees(value: Any, negative: bool) -> float | None:
    parts = _plain(value) if isinstance(value, tuple) else None
    if not parts or len(parts) != 3:
        return None
    degrees = float(parts[0] + parts[1] / 60 + parts[2] / 3600)
    return -degrees if negative else degrees
