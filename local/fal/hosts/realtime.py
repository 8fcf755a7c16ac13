"""wss://fal.run/…/realtime: one model, input after input over a socket. Decides nothing of the model.

Binary frames hold msgpack, text frames JSON; an answer comes as its input came. Beside the answers go frames of
fal's own, always text: timings, and the error that ends a session. This is how fal's serverless runtime does it.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgpack
from starlette.routing import WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from local.fal import replies
from local.fal.account import UNAUTHORIZED, Account
from local.fal.calls import Calls
from local.fal.clock import Clock
from local.fal.dispatcher import Dispatcher
from local.fal.hosts.address import address_of
from local.fal.hosts.replying import reply_with
from local.fal.orders import Orders
from local.fal.outcomes import JsonObject, Outcome, error_of

REALTIME = "/realtime"
IDLE = 60.0
"""Seconds without an input after which a session ends; fal's apps choose their own."""
MOST_BUFFERED = 60
"""Of `max_buffering`, as fal's clients allow it."""

_UNAUTHORIZED = {"status": "error", "error": "Unauthorized"}
_TIMEOUT = {"type": "x-fal-error", "error": "TIMEOUT", "reason": "no inputs, reconnect when needed!"}
_POLICY_VIOLATION = 1008
_GONE: Message = {"type": "websocket.disconnect"}


class RealtimeHost:
    """A session takes one of the account's places for as long as it lasts."""

    def __init__(
        self,
        *,
        account: Account,
        orders: Orders,
        dispatcher: Dispatcher,
        calls: Calls,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._account = account
        self._orders = orders
        self._dispatcher = dispatcher
        self._calls = calls
        self._new_id = new_id
        self._clock = clock

    def route(self) -> WebSocketRoute:
        """Its one route, to stand among those of the run host."""
        return WebSocketRoute("/{path:path}", self.converse)

    async def converse(self, socket: WebSocket) -> None:
        """Answer input after input until the caller goes, is silent for too long, or sends what cannot be run."""
        endpoint = socket.path_params["path"].strip("/").removesuffix(REALTIME)
        now = self._clock.now()
        refused = self._account.refusal_of_run(socket.headers, socket.query_params, endpoint, now=now)
        if refused is UNAUTHORIZED:
            # said in the session, where fal's JavaScript client looks for it
            await socket.accept()
            await socket.send_json(_UNAUTHORIZED)
            await socket.close(_POLICY_VIOLATION)
            return
        if refused is None and not self._orders.knows(endpoint):
            refused = replies.unknown_endpoint(endpoint)
        if refused is not None:
            await socket.send_denial_response(reply_with(refused))
        elif await self._dispatcher.in_a_place(lambda: self._session(socket, endpoint)) is None:
            await socket.send_denial_response(reply_with(replies.TOO_MANY_AT_ONCE))

    async def _session(self, socket: WebSocket, endpoint: str) -> bool:
        await socket.accept()
        inbox = _Inbox(_buffering(socket.query_params.get("max_buffering")))
        reading = asyncio.create_task(_read(socket, inbox))
        try:
            with suppress(WebSocketDisconnect):
                await self._answer_all(socket, endpoint, inbox)
        finally:
            reading.cancel()
        return True

    async def _answer_all(self, socket: WebSocket, endpoint: str, inbox: "_Inbox") -> None:
        while (message := await self._next(inbox)) is not _GONE:
            error = _TIMEOUT if message is None else await self._answer(socket, endpoint, message)
            if error is not None:
                await socket.send_json(error)
                await socket.close()
                return

    async def _next(self, inbox: "_Inbox") -> Message | None:
        """The next input; None if none comes for so long that fal would end the session."""
        coming = asyncio.create_task(inbox.get())
        idle = asyncio.create_task(self._clock.sleep_until(self._clock.now() + IDLE))
        try:
            await asyncio.wait({coming, idle}, return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else None
        finally:
            coming.cancel()
            idle.cancel()

    async def _answer(self, socket: WebSocket, endpoint: str, message: Message) -> JsonObject | None:
        """Answer one input, or return the error that ends the session."""
        try:
            body = json.dumps(_decoded(message)).encode()
        except ValueError as error:
            return _failed(f"the frame holds neither msgpack nor JSON: {error}")
        began = self._clock.now()
        order = self._orders.take(endpoint, headers=socket.headers, body=body, address=address_of(socket))
        outcome = order if isinstance(order, Outcome) else await self._calls.run(order, request_id=self._new_id())
        if not outcome.ok:
            return _failed(error_of(outcome)[0])
        if message.get("bytes") is not None:
            await socket.send_bytes(msgpack.packb(outcome.body))
        else:
            await socket.send_json(outcome.body)
        took = self._clock.now() - began
        await socket.send_json({"type": "x-fal-message", "action": "timings", "timing": took})
        return None


class _Inbox:
    """Inputs not yet worked on; of more than `most` the oldest are dropped, for in real time they are stale."""

    def __init__(self, most: int | None) -> None:
        self._waiting: deque[Message] = deque(maxlen=most)
        self._more = asyncio.Event()

    def put(self, message: Message) -> None:
        self._waiting.append(message)
        self._more.set()

    async def get(self) -> Message:
        while not self._waiting:
            self._more.clear()
            await self._more.wait()
        return self._waiting.popleft()


async def _read(socket: WebSocket, inbox: _Inbox) -> None:
    while (message := await socket.receive())["type"] == "websocket.receive":
        inbox.put(message)
    inbox.put(_GONE)


def _buffering(asked: str | None) -> int | None:
    if asked is None or not (asked.isascii() and asked.isdigit()):
        return None
    return min(max(1, int(asked)), MOST_BUFFERED)


def _decoded(message: Message) -> Any:  # noqa: ANN401 - whatever the caller packed
    """Raises ValueError for what is neither."""
    packed: bytes | None = message.get("bytes")
    try:
        return json.loads(message["text"]) if packed is None else msgpack.unpackb(packed)
    except (msgpack.UnpackException, TypeError) as error:
        raise ValueError(str(error)) from error


def _failed(reason: str) -> JsonObject:
    return {"type": "x-fal-error", "error": "INTERNAL_ERROR", "reason": reason}
