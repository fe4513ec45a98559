"""Who may do what with which documents: grants as filters, roles made of them, the rights of one caller."""

from __future__ import annotations

from lakesim.access.builtin_roles import ADMINISTRATOR, BUILTIN_ROLES, EVERYBODY, NOBODY, Roles
from lakesim.access.errors import GrantError
from lakesim.access.grant import PERMISSIONS, Grant
from lakesim.access.judge import Judge
from lakesim.access.rights import Rights
from lakesim.access.role import Role
from lakesim.access.role_reader import read_roles, role_from, roles_from
from lakesim.access.standing import OWNER, Standing, standing_of

__all__ = [
    "ADMINISTRATOR",
    "BUILTIN_ROLES",
    "EVERYBODY",
    "NOBODY",
    "OWNER",
    "PERMISSIONS",
    "Grant",
    "GrantError",
    "Judge",
    "Rights",
    "Role",
    "Roles",
    "Standing",
    "read_roles",
    "role_from",
    "roles_from",
    "standing_of",
]
