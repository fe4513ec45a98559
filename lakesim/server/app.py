"""Puts the endpoints together as one ASGI application."""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from lakesim.server.access import Access
from lakesim.server.action_routes import ACTION_ROUTES
from lakesim.server.admin_routes import ADMIN_ROUTES
from lakesim.server.asset_routes import DOWNLOAD_ROUTES, UPLOAD_ROUTES
from lakesim.server.cors import Cors
from lakesim.server.data_routes import DATA_ROUTES
from lakesim.server.embeddings_routes import EMBEDDINGS_ROUTES
from lakesim.server.endpoint import make_route, make_stream_route
from lakesim.server.events import listen
from lakesim.server.export_routes import EXPORT_ROUTES
from lakesim.server.history_routes import HISTORY_ROUTES
from lakesim.server.live_events import live_events
from lakesim.server.member_routes import MEMBER_ROUTES
from lakesim.server.missing import method_not_allowed, not_found
from lakesim.server.project_routes import PROJECT_ROUTES
from lakesim.server.projects import Projects
from lakesim.server.reference_routes import REFERENCE_ROUTES
from lakesim.server.request_log import RequestLogging
from lakesim.server.role_routes import ROLE_ROUTES
from lakesim.server.service_headers import ServiceHeaders
from lakesim.server.studio_routes import STUDIO_ROUTES

__all__ = ["make_app"]

VERSION = "/v{version}"
STREAMS: Final = (
    ("/data/listen/{dataset}", listen),
    ("/projects/{project}/datasets/{dataset}/listen", listen),
    ("/data/live/events/{dataset}", live_events),
    ("/projects/{project}/datasets/{dataset}/live/events", live_events),
)
"""Endpoints whose answers are streams of events."""

VERSIONED: Final = (
    *DATA_ROUTES,
    *EXPORT_ROUTES,
    *REFERENCE_ROUTES,
    *HISTORY_ROUTES,
    *ACTION_ROUTES,
    *UPLOAD_ROUTES,
    *EMBEDDINGS_ROUTES,
    *STUDIO_ROUTES,
    *PROJECT_ROUTES,
    *MEMBER_ROUTES,
    *ROLE_ROUTES,
)
"""Endpoints below an API version."""
UNVERSIONED: Final = (*ADMIN_ROUTES, *DOWNLOAD_ROUTES)
"""Endpoints whose path has no API version."""


def make_app(projects: Projects, access: Access) -> Starlette:
    """Return the application that serves `projects` to the callers that `access` admits."""
    routes: list[BaseRoute] = [
        make_route(method, VERSION + path, handler, projects, access) for method, path, handler in VERSIONED
    ]
    routes += [make_stream_route("GET", VERSION + path, stream, projects, access) for path, stream in STREAMS]
    routes += [make_route(method, path, handler, projects, access) for method, path, handler in UNVERSIONED]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(RequestLogging, log=projects.requests), Middleware(ServiceHeaders), Middleware(Cors)],
        exception_handlers={404: not_found, 405: method_not_allowed},
    )
    # A path with one slash too many is another path; a redirect would lose the body of a request.
    app.router.redirect_slashes = False
    return app
