"""Runs uvicorn as a part of a program: it leaves signals and the process's end to whoever runs it.

uvicorn as it comes takes over the process's signals, ends it by raising the signal again, and exits where its port
is taken. Knows nothing of what is served.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn


class Server(uvicorn.Server):
    """A server that says when it is ready, and leaves signals alone."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: signals are the program's."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._ready()


async def serve_until_cancelled(server: Server, listener: socket.socket) -> None:
    """Serve on the listening socket; cancelled, let requests under way end, within uvicorn's own limit."""
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
