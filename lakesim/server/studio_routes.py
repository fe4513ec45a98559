"""What the Studio asks of the service besides documents: features, its users' settings, schedules, telemetry, login.

Source: the Studio's inventory, section 4. Most of it is answered with "nothing", which the Studio takes better than
404: it asks several times for what it does not find.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from lakesim.errors import InvalidRequestBodyError
from lakesim.jsonvalue import Json, JsonDecodeError, loads
from lakesim.server.access import Caller
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.gateway import ForbiddenError
from lakesim.server.projects import Project
from lakesim.server.wire import json_answer

__all__ = ["FEATURES", "STUDIO_ROUTES"]

FEATURES: Final = ("contentReleases", "privateDataset")
"""The features that a project's plan is said to include: those that are here."""
SETTINGS_MAX: Final = 10_000
"""Settings of all users of a project."""


def features(call: Call) -> Response:
    """List the features of the project's plan."""
    return json_answer(list(FEATURES))


def settings(call: Call) -> Response:
    """Return the caller's settings of some names, in their order; null for one that was never set.

    Raises: SessionNotFoundError.
    """
    user = call.caller.require_session()
    names = [name for name in call.path["keys"].split(",") if name]
    return json_answer([{"key": name, "value": call.project.settings.get((user, name))} for name in names])


def save_settings(call: Call) -> Response:
    """Save settings of the caller and return them.

    Raises: SessionNotFoundError, InvalidRequestBodyError, ForbiddenError when there are too many.
    """
    user = call.caller.require_session()
    given = _settings_of(call.body)
    kept = call.project.settings
    if len(kept) + len(given) > SETTINGS_MAX:
        raise ForbiddenError(f"This project holds {len(kept)} settings; {SETTINGS_MAX} is the limit")
    kept.update({(user, name): value for name, value in given.items()})
    return json_answer([{"key": name, "value": value} for name, value in given.items()])


def _settings_of(body: bytes) -> dict[str, Json]:
    right = 'a list such as [{"key": "name", "value": 1}]'
    try:
        given = loads(body)
    except JsonDecodeError as error:
        raise InvalidRequestBodyError(f"invalid JSON: {error.msg}; right would be {right}") from None
    if not isinstance(given, list):
        raise InvalidRequestBodyError(f"the body must be {right}")
    found = {}
    for item in given:
        if not isinstance(item, dict) or not isinstance(item.get("key"), str) or "value" not in item:
            raise InvalidRequestBodyError(f"each setting needs a key and a value; right would be {right}")
        found[item["key"]] = item["value"]
    return found


def release_quota(call: Call) -> Response:
    """Tell how many releases there may be (asked before one is created)."""
    active = sum(_active_releases(call.project, call.caller))
    return json_answer(
        {
            "data": {
                "orgActiveReleaseCount": active,
                "orgMeteredActiveReleaseCount": active,
                "datasetReleaseLimit": call.project.lake.limits.active_releases_max,
                "orgActiveReleaseLimit": None,
            }
        }
    )


def _active_releases(project: Project, caller: Caller) -> list[int]:
    query = "count(releases::all()[!(state in ['published', 'archived'])])"
    counts: list[Any] = [record.as_used_by(caller).query(query) for record in project.records()]
    return counts


def schedules(call: Call) -> Response:
    """List the schedules of single documents: there are none."""
    return json_answer({"schedules": []})


def applications(call: Call) -> Response:
    """List the Studios deployed for the project: there are none."""
    return json_answer([])


def announcements(call: Call) -> Response:
    """List the news for users of the Studio: there are none."""
    return json_answer([])


def nothing(call: Call) -> Response:
    """Answer null to what only advertises."""
    return json_answer(None)


def telemetry_status(call: Call) -> Response:
    """Say that nothing about the use of the Studio is wanted."""
    return json_answer({"status": "denied"})


def telemetry(call: Call) -> Response:
    """Take what the Studio tells of its use, and forget it."""
    return json_answer({})


def login_providers(call: Call) -> Response:
    """List where one can log in: nowhere; whoever has a token uses that."""
    return json_answer({"providers": []})


def who_am_i(call: Call) -> Response:
    """Return the caller's id, as the Studio asks when it probes a login.

    Raises: SessionNotFoundError.
    """
    return json_answer({"id": call.caller.require_session(), "expiry": None})


def log_out(call: Call) -> Response:
    """Say that the caller is logged out; tokens stay what they are."""
    return json_answer({"ok": True})


STUDIO_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/features", features),
    ("GET", "/users/me/keyvalue/{keys}", settings),
    ("PUT", "/users/me/keyvalue", save_settings),
    ("GET", "/projects/{project}/new-content-release-allowed", release_quota),
    ("GET", "/projects/{project}/user-applications", applications),
    ("GET", "/user-applications", applications),
    ("GET", "/schedules/{project}/{dataset}", schedules),
    ("GET", "/journey/announcements", announcements),
    ("GET", "/journey/{name}", nothing),
    ("GET", "/help", nothing),
    ("GET", "/intake/telemetry-status", telemetry_status),
    ("POST", "/intake/batch", telemetry),
    ("GET", "/auth/providers", login_providers),
    ("GET", "/auth/id", who_am_i),
    ("POST", "/auth/logout", log_out),
]
