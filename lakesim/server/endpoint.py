"""What every endpoint shares: taking the request apart, and turning refusals and faults into answers."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from lakesim.clock import processor_seconds
from lakesim.errors import LakeError
from lakesim.faults.in_process import judged_already
from lakesim.server.access import Access
from lakesim.server.call import Call, take
from lakesim.server.faulty import answer_under_faults
from lakesim.server.projects import Projects
from lakesim.server.quick_reads import QuickReads
from lakesim.server.request_kind import below_version, is_control
from lakesim.server.statuses import INTERNAL_ERROR_BODY
from lakesim.server.wire import error_answer, json_answer

__all__ = ["AsyncHandler", "Handler", "RouteSpec", "make_route", "make_stream_route"]

Handler: TypeAlias = Callable[[Call], Response]
"""Carries a call out, on a thread of its own."""
AsyncHandler: TypeAlias = Callable[[Call], Awaitable[Response]]
"""Carries a call out in the event loop; for streams."""
RouteSpec: TypeAlias = tuple[str, str, Handler]
"""Method, path below the API version, and handler."""

_LOG: Final = logging.getLogger("lakesim.server")


def make_route(method: str, path: str, handler: Handler, projects: Projects, access: Access) -> Route:
    """Return the route of an endpoint whose handler runs on a thread of its own, or at once if that is quick."""

    quick = QuickReads()
    endpoint_name = below_version(path)

    def timed(call: Call) -> tuple[Response, float]:
        began = processor_seconds()
        return handler(call), processor_seconds() - began

    async def carry_out(call: Call) -> Response:
        key = quick.key(endpoint_name, call)
        if key is None:
            return await run_in_threadpool(handler, call)
        response, seconds = timed(call) if quick.admits(key, call) else await run_in_threadpool(timed, call)
        quick.note(key, seconds)
        return response

    return make_stream_route(method, path, carry_out, projects, access)


def make_stream_route(method: str, path: str, handler: AsyncHandler, projects: Projects, access: Access) -> Route:
    """Return the route of an endpoint whose handler runs in the event loop."""

    endpoint_name = below_version(path)
    # The controls must work whatever the rules say, or nobody could take them back.
    may_fail = not is_control(path)

    async def endpoint(request: Request) -> Response:
        try:
            call = await take(request, projects, access)
            faults = call.project.lake.faults
            with judged_already():
                if may_fail and faults.armed:
                    return await answer_under_faults(faults, request, call, endpoint_name, handler)
                return await handler(call)
        except LakeError as error:
            return error_answer(error)
        except ClientDisconnect:
            # Nobody reads this one.
            return Response(status_code=400)
        except Exception:
            _LOG.exception("%s %s failed", request.method, request.url.path)
            return json_answer(INTERNAL_ERROR_BODY, status=500)

    return Route(path, endpoint, methods=[method])
