"""Managing a project: datasets, its own data, access lists, users (content-lake reference, sections 6.6 to 6.8)."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from lakesim.server.access import Caller
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.gateway import SessionNotFoundError
from lakesim.server.projects import ACL_MODES, DatasetRecord
from lakesim.server.wire import json_answer, json_object

__all__ = ["PROJECT_ROUTES"]

EVERY_DOCUMENT: Final = '_id in path("**")'
"""The filter of a grant on everything."""
USER_NAME: Final = "Lakesim user"


def list_datasets(call: Call) -> Response:
    """List the datasets; callers who may read nothing see none."""
    records = call.project.records() if call.caller.role.reads else []
    return json_answer([_dataset(record) for record in records])


def _dataset(record: DatasetRecord) -> dict[str, Any]:
    return {
        "name": record.dataset.name,
        "aclMode": record.acl_mode,
        "createdAt": record.created_at,
        "createdByUserId": None,
        "addonFor": None,
        "datasetProfile": "content",
        "features": [],
        "tags": [],
    }


def create_dataset(call: Call) -> Response:
    """Make a dataset."""
    call.caller.require_management("creating a dataset")
    body = json_object(call.body, fields=("aclMode",)) if call.body else {}
    record = call.project.create(call.path["dataset"], body.get("aclMode", ACL_MODES[0]))
    return json_answer({"datasetName": record.dataset.name, "aclMode": record.acl_mode})


def edit_dataset(call: Call) -> Response:
    """Change a dataset's mode."""
    call.caller.require_management("editing a dataset")
    body = json_object(call.body, fields=("aclMode",), required=("aclMode",))
    record = call.project.edit(call.path["dataset"], body["aclMode"])
    return json_answer({"datasetName": record.dataset.name, "aclMode": record.acl_mode})


def delete_dataset(call: Call) -> Response:
    """Delete a dataset with all it holds."""
    call.caller.require_management("deleting a dataset")
    call.project.delete(call.path["dataset"])
    return json_answer({"deleted": True})


def dataset_acl(call: Call) -> Response:
    """Return the caller's grants on a dataset, which clients evaluate themselves.

    Raises: DatasetNotFoundError.
    """
    call.project.record(call.path["dataset"])
    permissions = call.caller.role.permissions
    return json_answer([{"filter": EVERY_DOCUMENT, "permissions": permissions}] if permissions else [])


def current_user(call: Call) -> Response:
    """Return the caller as a user.

    Raises: SessionNotFoundError for a caller whom no token names.
    """
    return json_answer(_user(call.caller))


def _user(caller: Caller) -> dict[str, Any]:
    if caller.user_id is None:
        raise SessionNotFoundError
    role = caller.role
    return {
        "id": caller.user_id,
        "name": USER_NAME,
        "email": f"{caller.user_id.lower()}@lakesim.invalid",
        "profileImage": None,
        "role": role.name,
        "roles": [{"name": role.name, "title": role.title}],
        "provider": "lakesim",
    }


def list_projects(call: Call) -> Response:
    """List the project that the request names: any id is one, so the others cannot be listed."""
    return json_answer([_project(call)])


def get_project(call: Call) -> Response:
    """Return the project; any id is one."""
    return json_answer(_project(call))


def _project(call: Call) -> dict[str, Any]:
    project, caller = call.project, call.caller
    members = [] if caller.user_id is None else [_member(caller)]
    return {
        "id": project.project_id,
        "displayName": project.project_id,
        "studioHost": None,
        "organizationId": None,
        "isBlocked": False,
        "isDisabled": False,
        "metadata": {},
        "members": members,
    }


def _member(caller: Caller) -> dict[str, Any]:
    role = caller.role
    return {
        "id": caller.user_id,
        "role": role.name,
        "roles": [{"name": role.name, "title": role.title}],
        "isCurrentUser": True,
        "isRobot": False,
    }


def check_cors(call: Call) -> Response:
    """Say that every origin is admitted with credentials (section 0.8)."""
    return json_answer({"result": {"allowed": True, "withCredentials": True}})


PROJECT_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/datasets", list_datasets),
    ("PUT", "/datasets/{dataset}", create_dataset),
    ("PATCH", "/datasets/{dataset}", edit_dataset),
    ("DELETE", "/datasets/{dataset}", delete_dataset),
    ("GET", "/projects", list_projects),
    ("GET", "/projects/{project}", get_project),
    ("GET", "/projects/{project}/datasets", list_datasets),
    ("PUT", "/projects/{project}/datasets/{dataset}", create_dataset),
    ("PATCH", "/projects/{project}/datasets/{dataset}", edit_dataset),
    ("DELETE", "/projects/{project}/datasets/{dataset}", delete_dataset),
    ("GET", "/projects/{project}/datasets/{dataset}/acl", dataset_acl),
    ("GET", "/users/me", current_user),
    ("GET", "/check/cors", check_cors),
]
