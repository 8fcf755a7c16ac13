"""A server that answers whatever it is told to, byte for byte, and keeps what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Stranger:
    """Each connection is one request and its answer. `asked` has their heads and bodies as they came."""

    url: str = ""
    answer: bytes = b""
    asked: list[bytes] = field(default_factory=list)

    def say(self, status: int, body: bytes, *headers: tuple[str, bytes]) -> None:
        """Answer so from now on; header values go out as they are, as far as they are one line."""
        one_line = [(name, value.translate(None, b"\r\n\x00")) for name, value in headers]
        head = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in one_line)
        self.answer = b"HTTP/1.1 %d x\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n" % (
            status, len(body), head
        ) + body  # fmt: skip

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
        )
        self.asked.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def a_stranger() -> AsyncIterator[Stranger]:
    """On a loopback port, for the block."""
    stranger = Stranger()
    server = await asyncio.start_server(stranger._serve, "127.0.0.1", 0, limit=2**20)
    stranger.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield stranger
