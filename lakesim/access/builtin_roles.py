"""The service's own roles as data, and a table of them together with custom ones.

Source: content-lake reference, sections 1.4 and 6.8. Where it is silent: a contributor's grant on drafts covers the
versions of releases too, as the service's own "Draft documents" permission does; a write-only robot creates and
updates everything and reads nothing; roles for sessions and deployments have no grant on documents; administrators
and developers manage datasets; what a caller without a token may read of a `custom` dataset is what it may read of a
private one, nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from lakesim.access.grant import EVERY_DOCUMENT, Grant
from lakesim.access.role import Role
from lakesim.errors import BadRequestError
from lakesim.suggest import did_you_mean

__all__ = ["ADMINISTRATOR", "BUILTIN_ROLES", "EVERYBODY", "NOBODY", "Roles"]

_DRAFTS: Final = '_id in path("drafts.**") || _id in path("versions.**")'
_ROOT: Final = '_id in path("*")'
_WRITING: Final = ("read", "history", "create", "update")
_ALL_DATASETS: Final = "Reads and writes every document of all datasets"

ADMINISTRATOR: Final = Role(
    "administrator",
    "Administrator",
    (Grant(EVERY_DOCUMENT, _WRITING),),
    f"{_ALL_DATASETS}, manages the project",
    manages=True,
    manages_datasets=True,
)
NOBODY: Final = Role("none", "None", (), "Reads and writes nothing")
EVERYBODY: Final = Role(
    "public",
    "Public",
    (Grant(_ROOT, ("read",)),),
    "Reads documents whose id has no dot, of public datasets",
    by_acl_mode=True,
)
"""The role of callers without a token, on a server that has tokens."""
BUILTIN_ROLES: Final = (
    ADMINISTRATOR,
    Role(
        "developer",
        "Developer",
        (Grant(EVERY_DOCUMENT, _WRITING),),
        f"{_ALL_DATASETS}, manages datasets",
        manages_datasets=True,
    ),
    Role("editor", "Editor", (Grant(EVERY_DOCUMENT, _WRITING),), _ALL_DATASETS),
    Role(
        "contributor",
        "Contributor",
        (Grant(EVERY_DOCUMENT, ("read",)), Grant(_DRAFTS, ("create", "update", "history"))),
        "Reads every document, writes drafts and versions",
    ),
    Role("viewer", "Viewer", (Grant(EVERY_DOCUMENT, ("read", "history")),), "Reads every document of all datasets"),
    Role(
        "write-only",
        "Write-only robot",
        (Grant(EVERY_DOCUMENT, ("create", "update")),),
        "Writes every document of all datasets and reads none",
    ),
    Role("create-session", "Create session", (), "Creates sessions; reads and writes no document"),
    Role("deploy-studio", "Deploy Studio", (), "Deploys studios; reads and writes no document"),
    EVERYBODY,
    NOBODY,
)
ALIASES: Final = {"admin": "administrator", "write": "write-only", "robot": "write-only", "read": "viewer"}
"""Other names under which a role is known."""


class Roles:
    """The roles that can be named: the built-in ones and those that were added."""

    def __init__(self, custom: Iterable[Role] = ()) -> None:
        """Add custom roles to the built-in ones.

        Raises: BadRequestError for a name that is taken.
        """
        self._roles = {role.name: role for role in BUILTIN_ROLES}
        for role in custom:
            if role.name in self._roles or role.name in ALIASES:
                raise BadRequestError(f'There is a role "{role.name}" already; give yours another name')
            self._roles[role.name] = role

    def __iter__(self) -> Iterator[Role]:
        """Iterate over the roles, the built-in ones first."""
        return iter(self._roles.values())

    def named(self, name: str) -> Role:
        """Return a role.

        Raises: BadRequestError for an unknown name.
        """
        role = self._roles.get(ALIASES.get(name, name))
        if role is None:
            known = ", ".join(self._roles)
            near = did_you_mean(name, [*self._roles, *ALIASES])
            raise BadRequestError(f'Unknown role "{name}" (there are: {known}).{near}')
        return role
