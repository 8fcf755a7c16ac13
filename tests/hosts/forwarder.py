"""A host name for a database that may move: a TCP port whose connections go where the test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from local.sockets import listen

_CHUNK = 65_536


class Forwarder:
    """Passes every connection on to the server's socket at `target`; where that is None, it hangs up."""

    def __init__(self, target: Path) -> None:
        self.target: Path | None = target
        self.port = 0
        self.accepted = 0  # since the target was set last
        self._open: set[asyncio.StreamWriter] = set()

    def lead_to(self, target: Path | None) -> None:
        """From now on lead there; the connections to elsewhere break."""
        self.target, self.accepted = target, 0
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        if self.target is None:
            writer.transport.abort()
            return
        self.accepted += 1
        try:
            upstream = await asyncio.open_unix_connection(str(self.target))
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, upstream[1]}
        try:
            await asyncio.gather(_pass_on(reader, upstream[1]), _pass_on(upstream[0], writer))
        finally:
            self._open -= {writer, upstream[1]}
            writer.transport.abort()
            upstream[1].transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def forwarding(target: Path, *, host: str = "127.0.0.1") -> AsyncIterator[Forwarder]:
    """A forwarder on a free port of the host."""
    forwarder = Forwarder(target)
    bound = listen(0, exact=True, host=host)
    forwarder.port = bound.getsockname()[1]
    server = await asyncio.start_server(forwarder.serve, sock=bound)
    try:
        yield forwarder
    finally:
        server.close()
        forwarder.lead_to(None)
        await server.wait_closed()
