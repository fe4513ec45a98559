"""Renditions of an image that its address asks for."""

import pytest
from PIL import Image

from lakesim.assets import InvalidTransformError, TransformOptions, transformed
from lakesim.errors import NotSupportedError

ENOUGH = 10_000_000

SIZES = [
    # of a picture of 60 x 40
    ({}, (60, 40)),
    ({"w": "30"}, (30, 20)),
    ({"h": "10"}, (15, 10)),
    ({"w": "120"}, (120, 80)),
    ({"w": "30", "dpr": "2"}, (60, 40)),
    ({"w": "20", "h": "20"}, (20, 13)),
    ({"w": "20", "h": "20", "fit": "clip"}, (20, 13)),
    ({"w": "20", "h": "20", "fit": "crop"}, (20, 20)),
    ({"w": "120", "h": "120", "fit": "crop"}, (120, 120)),
    ({"w": "120", "h": "120", "fit": "min"}, (40, 40)),
    ({"w": "20", "h": "20", "fit": "scale"}, (20, 20)),
    ({"w": "20", "h": "20", "fit": "fill"}, (20, 20)),
    ({"w": "120", "h": "120", "fit": "max"}, (60, 40)),
    ({"w": "120", "h": "100", "fit": "fillmax"}, (120, 100)),
    ({"max-w": "30"}, (30, 20)),
    ({"max-w": "300"}, (60, 40)),
    ({"min-h": "80"}, (120, 80)),
    ({"rect": "10,10,20,10"}, (20, 10)),
    ({"rect": "10,10,20,10", "w": "10"}, (10, 5)),
    ({"or": "90"}, (40, 60)),
    ({"or": "180"}, (60, 40)),
    ({"flip": "hv"}, (60, 40)),
    ({"v": "cache-buster"}, (60, 40)),
]


@pytest.mark.parametrize(("params", "size"), SIZES)
def test_sizes(gradient, encoded, decoded, params, size):
    body, mime_type = transformed(encoded(gradient(60, 40)), TransformOptions.parse(params), pixels_max=ENOUGH)
    assert (decoded(body).size, mime_type) == (size, "image/png")


QUARTERS = {"left,top": (255, 0, 0), "right,top": (0, 255, 0), "left,bottom": (0, 0, 255), "right,bottom": (9, 9, 9)}


@pytest.fixture
def quarters(encoded):
    """A picture of four quarters, each of one colour."""
    picture = Image.new("RGB", (40, 40), QUARTERS["right,bottom"])
    for (x, y), name in {(0, 0): "left,top", (20, 0): "right,top", (0, 20): "left,bottom"}.items():
        picture.paste(QUARTERS[name], (x, y, x + 20, y + 20))
    return encoded(picture)


@pytest.mark.parametrize(
    ("params", "quarter"),
    [
        ({"rect": "0,20,20,20"}, "left,bottom"),
        ({"fit": "crop", "w": "10", "h": "40", "crop": "right"}, "right,top"),
        ({"fit": "crop", "w": "10", "h": "40", "crop": "left"}, "left,top"),
        ({"fit": "crop", "w": "40", "h": "10", "crop": "bottom"}, "left,bottom"),
        ({"fit": "crop", "w": "10", "h": "40", "crop": "focalpoint", "fp-x": "0.9"}, "right,top"),
        ({"fit": "crop", "w": "40", "h": "10", "crop": "focalpoint", "fp-y": "0"}, "left,top"),
        ({"flip": "h"}, "right,top"),
        ({"flip": "v"}, "left,bottom"),
        ({"or": "90"}, "left,bottom"),
        ({"or": "270"}, "right,top"),
    ],
)
def test_what_is_shown_in_the_left_upper_corner(quarters, decoded, params, quarter):
    body, _ = transformed(quarters, TransformOptions.parse(params), pixels_max=ENOUGH)
    shown = decoded(body).convert("RGB").getpixel((1, 1))
    assert shown == pytest.approx(QUARTERS[quarter], abs=2)


@pytest.mark.parametrize(
    ("params", "accept", "mime_type"),
    [
        ({"fm": "jpg"}, "", "image/jpeg"),
        ({"fm": "pjpg"}, "", "image/jpeg"),
        ({"fm": "webp"}, "", "image/webp"),
        ({"auto": "format"}, "image/webp,*/*", "image/webp"),
        ({"auto": "format"}, "image/png", "image/png"),
        ({"auto": "format", "fm": "jpg"}, "image/webp", "image/jpeg"),
    ],
)
def test_formats(gradient, encoded, decoded, params, accept, mime_type):
    options = TransformOptions.parse(params)
    body, told = transformed(encoded(gradient(8, 8, "RGBA")), options, accept=accept, pixels_max=ENOUGH)
    assert (told, Image.MIME[decoded(body).format]) == (mime_type, mime_type)
    assert not options.is_original


def test_a_lower_quality_is_smaller_and_free_space_has_the_ground(gradient, encoded, decoded):
    body = encoded(gradient(60, 40))
    high, low = (
        len(transformed(body, TransformOptions.parse({"fm": "jpg", "q": q}), pixels_max=ENOUGH)[0]) for q in ("90", "5")
    )
    assert low < high
    options = TransformOptions.parse({"w": "40", "h": "40", "fit": "fill", "bg": "00ff00"})
    filled = decoded(transformed(body, options, pixels_max=ENOUGH)[0])
    assert filled.getpixel((0, 0)) == (0, 255, 0, 255)


@pytest.mark.parametrize(
    ("params", "fragment"),
    [
        ({"w": "0"}, "w: .*right would be 1 to 8192"),
        ({"w": "1e9"}, "right would be 1 to 8192"),
        ({"h": "99999"}, "right would be 1 to 8192"),
        ({"dpr": "9"}, "right would be 0.1 to 5"),
        ({"fit": "crp"}, 'Did you mean "crop"'),
        ({"crop": "middle"}, "there are: top"),
        ({"fm": "bmp"}, "there are: jpg"),
        ({"rect": "1,2,3"}, "left,top,width,height"),
        ({"rect": "0,0,0,5"}, "left,top,width,height"),
        ({"rect": "50,0,20,20"}, "reaches beyond the image"),
        ({"or": "45"}, "0, 90, 180 or 270"),
        ({"bg": "green"}, "a colour such as"),
        ({"q": "101"}, "0 to 100"),
        ({"fp-x": "2"}, "0 to 1"),
    ],
)
def test_what_cannot_be_followed_is_refused(gradient, encoded, params, fragment):
    with pytest.raises(InvalidTransformError, match=fragment):
        transformed(encoded(gradient(60, 40)), TransformOptions.parse(params), pixels_max=ENOUGH)


@pytest.mark.parametrize("name", ["sharp", "sat", "pad", "mask"])
def test_what_is_not_there_is_refused_by_name(name):
    with pytest.raises(NotSupportedError, match=f'"{name}" is not supported'):
        TransformOptions.parse({name: "1"})
