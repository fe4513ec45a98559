"""Small pictures to upload."""

from io import BytesIO

import pytest
from PIL import Image


def gradient(width, height, mode="RGB"):
    """A picture that goes from red on the left to blue on the right, darker towards the bottom."""
    picture = Image.new(mode, (width, height))
    for x in range(width):
        for y in range(height):
            across, down = x / max(1, width - 1), y / max(1, height - 1)
            colour = (round(255 * (1 - across) * (1 - down / 2)), 40, round(255 * across * (1 - down / 2)))
            picture.putpixel((x, y), colour + ((round(255 * (1 - down)),) if mode == "RGBA" else ()))
    return picture


def encoded(picture, kind="PNG", **more):
    out = BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


@pytest.fixture(name="gradient")
def gradient_fixture():
    return gradient


@pytest.fixture(name="encoded")
def encoded_fixture():
    return encoded


@pytest.fixture
def decoded():
    return lambda body: Image.open(BytesIO(body))
