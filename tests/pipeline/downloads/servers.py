"""Servers of clips for tests of downloading: real sockets on loopback, real TLS, raw answers, and names to order.

Nothing here reaches beyond loopback: `Internet` leads public addresses to servers of the test and knows no others.
"""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpcore

from local.fal.certificate import make_certificate
from local.fal.server import Tls
from pipeline.download import HttpClipSource

CLIP = b"\x00\x00\x00\x18ftypisom" + bytes(range(256)) * 500
TRUSTING_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def reply(body: bytes = b"", *, status: str = "200 OK", length: str | None = None, more: str = "") -> Answer:
    """A whole answer; `length` is what it claims to be long."""
    claimed = str(len(body)) if length is None else length
    head = f"HTTP/1.1 {status}\r\ncontent-length: {claimed}\r\n{more}connection: close\r\n\r\n"
    return raw(head.encode() + body)


def redirect(location: str, *, status: int = 302) -> Answer:
    return reply(status=f"{status} X", more=f"location: {location}\r\n")


def raw(data: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return answer


def endless(head: bytes, piece: bytes, *, pause: float = 0.0) -> Answer:
    """After the head the piece again and again, with a pause of that many seconds."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


@dataclass
class Served:
    """A server that is up: where it is, the heads of the requests it got, and for what names TLS was asked."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    connections: int = 0
    empty: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while the one who came last is not connected any more."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """What was asked for: paths and queries."""
        return [head.split(b" ")[1].decode() for head in self.heads]


@asynccontextmanager
async def serving(
    *answers: Answer, tls: Tls | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Served]:
    """A server that gives one answer after the other, the last to everybody from then on."""
    served, left = Served(), list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.connections += 1
        served.empty.clear()
        with suppress(ConnectionError, asyncio.IncompleteReadError):  # the client had enough
            served.heads.append(await reader.readuntil(b"\r\n\r\n"))
            await (left.pop(0) if len(left) > 1 else left[0])(reader, writer)
            await writer.drain()
        served.empty.set()
        writer.close()

    server = await asyncio.start_server(serve, host, port, ssl=_context(tls, served.names) if tls else None)
    async with server:
        served.port = server.sockets[0].getsockname()[1]
        served.empty.set()
        yield served


async def fetched(file: Path, *answers: Answer, seconds: float = 60.0) -> str:
    """Download from a stand-in that answers so."""
    async with serving(*answers) as served:
        source = HttpClipSource(hosts=[served.host], tls=TRUSTING_NOBODY, seconds=seconds)
        return await source.download(f"http://{served.host}/clip.mp4", file)


def _context(tls: Tls, names: list[str | None]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)

    def note(connection: object, name: str | None, of: object) -> None:
        names.append(name)

    context.sni_callback = note
    return context


def certified(folder: Path) -> Tls:
    """A certificate for fal's hosts."""
    return make_certificate(folder, now=dt.datetime.now(dt.UTC))


@asynccontextmanager
async def meddling(port: int, *, after: int, flip: bool) -> AsyncIterator[int]:
    """Somebody on the way to that port, at a port of its own, who meddles after so many bytes of the answer.

    Flips a bit of the next one, or else ends the connection as if all had been said.
    """

    async def spoil(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _pass_on(reader, writer, size=after)
        if flip:
            (byte,) = await reader.readexactly(1)
            writer.write(bytes([byte ^ 1]))
            await _pass_on(reader, writer)

    async def meddle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond, to_server = await asyncio.open_connection("127.0.0.1", port)
        ways = [asyncio.create_task(_pass_on(reader, to_server)), asyncio.create_task(spoil(beyond, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        to_server.close()
        writer.close()

    server = await asyncio.start_server(meddle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, size: int = 2**30) -> None:
    with suppress(ConnectionError):  # one of the two had enough
        while size and (data := await reader.read(min(size, 2**16))):
            size -= len(data)
            writer.write(data)
            await writer.drain()


class Names:
    """A resolver that says what the test wants: of each name one answer after the other, the last from then on."""

    def __init__(self, answers: Mapping[str, Iterable[Sequence[str]]]) -> None:
        self._answers = {name: list(lists) for name, lists in answers.items()}
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        left = self._answers.get(host)
        if not left:
            raise OSError(f"no such name: {host}")
        return left.pop(0) if len(left) > 1 else left[0]


class Internet(httpcore.AsyncNetworkBackend):
    """Public addresses, led to servers on loopback; whoever asks for another one gets no connection."""

    def __init__(self, places: Mapping[str, int]) -> None:
        """`places`: addresses and the ports on loopback that stand for any port there."""
        self._places = places
        self._loopback = httpcore.AnyIOBackend()
        self.connected: list[tuple[str, int]] = []
        self.patience: list[float] = []
        """For how many seconds each connection would have been waited for."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, port))
        self.patience.append(timeout or 0.0)
        if host not in self._places:
            raise httpcore.ConnectError("nobody there")
        return await self._loopback.connect_tcp(
            "127.0.0.1", self._places[host], timeout, local_address, socket_options
        )
