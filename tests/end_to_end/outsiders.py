"""Those to whom we send secrets, or should not: they keep what they are sent, and may send it all back."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Outsider:
    """A server in front of another one, `upstream`: it passes on what it hears, and keeps it.

    While it `echoes` it answers everything itself: 401, and all that it was sent, in several forms. Without an
    upstream it says `answer`.
    """

    url: str = ""
    upstream: str | None = None
    answer: bytes = b"{}"
    echoes: bool = False
    heard: list[bytes] = field(default_factory=list)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _request(reader):
                self.heard.append(request)
                if self.echoes:
                    await _send(writer, b"401 Unauthorized", _echo(request))
                elif self.upstream is None:
                    await _send(writer, b"200 OK", self.answer)
                else:
                    writer.write(await _ask(self.upstream, request))
                    await writer.drain()
                    break  # the other side's answer ends with its connection
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever asked has gone
        finally:
            writer.close()

    def heads(self) -> list[list[bytes]]:
        """The request line and the headers of each request, in lines."""
        return [request.partition(b"\r\n\r\n")[0].split(b"\r\n") for request in self.heard]


async def _request(reader: asyncio.StreamReader) -> bytes:
    """One request, b'' at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        return end.partial
    lines = head.lower().split(b"\r\n")
    if any(line.startswith(b"transfer-encoding:") for line in lines):
        return head + await reader.readuntil(b"0\r\n\r\n")
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
    return head + await reader.readexactly(length)


async def _ask(upstream: str, request: bytes) -> bytes:
    """The whole answer of whoever stands behind, who is told to hang up after it."""
    parts = urlsplit(upstream)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head, end, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    writer.write(b"\r\n".join([*lines, b"Connection: close"]) + end + body)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


async def _send(writer: asyncio.StreamWriter, status: bytes, body: bytes) -> None:
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    writer.write(head + body)
    await writer.drain()


def _echo(request: bytes) -> bytes:
    """As a careless proxy answers, or a malicious one: in every member that anybody might repeat."""
    head = request.partition(b"\r\n\r\n")[0].decode("latin-1")
    keys = [
        line.partition(": ")[2]
        for line in head.split("\r\n")
        if line.lower().startswith(("authorization", "apikey"))
    ]
    bare = keys[0].rpartition(" ")[2] if keys else ""
    said = f"refused: {' '.join(keys)} {head}"
    return json.dumps(
        {
            "detail": said,
            "error": {"message": said, "code": bare, "type": bare},
            "message": said,
            "code": bare,
            "statusCode": "403",
            "error_type": bare,
            "encoded": base64.b64encode(said.encode()).decode(),
        }
    ).encode()


@asynccontextmanager
async def outsider(*, answer: object = None, echoes: bool = False) -> AsyncIterator[Outsider]:
    """On a loopback port, for the block."""
    found = Outsider(answer=json.dumps(answer).encode(), echoes=echoes)
    server = await asyncio.start_server(found._serve, "127.0.0.1", 0, limit=2**24)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield found
