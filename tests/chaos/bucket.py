"""The bucket's server in a run: the repository's own, and of each hundred calls five go wrong.

A program, `python -m tests.chaos.bucket`: it stands for Supabase Storage, so it is no process of ours and is never
killed. It says at `/chaos` how often it was called and how often that went wrong.
"""

import argparse
import asyncio
import random
import signal
import socket
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.bucket.server import routes
from local.serving import Server, serve_until_cancelled

SHARE = 0.05
_PUBLIC = "/storage/v1/object/public/"  # what apps play from; nobody of ours asks there


class Faulty:
    """ASGI middleware: some calls are refused, and as many are done and then answered as if they were not."""

    def __init__(self, app: ASGIApp, *, seed: int) -> None:
        self._app = app
        self._seed = seed
        self.calls = 0
        self.wrong = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or not scope["path"].startswith("/storage/")
            or scope["path"].startswith(_PUBLIC)
        ):
            await self._app(scope, receive, send)
            return
        self.calls += 1
        chance = random.Random(f"bucket:{self._seed}:{self.calls}").random()
        if chance >= SHARE:
            await self._app(scope, receive, send)
            return
        self.wrong += 1
        if chance < SHARE / 2:
            await Request(scope, receive).body()  # else whoever still sends would see a broken pipe
        else:
            await self._app(scope, receive, _unheard)
        await _unavailable(scope, receive, send)


async def _unheard(_: Message) -> None:
    pass


_unavailable = Response('{"statusCode":"503","error":"Unavailable","message":"try again"}', 503)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--seed", type=int, required=True)
    return parser.parse_args()


async def _serve(told: argparse.Namespace) -> None:
    faulty = Faulty(Starlette(routes=routes(told.folder, secret=told.secret)), seed=told.seed)

    async def count(_: Request) -> JSONResponse:
        return JSONResponse({"calls": faulty.calls, "wrong": faulty.wrong})

    app = Starlette(routes=[Route("/chaos", count)])
    app.mount("/", faulty)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2)
    serving = asyncio.ensure_future(serve_until_cancelled(Server(config), socket.socket(fileno=told.fd)))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    await asyncio.wait({serving})


if __name__ == "__main__":
    asyncio.run(_serve(_parse()))
