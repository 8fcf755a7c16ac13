"""What both kinds of sockets do alike: frames in and out, read ahead, for that tells when the caller goes."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from local.fal.outcomes import JsonObject


class Conversation:
    """An accepted socket. Of more than `most` frames not yet heard, the oldest are dropped."""

    def __init__(self, socket: WebSocket, *, most: int | None) -> None:
        self._socket = socket
        self._waiting: deque[str | bytes] = deque(maxlen=most)
        self._news = asyncio.Event()
        self._gone = asyncio.Event()

    async def hear(self) -> str | bytes:
        """The oldest frame. Raises WebSocketDisconnect once the caller has gone, whatever it had sent before."""
        while not self._waiting and not self._gone.is_set():
            self._news.clear()
            await self._news.wait()
        self._check()
        return self._waiting.popleft()

    async def say(self, body: JsonObject) -> None:
        """Send a text frame. Raises WebSocketDisconnect where the caller has gone."""
        self._check()
        # escaped to ASCII, as replies are: what was cut inside an emoji must come back, too
        await self._socket.send_text(json.dumps(body))

    async def say_bytes(self, content: bytes) -> None:
        """Send a binary frame. Raises WebSocketDisconnect where the caller has gone."""
        self._check()
        await self._socket.send_bytes(content)

    async def gone(self) -> None:
        """Return once the caller has gone."""
        await self._gone.wait()

    async def read(self) -> None:
        """Take frames until the caller goes."""
        while (message := await self._socket.receive())["type"] == "websocket.receive":
            packed: bytes | None = message.get("bytes")
            self._waiting.append(message["text"] if packed is None else packed)
            self._news.set()
        self._gone.set()
        self._news.set()

    def _check(self) -> None:
        if self._gone.is_set():
            raise WebSocketDisconnect


@asynccontextmanager
async def accepted(socket: WebSocket, *, most: int | None = None) -> AsyncIterator[Conversation]:
    """Accept the socket and read it while the context lasts, which ends quietly where the caller goes."""
    await socket.accept()
    conversation = Conversation(socket, most=most)
    reading = asyncio.create_task(conversation.read())
    try:
        with suppress(WebSocketDisconnect):
            yield conversation
    finally:
        reading.cancel()
