"""Custom roles as JSON: one role or a list of them, in a file or as values.

A role is `{"name": "blogger", "grants": [{"filter": "_type == \\"post\\"", "permissions": ["read"]}]}`, and may have a
`title`, a `description`, and `manages: ["datasets"]`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any, Final

from lakesim.access.builtin_roles import Roles
from lakesim.access.errors import GrantError
from lakesim.access.grant import Grant
from lakesim.access.role import Role
from lakesim.jsonvalue import JsonDecodeError, loads
from lakesim.suggest import among

__all__ = ["read_roles", "role_from", "roles_from"]

_FIELDS: Final = ("name", "title", "description", "grants", "manages")
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
_MANAGED: Final = ("datasets",)
_EXAMPLE: Final = '{"name": "blogger", "grants": [{"filter": "_type == \\"post\\"", "permissions": ["read"]}]}'


def read_roles(path: str | PathLike[str]) -> list[Role]:
    """Return the roles of a JSON file.

    Raises: GrantError naming file and place, OSError.
    """
    name = os.fspath(path)
    try:
        value = loads(Path(path).read_bytes())
    except JsonDecodeError as error:
        raise GrantError(f"{name}: line {error.lineno} column {error.colno}: {error.msg} (one JSON value)") from None
    return roles_from(value, f"{name}: role")


def roles_from(value: Any, place: str = "roles") -> list[Role]:
    """Return the roles that JSON describes: one role, or a list.

    Raises: GrantError that begins with `place`, also for a name that occurs twice.
    """
    if not isinstance(value, list):
        return [role_from(value, place)]
    roles = [role_from(item, f"{place}[{index}]") for index, item in enumerate(value)]
    seen: set[str] = set()
    for index, role in enumerate(roles):
        if role.name in seen:
            raise GrantError(f'{place}[{index}]: the role "{role.name}" occurs twice')
        seen.add(role.name)
    return roles


def role_from(value: Any, place: str = "role") -> Role:
    """Return the role that is given, named, or described by JSON: an object, or its list of grants alone.

    Raises: GrantError that begins with `place`, BadRequestError for an unknown name.
    """
    if isinstance(value, Role):
        return value
    if isinstance(value, str):
        return Roles().named(value)
    if isinstance(value, (list, tuple)):
        return Role("custom", "Custom", _grants(value, place), is_custom=True)
    if not isinstance(value, dict):
        raise GrantError(f"{place}: expected a role such as {_EXAMPLE}")
    for name in value:
        if name not in _FIELDS:
            raise GrantError(f'{place}: unknown field "{name}"' + among(name, _FIELDS))
    for name in ("name", "grants"):
        if name not in value:
            raise GrantError(f'{place} lacks the field "{name}"; right would be {_EXAMPLE}')
    role_name = value["name"]
    if not isinstance(role_name, str) or not _NAME.fullmatch(role_name):
        raise GrantError(f'{place}.name: expected a name such as "blogger" (a to z, 0 to 9 and -), not {role_name!r}')
    return Role(
        role_name,
        _text(value.get("title", role_name.replace("-", " ").capitalize()), f"{place}.title"),
        _grants(value["grants"], f"{place}.grants"),
        _text(value.get("description", ""), f"{place}.description"),
        manages_datasets="datasets" in _managed(value.get("manages", []), f"{place}.manages"),
        is_custom=True,
    )


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise GrantError(f"{place}: expected a text, not {value!r}")
    return value


def _grants(value: Any, place: str) -> tuple[Grant, ...]:
    if isinstance(value, (str, dict)) or not isinstance(value, Iterable):
        raise GrantError(f"{place}: expected a list of grants, not {value!r}")
    return tuple(Grant.of(item, f"{place}[{index}]") for index, item in enumerate(value))


def _managed(value: Any, place: str) -> list[str]:
    if not isinstance(value, list):
        raise GrantError(f'{place}: expected a list such as ["datasets"], not {value!r}')
    for item in value:
        if item not in _MANAGED:
            raise GrantError(f"{place}: {item!r} cannot be managed" + among(item, _MANAGED))
    return value
