"""Which host a request means. It answers nothing itself.

By name, where fal's own names lead to us: queue.…, ws.…, rest.…, …fal.media, and fal.run for direct calls. By the
first part of the path, where one address stands for all: /queue, /run, /ws, /rest, /cdn. Whatever names none of
them is for the queue, which most callers want.
"""

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Host, Mount, Router
from starlette.types import ASGIApp

from local.fal.hosts.address import Address

# browsers call fal from any page; what is ours no other site may touch
_FROM_ANYWHERE = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])


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


def join_hosts(apps: HostApps) -> ASGIApp:
    """The ASGI app. Serve it with `local.fal.server`: hanging up needs the connection."""
    return Starlette(
        middleware=[Middleware(Address)],
        routes=[
            *apps.ours,
            Mount("/", Router(routes=_fals(apps), redirect_slashes=False), middleware=[_FROM_ANYWHERE]),
        ],
    )


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
