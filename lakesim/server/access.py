"""Who a caller is: tokens, the roles they stand for, and callers without a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakesim.access import ADMINISTRATOR, EVERYBODY, NOBODY, Role, Roles
from lakesim.errors import BadRequestError
from lakesim.server.gateway import ForbiddenError, SessionNotFoundError

__all__ = ["ADMINISTRATOR", "EVERYBODY", "NOBODY", "Access", "Caller", "Role", "Roles", "parse_token", "role_named"]

_BUILTIN = Roles()


def role_named(name: str, roles: Roles = _BUILTIN) -> Role:
    """Return one of the roles.

    Raises: BadRequestError for an unknown name.
    """
    return roles.named(name)


def parse_token(text: str, roles: Roles = _BUILTIN) -> tuple[str, Role]:
    """Return token and role from `TOKEN` (an administrator) or `TOKEN:ROLE`.

    Raises: BadRequestError as `role_named` does, and for an empty token.
    """
    token, colon, role = text.rpartition(":")
    if not colon:
        token, role = text, ADMINISTRATOR.name
    if not token:
        raise BadRequestError(f'Not a token: "{text}" (write TOKEN or TOKEN:ROLE, such as secret:viewer)')
    return token, role_named(role, roles)


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
            raise self._forbidden(what, "an administrator")

    def require_dataset_management(self, what: str) -> None:
        """Refuse a caller whose role does not manage datasets.

        Raises: ForbiddenError naming `what` was asked for.
        """
        if not self.role.manages_datasets:
            raise self._forbidden(what, "an administrator or another role that manages datasets")

    def require_session(self) -> str:
        """Return the caller's user id.

        Raises: SessionNotFoundError for a caller whom no token names.
        """
        if self.user_id is None:
            raise SessionNotFoundError
        return self.user_id

    def _forbidden(self, what: str, whom: str) -> ForbiddenError:
        return ForbiddenError(f'Insufficient permissions: {what} needs {whom}, not the role "{self.role.name}"')


class Access:
    """Tells callers apart by the `Authorization` header.

    Where no tokens are named any token is an administrator's, and so is a caller without one. As soon as tokens are
    named, others are refused, and callers without one have the role `public`, which reads the public documents of
    public datasets, unless `anonymous` says otherwise.
    """

    def __init__(
        self,
        tokens: Sequence[tuple[str, Role]] = (),
        *,
        anonymous: Role | None = None,
        roles: Roles | None = None,
    ) -> None:
        """Take the tokens, the role of callers without one, and the roles there are to tell of.

        Raises: BadRequestError for a token that is given twice.
        """
        if len(dict(tokens)) < len(tokens):
            raise BadRequestError("The same token is given twice; one token has one role")
        self._callers: Mapping[str, Caller] = {
            token: Caller(f"p{_word(role.name)}{number}", role) for number, (token, role) in enumerate(tokens, start=1)
        }
        role = anonymous or (EVERYBODY if tokens else ADMINISTRATOR)
        self._open = Caller(f"p{_word(ADMINISTRATOR.name)}", ADMINISTRATOR)
        self._anonymous = self._open if role.manages else Caller(None, role)
        self._roles = roles or _BUILTIN

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

    def members(self) -> list[Caller]:
        """Return the callers that tokens name, in the order of their tokens; without tokens, the administrator."""
        return list(self._callers.values()) or [self._open]

    def roles(self) -> list[Role]:
        """Return the roles there are, and those that only a token was given."""
        known = {role.name: role for role in self._roles}
        for caller in self.members():
            known.setdefault(caller.role.name, caller.role)
        return list(known.values())


def _word(name: str) -> str:
    """Return a name as one word: `write-only` becomes `WriteOnly`."""
    return "".join(part.capitalize() for part in name.split("-"))
