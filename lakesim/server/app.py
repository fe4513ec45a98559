"""Puts the endpoints together as one ASGI application."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from lakesim.server.access import Access
from lakesim.server.action_routes import ACTION_ROUTES
from lakesim.server.admin_routes import ADMIN_ROUTES
from lakesim.server.cors import Cors
from lakesim.server.data_routes import DATA_ROUTES
from lakesim.server.endpoint import make_route, make_stream_route
from lakesim.server.events import listen
from lakesim.server.history_routes import HISTORY_ROUTES
from lakesim.server.missing import method_not_allowed, not_found
from lakesim.server.project_routes import PROJECT_ROUTES
from lakesim.server.projects import Projects

__all__ = ["make_app"]

VERSION = "/v{version}"
LISTEN = ("/data/listen/{dataset}", "/projects/{project}/datasets/{dataset}/listen")


def make_app(projects: Projects, access: Access) -> Starlette:
    """Return the application that serves `projects` to the callers that `access` admits."""
    routes: list[BaseRoute] = [
        make_route(method, VERSION + path, handler, projects, access)
        for method, path, handler in (*DATA_ROUTES, *HISTORY_ROUTES, *ACTION_ROUTES, *PROJECT_ROUTES)
    ]
    routes += [make_stream_route("GET", VERSION + path, listen, projects, access) for path in LISTEN]
    routes += [make_route(method, path, handler, projects, access) for method, path, handler in ADMIN_ROUTES]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Cors)],
        exception_handlers={404: not_found, 405: method_not_allowed},
    )
    # A path with one slash too many is another path; a redirect would lose the body of a request.
    app.router.redirect_slashes = False
    return app
