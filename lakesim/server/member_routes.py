"""Users and members of a project: whoever a token names (content-lake reference, section 6.7; Studio inventory, 7).

All but `users/me` of oneself are for callers with a token; who has none is answered 401.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from lakesim.server.access import Caller
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.gateway import UserNotFoundError
from lakesim.server.wire import json_answer

__all__ = ["MEMBER_ROUTES", "member_of"]

USER_NAME: Final = "Lakesim user"
PROVIDER: Final = "lakesim"
ROBOT_ROLES: Final = ("write-only", "create-session", "deploy-studio")
"""Roles that people do not have."""


def current_user(call: Call) -> Response:
    """Return the caller as a user.

    Raises: SessionNotFoundError for a caller whom no token names.
    """
    call.caller.require_session()
    return json_answer(_user(call, call.caller))


def users_by_id(call: Call) -> Response:
    """Return the user of an id, or a list of those users, of several ids, that there are.

    Raises: SessionNotFoundError, UserNotFoundError for one unknown id.
    """
    own = call.caller.require_session()
    known = {member.user_id: member for member in call.access.members()}
    ids = [own if user_id == "me" else user_id for user_id in call.path["ids"].split(",") if user_id]
    if len(ids) == 1:
        if ids[0] not in known:
            raise UserNotFoundError(ids[0], call.project.project_id)
        return json_answer(_user(call, known[ids[0]]))
    return json_answer([_user(call, known[user_id]) for user_id in ids if user_id in known])


def list_users(call: Call) -> Response:
    """Return every user of the project."""
    call.caller.require_session()
    return json_answer([_user(call, member) for member in call.access.members()])


def _user(call: Call, member: Caller) -> dict[str, Any]:
    user_id = member.user_id or ""
    return {
        "id": user_id,
        "projectId": call.project.project_id,
        "name": USER_NAME,
        "displayName": f"{USER_NAME} ({member.role.title})",
        "givenName": None,
        "middleName": None,
        "familyName": None,
        "createdAt": call.project.created_at,
        "updatedAt": call.project.created_at,
        "email": f"{user_id.lower()}@lakesim.invalid",
        "profileImage": None,
        "imageUrl": None,
        "role": member.role.name,
        "roles": _roles(member),
        "provider": PROVIDER,
        "isRobot": member.role.name in ROBOT_ROLES,
        "isCurrentUser": member == call.caller,
    }


def _roles(member: Caller) -> list[dict[str, Any]]:
    role = member.role
    return [{"name": role.name, "title": role.title, "description": role.description}]


def list_members(call: Call) -> Response:
    """Return the members of the project with their roles, as the project itself lists them."""
    call.caller.require_session()
    return json_answer([member_of(member, call.caller) for member in call.access.members()])


def member_of(member: Caller, caller: Caller) -> dict[str, Any]:
    """Return a member as a project lists it to `caller`."""
    return {
        "id": member.user_id,
        "role": member.role.name,
        "roles": _roles(member),
        "isCurrentUser": member == caller,
        "isRobot": member.role.name in ROBOT_ROLES,
    }


def project_acl(call: Call) -> Response:
    """Return who has which roles in the project."""
    call.caller.require_session()
    return json_answer([_entry(member) for member in call.access.members()])


def project_acl_of(call: Call) -> Response:
    """Return which roles one member has.

    Raises: SessionNotFoundError, UserNotFoundError.
    """
    own = call.caller.require_session()
    user_id = own if call.path["user"] == "me" else call.path["user"]
    for member in call.access.members():
        if member.user_id == user_id:
            return json_answer({**_entry(member), "role": member.role.name})
    raise UserNotFoundError(user_id, call.project.project_id)


def _entry(member: Caller) -> dict[str, Any]:
    return {
        "projectUserId": member.user_id,
        "isRobot": member.role.name in ROBOT_ROLES,
        "roles": _roles(member),
    }


MEMBER_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/users/me", current_user),
    ("GET", "/users/{ids}", users_by_id),
    ("GET", "/projects/{project}/users", list_users),
    ("GET", "/projects/{project}/users/{ids}", users_by_id),
    ("GET", "/projects/{project}/members", list_members),
    ("GET", "/projects/{project}/acl", project_acl),
    ("GET", "/projects/{project}/acl/{user}", project_acl_of),
]
