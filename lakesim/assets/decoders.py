"""Finds pillow's decoder for some bytes, without pillow's own bound on pixels.

That bound is one for the whole process, lower than the service's, and warns well before it refuses; whoever opens an
image here applies the lake's bound instead, before anything is decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["recognized"]

_PREFIX_BYTES: Final = 16
"""What decoders look at to tell whether the bytes are theirs."""
_NOT_MINE: Final = (SyntaxError, IndexError, TypeError, struct.error)
"""How decoders say on a closer look that the bytes are not theirs after all."""


def recognized(body: bytes, formats: Iterable[str]) -> Image | None:
    """Return the image, not yet decoded, that the bytes are in the first of pillow's `formats` that fits; else None.

    Raises: whatever a decoder does that knows the format and finds the bytes broken.
    """
    from PIL import Image

    Image.init()
    for name in formats:
        if name not in Image.OPEN:
            # Pillow was built without it.
            continue
        factory, accepts = Image.OPEN[name]
        # Instead of a plain no, some say why not.
        if accepts is None or accepts(body[:_PREFIX_BYTES]) is True:
            try:
                return factory(BytesIO(body), "")
            except _NOT_MINE:
                continue
    return None
