"""Managing a project: datasets and the project's own data (content-lake reference, sections 6.6 and 6.7)."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from lakesim.server.call import Call
from lakesim.server.embeddings_routes import refuse_embeddings
from lakesim.server.endpoint import RouteSpec
from lakesim.server.member_routes import member_of
from lakesim.server.projects import ACL_MODES, DatasetRecord
from lakesim.server.studio_routes import FEATURES
from lakesim.server.wire import json_answer, json_object

__all__ = ["PROJECT_ROUTES"]

PROFILE: Final = "content"
"""`datasetProfile` of every dataset here; the service also has add-on datasets, such as for comments."""


def list_datasets(call: Call) -> Response:
    """List the datasets on which the caller's role has grants; callers without a token are told of none.

    `datasetProfile` and `addonFor` choose among them.
    """
    params, role = call.params, call.caller.role
    if role.by_acl_mode or params.get("addonFor") or params.get("datasetProfile", PROFILE) != PROFILE:
        return json_answer([])
    return json_answer([_dataset(record) for record in call.project.records() if role.grants_on(record.acl_mode)])


def _dataset(record: DatasetRecord) -> dict[str, Any]:
    return {
        "name": record.dataset.name,
        "aclMode": record.acl_mode,
        "createdAt": record.created_at,
        "createdByUserId": None,
        "addonFor": None,
        "datasetProfile": PROFILE,
        "features": [],
        "tags": [],
    }


def create_dataset(call: Call) -> Response:
    """Make a dataset."""
    call.caller.require_dataset_management("creating a dataset")
    body = json_object(call.body, fields=("aclMode", "embeddings")) if call.body else {}
    refuse_embeddings(body.get("embeddings"))
    record = call.project.create(call.path["dataset"], body.get("aclMode", ACL_MODES[0]))
    return json_answer({"datasetName": record.dataset.name, "aclMode": record.acl_mode})


def edit_dataset(call: Call) -> Response:
    """Change a dataset's mode."""
    call.caller.require_dataset_management("editing a dataset")
    body = json_object(call.body, fields=("aclMode",), required=("aclMode",))
    record = call.project.edit(call.path["dataset"], body["aclMode"])
    return json_answer({"datasetName": record.dataset.name, "aclMode": record.acl_mode})


def delete_dataset(call: Call) -> Response:
    """Delete a dataset with all it holds."""
    call.caller.require_dataset_management("deleting a dataset")
    call.project.delete(call.path["dataset"])
    return json_answer({"deleted": True})


def list_projects(call: Call) -> Response:
    """List the project that the request names: any id is one, so the others cannot be listed."""
    return json_answer([_project(call)])


def get_project(call: Call) -> Response:
    """Return the project; any id is one. Its members are told to members, unless `includeMembers` is false."""
    return json_answer(_project(call))


def _project(call: Call) -> dict[str, Any]:
    project, caller = call.project, call.caller
    shows_members = caller.user_id is not None and call.params.get("includeMembers", "true") != "false"
    return {
        "id": project.project_id,
        "displayName": project.project_id,
        "studioHost": None,
        "organizationId": None,
        "isBlocked": False,
        "isDisabled": False,
        "isDisabledByUser": False,
        "createdAt": project.created_at,
        "pendingInvites": 0,
        "maxRetentionDays": None,
        **({} if call.params.get("includeFeatures") == "false" else {"features": list(FEATURES)}),
        "metadata": {},
        "members": [member_of(member, caller) for member in call.access.members()] if shows_members else [],
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
    ("GET", "/check/cors", check_cors),
]
