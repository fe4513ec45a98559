"""Roles, grants and permissions as the project tells of them (content-lake reference, section 6.8).

The roles are those the server was started with; they are not changed over HTTP.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from lakesim.access import PERMISSIONS, Grant, Role
from lakesim.access.grant import EVERY_DOCUMENT
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.gateway import RoleNotFoundError
from lakesim.server.wire import json_answer

__all__ = ["ROLE_ROUTES"]

FILTER_TYPE: Final = "sanity.document.filter"
"""The kind of resource that documents are to the service's roles."""
_MANAGED: Final = ("read", "create", "update", "delete")
_SAID: Final = {
    "read": "Read documents matching the filter",
    "create": "Create documents matching the filter",
    "update": "Change and delete documents matching the filter",
    "history": "Read the history of documents matching the filter",
    "editHistory": "Edit the history of documents matching the filter",
    "manage": "Manage documents matching the filter",
}


def dataset_acl(call: Call) -> Response:
    """Return the caller's grants on a dataset, which clients evaluate themselves.

    Raises: DatasetNotFoundError.
    """
    return json_answer([_wire(grant) for grant in call.caller.role.grants_on(call.record.acl_mode)])


def _wire(grant: Grant) -> dict[str, Any]:
    return {"filter": grant.filter, "permissions": list(grant.permissions)}


def dataset_grants(call: Call) -> Response:
    """Return the caller's grants on a dataset, by kind of resource.

    Raises: DatasetNotFoundError.
    """
    grants = call.caller.role.grants_on(call.record.acl_mode)
    return json_answer({FILTER_TYPE: [_resource(grant) for grant in grants]} if grants else {})


def project_grants(call: Call) -> Response:
    """Return what the caller's role permits in the whole project, by kind of resource."""
    role = call.caller.role
    return json_answer({} if role.by_acl_mode else _resources(role))


def _resources(role: Role) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if role.grants:
        found[FILTER_TYPE] = [_resource(grant) for grant in role.grants]
        found["sanity.project"] = [_project_resource("read", *(("update", "delete") if role.manages else ()))]
    if role.manages_datasets:
        found["sanity.project.datasets"] = [_project_resource(*_MANAGED)]
    if role.manages:
        found["sanity.project.members"] = [_project_resource("read")]
        found["sanity.project.roles"] = [_project_resource("read")]
    return found


def _resource(grant: Grant) -> dict[str, Any]:
    return {"grants": _named(grant.permissions), "config": {"filter": grant.filter}}


def _project_resource(*names: str) -> dict[str, Any]:
    return {"grants": _named(names), "config": {}}


def _named(names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"name": name, "params": {}} for name in names]


def list_roles(call: Call) -> Response:
    """Return every role a token can have, with its grants.

    Raises: SessionNotFoundError.
    """
    call.caller.require_session()
    return json_answer([_role(call, role) for role in call.access.roles()])


def get_role(call: Call) -> Response:
    """Return one role.

    Raises: SessionNotFoundError, RoleNotFoundError.
    """
    call.caller.require_session()
    name = call.path["role"]
    for role in call.access.roles():
        if role.name == name:
            return json_answer(_role(call, role))
    raise RoleNotFoundError(name, call.project.project_id)


def _role(call: Call, role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "title": role.title,
        "description": role.description,
        "isCustom": role.is_custom,
        "projectId": call.project.project_id,
        "appliesToUsers": True,
        "appliesToRobots": True,
        "grants": _resources(role),
    }


def list_permissions(call: Call) -> Response:
    """Return the filters of documents that roles have, each with what can be permitted on it.

    Raises: SessionNotFoundError.
    """
    call.caller.require_session()
    filters = dict.fromkeys([EVERY_DOCUMENT, *(one.filter for role in call.access.roles() for one in role.grants)])
    return json_answer([_permission(call, number, text) for number, text in enumerate(filters, start=1)])


def _permission(call: Call, number: int, text: str) -> dict[str, Any]:
    actions = [{"name": name, "title": name.capitalize(), "description": _SAID[name]} for name in PERMISSIONS]
    return {
        "name": f"sanity-document-filter-{number}",
        "title": "All documents" if text == EVERY_DOCUMENT else text,
        "description": "",
        "type": FILTER_TYPE,
        "resourceType": "project",
        "resourceId": call.project.project_id,
        "config": {"filter": text},
        "actions": actions,
    }


ROLE_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/projects/{project}/datasets/{dataset}/acl", dataset_acl),
    ("GET", "/projects/{project}/datasets/{dataset}/grants", dataset_grants),
    ("GET", "/projects/{project}/grants", project_grants),
    ("GET", "/projects/{project}/roles", list_roles),
    ("GET", "/projects/{project}/roles/{role}", get_role),
    ("GET", "/projects/{project}/permissions", list_permissions),
]
