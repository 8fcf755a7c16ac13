"""The way to a server, as TCP, which a test can cut; and a note of the requests that came through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send


class Line:
    """Passes everything on, until told otherwise; what it was told holds once.

    `cut_after`: so many bytes from the client on, the connection is reset, whatever is under way. `deaf_to`: a
    request with these bytes in its head reaches the server, and its client loses the connection instead of hearing
    the answer. Told both, the cut comes first.
    """

    def __init__(self, server: str) -> None:
        self._server = urlsplit(server)
        self._open: set[asyncio.Task[None]] = set()
        self.cut_after: int | None = None
        self.deaf_to: bytes | None = None
        self.cuts = 0

    def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def closed(self) -> None:
        await asyncio.gather(*self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(self._server.hostname, self._server.port)
        is_deaf = False

        async def up() -> None:
            nonlocal is_deaf
            while data := await reader.read(65536):
                if self.cut_after is None and self.deaf_to and self.deaf_to in data:
                    self.deaf_to, is_deaf = None, True
                to_server.write(data)
                await to_server.drain()
                if self.cut_after is not None:
                    self.cut_after -= len(data)
                    if self.cut_after <= 0:
                        self.cut_after = None
                        self.cuts += 1
                        return

        async def down() -> None:
            while data := await from_server.read(65536):
                if is_deaf:
                    self.cuts += 1
                    return
                writer.write(data)
                await writer.drain()

        ways = [asyncio.ensure_future(up()), asyncio.ensure_future(down())]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        writer.transport.abort()
        to_server.transport.abort()


@asynccontextmanager
async def line_to(server: str) -> AsyncIterator[tuple[Line, str]]:
    """A line to the server, and the address at which it begins. Its user hangs up first."""
    line = Line(server)
    listening = await asyncio.start_server(line.connect, "127.0.0.1", 0)
    try:
        yield line, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        await line.closed()


class Noting:
    """Notes the method, headers and bytes of requests; answers itself those that it was told to."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.noted: list[tuple[str, int]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[tuple[str, int, bytes]] = []
        """Method, status and body of what is answered instead of the app, once each, in this order."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.noted.append((scope["method"], int(headers.get("content-length", "0"))))
        self.headers.append(headers)
        if self.answers and self.answers[0][0] == scope["method"]:
            _, status, body = self.answers.pop(0)
            while (await receive()).get("more_body"):
                pass
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": body})
            return
        await self._app(scope, receive, send)

    def bodies(self, method: str) -> list[int]:
        """The bytes of each request of that method."""
        return [size for seen, size in self.noted if seen == method]
