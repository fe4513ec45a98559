"""Who a caller is and what its role admits: tokens, roles, and callers without a token.

A role reads everything, or nothing; it writes everything, or nothing. Roles whose grants are filters on documents are
refused by name (content-lake reference, section 6.8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lakesim.errors import BadRequestError, NotSupportedError
from lakesim.server.gateway import ForbiddenError, SessionNotFoundError
from lakesim.suggest import did_you_mean

__all__ = ["ADMINISTRATOR", "NOBODY", "ROLES", "Access", "Caller", "Role", "parse_token", "role_named"]


@dataclass(frozen=True, slots=True)
class Role:
    """What callers of one kind may do."""

    name: str
    title: str
    reads: bool
    writes: bool
    manages: bool
    """May create and delete datasets and use the emulator's own controls."""

    @property
    def permissions(self) -> list[str]:
        """The permissions of the role's one grant, as the ACL lists them; empty for a role without a grant."""
        reading = ["read", "history"] if self.reads else []
        return reading + (["create", "update"] if self.writes else [])


ADMINISTRATOR: Final = Role("administrator", "Administrator", reads=True, writes=True, manages=True)
NOBODY: Final = Role("none", "None", reads=False, writes=False, manages=False)
ROLES: Final = {
    role.name: role
    for role in (
        ADMINISTRATOR,
        Role("developer", "Developer", reads=True, writes=True, manages=False),
        Role("editor", "Editor", reads=True, writes=True, manages=False),
        Role("viewer", "Viewer", reads=True, writes=False, manages=False),
        NOBODY,
    )
}
"""The roles that this server knows, by name."""

FILTERED_ROLES: Final = ("contributor", "public", "custom")
"""Roles of the service whose grants are filters: a part of the documents only."""


def role_named(name: str) -> Role:
    """Return a role.

    Raises: NotSupportedError for a role that needs filters, BadRequestError for an unknown name.
    """
    if name in ROLES:
        return ROLES[name]
    known = ", ".join(ROLES)
    if name in FILTERED_ROLES:
        raise NotSupportedError(
            f'The role "{name}" grants a part of the documents, which is not supported yet; there are: {known}'
        )
    raise BadRequestError(f'Unknown role "{name}" (there are: {known}).' + did_you_mean(name, ROLES))


def parse_token(text: str) -> tuple[str, Role]:
    """Return token and role from `TOKEN` (an administrator) or `TOKEN:ROLE`.

    Raises: NotSupportedError, BadRequestError as `role_named` does, and for an empty token.
    """
    token, colon, role = text.rpartition(":")
    if not colon:
        token, role = text, ADMINISTRATOR.name
    if not token:
        raise BadRequestError(f'Not a token: "{text}" (write TOKEN or TOKEN:ROLE, such as secret:viewer)')
    return token, role_named(role)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request; `user_id` is None for a caller whom no token names."""

    user_id: str | None
    role: Role

    def require_management(self, what: str) -> None:
        """Refuse a caller who is no administrator.

        Raises: ForbiddenError naming `what` was asked for.
        """
        if not self.role.manages:
            raise ForbiddenError(
                f'Insufficient permissions: {what} needs an administrator, not the role "{self.role.name}"'
            )


class Access:
    """Tells callers apart by the `Authorization` header.

    Where no tokens are named any token is an administrator's, and so is a caller without one. As soon as tokens are
    named, others are refused and callers without one have the role `none`, unless `anonymous` says otherwise.
    """

    def __init__(self, tokens: Sequence[tuple[str, Role]] = (), *, anonymous: Role | None = None) -> None:
        """Take the tokens, and the role of callers without one."""
        self._callers: Mapping[str, Caller] = {
            token: Caller(f"p{role.title}{number}", role) for number, (token, role) in enumerate(tokens, start=1)
        }
        role = anonymous or (NOBODY if tokens else ADMINISTRATOR)
        self._open = Caller(f"p{ADMINISTRATOR.title}", ADMINISTRATOR)
        self._anonymous = self._open if role.manages else Caller(None, role)

    def caller(self, authorization: str | None) -> Caller:
        """Return the caller that an `Authorization` header names.

        Raises: SessionNotFoundError for a token that was not named, on every endpoint.
        """
        if authorization is None:
            return self._anonymous
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer" and not self._callers:
            return self._open
        known = self._callers.get(token.strip()) if scheme.lower() == "bearer" else None
        if known is None:
            raise SessionNotFoundError
        return known
