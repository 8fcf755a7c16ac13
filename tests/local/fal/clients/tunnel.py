"""A forward proxy that leads fal's hosts to the emulator and nothing anywhere else.

Programs that read HTTPS_PROXY ask it for a way to `queue.fal.run:443` (RFC 9110, CONNECT) and speak TLS with
what is at the other end: to them it is what a hosts file and a forwarded port 443 are, without root. It reads no
byte of what it carries.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from local.fal.certificate import HOSTS

_CHUNK = 256 * 1024


@asynccontextmanager
async def open_tunnel(*, to_port: int) -> AsyncIterator[str]:
    """The proxy's URL, while it serves; every way it gives ends at that port of this machine."""

    async def carry(caller: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _carry(caller, back, to_port=to_port)
        back.close()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _carry(caller: asyncio.StreamReader, back: asyncio.StreamWriter, *, to_port: int) -> None:
    head = await caller.readuntil(b"\r\n\r\n")
    method, target, _ = head.decode().split(maxsplit=2)
    if method != "CONNECT" or target not in {f"{host}:443" for host in HOSTS}:
        back.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await back.drain()
        return
    answers, forth = await asyncio.open_connection("127.0.0.1", to_port)
    back.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
    await asyncio.gather(_pour(caller, forth), _pour(answers, back))


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
    finally:
        # one side that goes takes the other along, so that neither waits for ever
        sink.close()
