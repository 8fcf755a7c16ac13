"""Where the functions run, as seen from the edge: whatever a test has answer there, and what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import request_response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.functions.serving import SECRET, address, hook, listener, serving

PATH = "/functions/v1"
CALLS = f"{PATH}/generate-video"
VIDEO = f"{PATH}/video/{UUID(int=7)}"
HOOK = hook(UUID(int=7))
KEY = {"apikey": SECRET}
SIGNED = {"x-fal-webhook-signature": "ab"}


class Upstream:
    """An ASGI app; `asked` are the requests that came, `reached` says that one has."""

    def __init__(self) -> None:
        self._app: ASGIApp = Starlette()
        self.asked: list[Request] = []
        self.reached = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.asked.append(Request(scope))
            self.reached.set()
        await self._app(scope, receive, send)

    def answer(self, handler: Callable[[Request], Awaitable[Response]]) -> None:
        """From now on answer so; what was asked before is forgotten."""
        self._app = request_response(handler)
        self.asked.clear()
        self.reached.clear()


def whole(upstream: Upstream) -> asyncio.Future[bool]:
    """Whether the next body comes to its end, once that is known."""
    ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def read(request: Request) -> Response:
        try:
            await request.body()
        except ClientDisconnect:
            ended.set_result(False)
        else:
            ended.set_result(True)
        return Response()

    upstream.answer(read)
    return ended


@asynccontextmanager
async def serving_upstream() -> AsyncIterator[tuple[Upstream, str]]:
    """It and its address, as the secret `STORYREEL_FUNCTIONS_URL` says it."""
    bound = listener()
    upstream = Upstream()
    async with serving(upstream, bound):
        yield upstream, address(bound) + PATH


@asynccontextmanager
async def silence() -> AsyncIterator[str]:
    """The address of somebody who takes every connection and never says anything."""
    over = asyncio.Event()

    async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    bound = listener()
    server = await asyncio.start_server(listen, sock=bound)
    try:
        yield address(bound) + PATH
    finally:
        over.set()
        server.close()
        await server.wait_closed()
