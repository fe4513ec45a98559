"""Dataset names: their grammar."""

from __future__ import annotations

import re
from typing import Final

from lakesim.errors import BadRequestError

__all__ = ["check_dataset_name"]

_NAME: Final = re.compile(r"[a-z0-9][-\w]{0,63}", re.ASCII)


def check_dataset_name(name: object) -> str:
    """Return `name` if a dataset may be called so (content-lake reference, section 6.6).

    Raises: BadRequestError.
    """
    if isinstance(name, str) and _NAME.fullmatch(name):
        return name
    raise BadRequestError(
        f"Invalid dataset name: {name!r} (a lower-case letter or digit, then up to 63 letters, digits, _ or -)"
    )
