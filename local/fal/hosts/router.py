"""Which host a request means. It answers only what means none of their URLs.

By name, where fal's own names lead to us: queue.…, ws.…, rest.…, …fal.media, and fal.run for direct calls. By the
first part of the path, where one address stands for all: /queue, /run, /ws, /rest, /cdn. Whatever names none of
them is for the queue, which most callers want. A slash at a path's end changes nothing.
"""

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Host, Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from local.fal.hosts.address import Address
from local.fal.hosts.replying import reply

# browsers call fal from any page, and its clients read its headers there; what is ours no other site may touch
_FROM_ANYWHERE = Middleware(
    CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["*"]
)


@dataclass(frozen=True)
class HostApps:
    """One app per host of fal's, what every host has beside it, and what is the emulator's own."""

    queue: ASGIApp
    run: ASGIApp
    over_ws: ASGIApp
    rest: ASGIApp
    cdn: ASGIApp
    everywhere: tuple[BaseRoute, ...]
    ours: tuple[BaseRoute, ...]


def join_hosts(apps: HostApps, *, noting: Middleware) -> ASGIApp:
    """The ASGI app. Serve it with `local.fal.server`: hanging up needs the connection.

    `noting` sees every call of fal's hosts, but for the questions that browsers ask ahead (CORS preflight).
    """
    missing = Middleware(ExceptionMiddleware, handlers={HTTPException: _no_such_url})
    around = [_FROM_ANYWHERE, noting, missing, Middleware(_Slashless)]
    return Starlette(
        middleware=[Middleware(Address)],
        routes=[*apps.ours, Mount("/", Router(routes=_fals(apps), redirect_slashes=False), middleware=around)],
    )


class _Slashless:
    """ASGI middleware: takes the slash from the end of a path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "path": scope["path"].rstrip("/") or "/"}, receive, send)


async def _no_such_url(_: Request, error: Exception) -> Response:
    """404 or 405 in JSON, which all of fal's clients expect of an error."""
    assert isinstance(error, HTTPException)
    return reply({"detail": error.detail}, error.status_code, error.headers)


def _fals(apps: HostApps) -> list[BaseRoute]:
    return [
        *apps.everywhere,
        Mount("/queue", apps.queue),
        Mount("/run", apps.run),
        Mount("/ws", apps.over_ws),
        Mount("/rest", apps.rest),
        Mount("/cdn", apps.cdn),
        Host("queue.{domain}", apps.queue),
        Host("ws.{domain}", apps.over_ws),
        Host("rest.{domain}", apps.rest),
        Host("{bucket}.fal.media", apps.cdn),
        Host("fal.media", apps.cdn),
        Host("fal.run", apps.run),
        Host("run.{domain}", apps.run),
        Mount("/", apps.queue),
    ]
