"""Serves the app on sockets with uvicorn, hangs up on callers, and notices when they do. Knows nothing of fal."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from local.serving import Server, serve_until_cancelled

GRACE = 2
"""Seconds that a stop leaves to requests under way."""

KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than any client does, for one that both ends close at
once loses a request."""


@dataclass(frozen=True)
class Tls:
    """PEM files of a certificate and its key; fal's Python client speaks nothing but https."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Door:
    """A listening socket, and the certificate of one that speaks TLS."""

    listener: socket.socket
    tls: Tls | None = None


def open_listener(host: str, port: int) -> socket.socket:
    """A listening socket, port 0 for a free one. Raises OSError if the port is taken."""
    listener = socket.create_server((host, port))
    # connections inherit it; asyncio would not set it for them, and every answer would wait 40 ms for an ACK
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


async def hang_up(request: Request) -> None:
    """Close the caller's connection without a word, and wait until it is closed."""
    request.state.close_connection()
    await until_gone(request)


async def until_gone(request: Request) -> None:
    """Wait, without a word, until the caller has hung up, or we have on all of them."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def serve_app(
    app: ASGIApp, doors: Sequence[Door], *, ready: Callable[[], None], stopping: Callable[[], None] = lambda: None
) -> None:
    """Serve until cancelled, then hang up on those who wait still; no call is under way when it returns.

    `ready` is called once requests are taken everywhere, `stopping` for each door before it hangs up.
    """
    closed = len(doors)

    def opened() -> None:
        nonlocal closed
        closed -= 1
        if not closed:
            ready()

    async with asyncio.TaskGroup() as tasks:
        for door in doors:
            config = uvicorn.Config(
                app,
                http=_Connection,
                ws="websockets-sansio",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=GRACE,
                timeout_keep_alive=KEEP_ALIVE,
                ssl_certfile=door.tls.certificate if door.tls else None,
                ssl_keyfile=door.tls.key if door.tls else None,
            )
            config.load()
            if config.ssl is not None:
                # blocking WebSocket clients read and write one TLS object in two threads, and now and then hang
                # over the session tickets that TLS 1.3 sends after the handshake
                config.ssl.num_tickets = 0
            tasks.create_task(
                serve_until_cancelled(_Server(config, ready=opened, stopping=stopping), door.listener)
            )


class _Server(Server):
    """Leaves no call behind."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config, ready=ready)
        self._stopping = stopping

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)
        # uvicorn cancels those who outstay the grace, and does not wait for them to end
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)


class _Connection(H11Protocol):
    """Hands each request the way to close its connection, for ASGI has none; at a stop, closes it itself."""

    def shutdown(self) -> None:
        super().shutdown()
        # whoever waits still would wait for ever: a stalled submit, a stream, a call that runs for an hour
        self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        inner = self.app

        async def with_close(scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"]["close_connection"] = transport.close
            await inner(scope, receive, send)

        self.app = with_close
