"""What the emulator's controls share: who may use them, and which project they mean."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from lakesim.errors import BadRequestError
from lakesim.server.call import Call
from lakesim.server.projects import Project
from lakesim.suggest import among

__all__ = ["check_params", "controlled"]

_EVERYWHERE: Final = ("project", "tag")
"""Parameters that every control takes."""


def controlled(call: Call, what: str) -> Project:
    """Return the project that a control is to act on: that of `project`, else the one that the request names.

    Raises: ForbiddenError, naming `what`, for a caller who is no administrator; BadRequestError for a malformed id.
    """
    call.caller.require_management(what)
    named = call.params.get("project")
    return call.project if named is None else call.projects.project(named)


def check_params(call: Call, *known: str) -> None:
    """Refuse parameters that a control does not have, which would be taken for an effect otherwise.

    Raises: BadRequestError.
    """
    names: Collection[str] = dict.fromkeys((*known, *_EVERYWHERE))
    for name in call.params:
        if name not in names:
            raise BadRequestError(f'Unknown parameter "{name}"' + among(name, names))
