"""Which API versions know an action; callers in process have none and may use them all.

Source: content-lake reference, sections 0.2 and 3.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakesim.actions.registry import ACTIONS, RELEASE_ACTIONS_SINCE
from lakesim.errors import BadRequestError

__all__ = ["require_api_version"]

_DATE: Final = re.compile(r"v?(\d{4}-\d{2}-\d{2})")
_EXPERIMENTAL: Final = frozenset({"X", "vX"})


def require_api_version(actions: Iterable[Mapping[str, Any]], version: str) -> None:
    """Refuse the first action that `version` (`v2024-05-23`, `1`, `X`; the `v` may be missing) does not have yet.

    Raises: BadRequestError in the service's words.
    """
    if version in _EXPERIMENTAL:
        return
    dated = _DATE.fullmatch(version)
    # Dates compare as text; version 1 is older than every action.
    date = "" if dated is None else dated[1]
    for index, action in enumerate(actions):
        name = action.get("actionType")
        spec = ACTIONS.get(name) if isinstance(name, str) else None
        # What is unknown altogether is the parser's to refuse, with a better text.
        if spec is not None and date < spec.since:
            raise BadRequestError(
                f"action index {index}: not supported for this API version ({name} needs v{spec.since} or later;"
                f" v{RELEASE_ACTIONS_SINCE} has all)"
            )
