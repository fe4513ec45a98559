"""What is read from an image: size, opacity, placeholders, colours, what the camera wrote."""

import math
import struct
import zlib
from base64 import b64decode
from io import BytesIO

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from lakesim.assets import InvalidImageError, TransformOptions, transformed
from lakesim.assets.blurhash import blurhash_of
from lakesim.assets.image_reader import read_image
from lakesim.assets.metadata import metadata_of
from lakesim.assets.names import AssetName, parse_file_name
from lakesim.assets.options import META
from lakesim.assets.palette import palette_of
from lakesim.assets.thumbhash import thumbhash_of

ENOUGH = 10_000_000
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


@pytest.mark.parametrize(
    ("kind", "extension", "mime_type"),
    [
        ("PNG", "png", "image/png"),
        ("JPEG", "jpg", "image/jpeg"),
        ("WEBP", "webp", "image/webp"),
        ("GIF", "gif", "image/gif"),
        ("TIFF", "tif", "image/tiff"),
    ],
)
def test_formats(gradient, encoded, kind, extension, mime_type):
    image = read_image(encoded(gradient(12, 8), kind), pixels_max=ENOUGH)
    assert (image.width, image.height, image.extension, image.mime_type) == (12, 8, extension, mime_type)
    assert (image.has_alpha, image.is_opaque) == (False, True)


def test_opacity(gradient, encoded):
    clear = read_image(encoded(gradient(4, 4, "RGBA")), pixels_max=ENOUGH)
    solid = read_image(encoded(gradient(4, 4).convert("RGBA")), pixels_max=ENOUGH)
    assert [(one.has_alpha, one.is_opaque) for one in (clear, solid)] == [(True, False), (True, True)]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ('<svg xmlns="x" width="20" height="10px"/>', (20, 10)),
        ('<?xml version="1.0"?>\n<!-- hello -->\n<svg viewBox="0 0 40 30"></svg>', (40, 30)),
        ("<svg></svg>", (300, 150)),
        ('<svg width="100%" viewBox="0,0,7,9"/>', (7, 9)),
        ('<svg width="0" height="0"/>', (1, 1)),
    ],
)
def test_drawings_have_a_size(text, size):
    image = read_image(text.encode(), pixels_max=ENOUGH)
    assert (image.width, image.height, image.extension) == (*size, "svg")
    assert set(metadata_of(image, frozenset({"lqip", "exif"}))) == {"_type", "dimensions", "hasAlpha", "isOpaque"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"no image at all", "no format that can be read"),
        (b"<html></html>", "no format that can be read"),
        ("truncated", "broken"),
        ("large", "more than 100"),
    ],
)
def test_what_is_no_image_is_refused(gradient, encoded, body, reason):
    whole = encoded(gradient(40, 40))
    body = {"truncated": whole[: len(whole) // 2], "large": whole}.get(body, body)
    with pytest.raises(InvalidImageError, match=reason) as refusal:
        read_image(body, pixels_max=100 if reason == "more than 100" else ENOUGH)
    assert refusal.value.body()["message"] == "Invalid image, could not read metadata"


@pytest.mark.parametrize(
    ("kind", "mode", "size"),
    [
        *(("PNG", mode, (9, 7)) for mode in ("1", "L", "LA", "P", "I;16")),
        ("JPEG", "CMYK", (9, 7)),
        *(("TIFF", mode, (9, 7)) for mode in ("F", "I", "LAB")),
        *(("PNG", "RGBA", size) for size in ((1, 1), (1, 300), (300, 1))),
    ],
)
def test_every_kind_of_pixel_and_shape_is_described_and_transformed(encoded, kind, mode, size):
    body = encoded(Image.new(mode, size), kind)
    told = metadata_of(read_image(body, pixels_max=ENOUGH), frozenset(META))
    assert {"lqip", "palette", "blurHash", "thumbHash"} < set(told)
    for params in ({"w": "4"}, {"fm": "jpg"}, {"w": "5", "h": "5", "fit": "crop", "invert": "true", "blur": "9"}):
        assert transformed(body, TransformOptions.parse(params), pixels_max=ENOUGH)[0]


def test_a_picture_that_claims_to_be_huge_is_not_unpacked():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    body = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")
    with pytest.raises(InvalidImageError, match="60000 x 60000 pixels are more than 256000000"):
        read_image(body, pixels_max=256_000_000)


# Pillow has a bound of its own, below the service's: it warns at half of it and refuses at the whole.
def test_the_only_bound_on_pixels_is_the_lakes(gradient, encoded, monkeypatch):
    body = encoded(gradient(40, 40))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    image = read_image(body, pixels_max=1600)
    assert (image.width, image.height) == (40, 40)
    assert transformed(body, TransformOptions.parse({"w": "4"}), pixels_max=1600)[0]


def test_an_image_that_is_turned_has_the_size_it_is_shown_in(gradient, encoded):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    image = read_image(encoded(gradient(12, 8), "JPEG", exif=exif), pixels_max=ENOUGH)
    assert (image.width, image.height) == (8, 12)


def test_what_the_camera_wrote_is_told_on_request(gradient, encoded):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.DateTime] = "2024:05:06 07:08:09"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FNumber] = IFDRational(28, 10)
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (59.0, 54.0, 36.0), 3: "W", 4: (10.0, 45.0, 0.0), 6: 12.0})
    image = read_image(encoded(gradient(4, 4), "JPEG", exif=exif), pixels_max=ENOUGH)
    told = metadata_of(image, frozenset({"exif", "image", "location"}))
    assert told["exif"] == {"_type": "sanity.imageExifMetadata", "FNumber": 2.8}
    assert told["image"]["Make"] == "Maker"
    assert told["image"]["ModifyDate"] == "2024-05-06T07:08:09.000Z"
    assert told["location"] == {"_type": "geopoint", "lat": pytest.approx(59.91), "lng": -10.75, "alt": 12.0}
    assert not {"exif", "image", "location"} & set(metadata_of(image, frozenset()))


def test_placeholders_are_made_of_what_is_asked_for(gradient, encoded):
    image = read_image(encoded(gradient(60, 30)), pixels_max=ENOUGH)
    told = metadata_of(image, frozenset({"lqip", "palette", "blurhash", "thumbhash"}))
    assert told["dimensions"] == {"_type": "sanity.imageDimensions", "width": 60, "height": 30, "aspectRatio": 2}
    tiny = Image.open(BytesIO(b64decode(told["lqip"].removeprefix("data:image/jpeg;base64,"))))
    assert tiny.size == (20, 10)
    assert told["palette"]["_type"] == "sanity.imagePalette"
    assert {"blurHash", "thumbHash"} < set(told)
    clear = read_image(encoded(gradient(60, 30, "RGBA")), pixels_max=ENOUGH)
    assert metadata_of(clear, frozenset({"lqip"}))["lqip"].startswith("data:image/png;base64,")


def test_the_palette_finds_the_colours_that_are_there():
    picture = Image.new("RGB", (10, 10), (250, 20, 20))
    picture.paste((60, 60, 66), (0, 0, 10, 3))
    palette = palette_of(picture)
    assert palette["vibrant"] == palette["dominant"]
    assert palette["vibrant"]["background"] == "#fa1414"
    assert palette["vibrant"]["population"] == 70.0
    assert palette["darkMuted"]["background"] == "#3c3c42"
    assert palette["lightVibrant"]["population"] == 0.0
    assert palette["darkMuted"]["foreground"] == "#fff"
    white = palette_of(Image.new("RGB", (3, 3), (255, 255, 255)))
    assert (white["dominant"]["foreground"], white["dominant"]["title"]) == ("#000", "#000")


def linear(value):
    value /= 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def number(text):
    out = 0
    for digit in text:
        out = out * 83 + DIGITS.index(digit)
    return out


def blurhash_pixel(text, x, y):
    """The linear colour that a hash shows at a place given from 0 to 1."""
    size = number(text[0])
    across, down = size % 9 + 1, size // 9 + 1
    largest = (number(text[1]) + 1) / 166
    average = number(text[2:6])
    colours = [[linear(average >> 16), linear(average >> 8 & 255), linear(average & 255)]]
    for place in range(6, len(text), 2):
        value = number(text[place : place + 2])
        parts = [(part - 9) / 9 for part in (value // 361, value // 19 % 19, value % 19)]
        colours.append([math.copysign(part * part, part) * largest for part in parts])
    assert len(colours) == across * down
    weights = [math.cos(math.pi * i * x) * math.cos(math.pi * j * y) for j in range(down) for i in range(across)]
    return [sum(weight * colour[band] for weight, colour in zip(weights, colours, strict=True)) for band in range(3)]


@pytest.mark.parametrize(("width", "height"), [(60, 40), (40, 60), (30, 30)])
def test_a_blurhash_shows_the_picture(gradient, width, height):
    picture = gradient(width, height)
    text = blurhash_of(picture)
    assert len(text) == 28
    for x in (5, width // 2, width - 6):
        for y in (5, height // 2, height - 6):
            shown = blurhash_pixel(text, (x + 0.5) / width, (y + 0.5) / height)
            for value, stored in zip(shown, picture.getpixel((x, y)), strict=True):
                assert value == pytest.approx(linear(stored), abs=0.12)


def test_the_blurhash_of_black_is_the_known_one():
    assert blurhash_of(Image.new("RGB", (8, 8))) == "L00000fQfQfQfQfQfQfQfQfQfQfQ"


def thumbhash_pixel(text, x, y):
    """Red, green, blue and opacity, from 0 to 1, that a hash shows at a place given from 0 to 1."""
    body = b64decode(text)
    head, tail = int.from_bytes(body[:3], "little"), int.from_bytes(body[3:5], "little")
    has_alpha, wide = head >> 23, tail >> 15
    side = tail & 7
    across = max(3, (5 if has_alpha else 7) if wide else side)
    down = max(3, side if wide else (5 if has_alpha else 7))
    start = 6 if has_alpha else 5
    halves = iter([half for byte in body[start:] for half in (byte & 15, byte >> 4)])

    def channel(average, scale, nx, ny):
        value = average
        for j in range(ny):
            for i in range(nx):
                if (i or j) and i * ny < nx * (ny - j):
                    wave = math.cos(math.pi * i * x) * math.cos(math.pi * j * y)
                    value += (next(halves) / 7.5 - 1) * scale * wave * 2
        return value

    light = channel((head & 63) / 63, (head >> 18 & 31) / 31, across, down)
    yellow = channel((head >> 6 & 63) / 31.5 - 1, 1.25 * (tail >> 3 & 63) / 63, 3, 3)
    red_green = channel((head >> 12 & 63) / 31.5 - 1, 1.25 * (tail >> 9 & 63) / 63, 3, 3)
    alpha = channel((body[5] & 15) / 15, (body[5] >> 4) / 15, 5, 5) if has_alpha else 1
    blue = light - 2 / 3 * yellow
    red = (3 * light - blue + red_green) / 2
    return red, red - red_green, blue, alpha


@pytest.mark.parametrize(("width", "height", "mode"), [(60, 40, "RGB"), (40, 60, "RGB"), (30, 30, "RGBA")])
def test_a_thumbhash_shows_the_picture(gradient, width, height, mode):
    picture = gradient(width, height, mode)
    text = thumbhash_of(picture)
    for x in (width // 4, width // 2, width - width // 4):
        y = height // 2
        shown = thumbhash_pixel(text, (x + 0.5) / width, (y + 0.5) / height)
        for value, stored in zip(shown, picture.getpixel((x, y)), strict=False):
            assert value == pytest.approx(stored / 255, abs=0.12)


@pytest.mark.parametrize(
    "name", [AssetName("image", "a" * 40, "png", 30, 20), AssetName("file", "0123456789" * 4, "tar")]
)
def test_the_name_of_the_file_says_what_the_id_says(name):
    assert parse_file_name(name.kind, name.file_name) == name
    assert parse_file_name(name.kind, name.document_id) is None
    assert parse_file_name("image" if name.kind == "file" else "file", name.file_name) is None
