"""wss://fal.run/…/realtime: one model, input after input over a socket. Decides nothing of the model.

Binary frames hold msgpack, text frames JSON; an answer comes as its input came. Beside the answers go frames of
fal's own, always text: timings, and the error that ends a session. This is how fal's serverless runtime does it.
"""

import base64
import json
from collections.abc import Callable

import msgpack
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from local.fal import replies
from local.fal.account import Account
from local.fal.calls import Calls
from local.fal.clock import Clock
from local.fal.hosts.address import address_of
from local.fal.hosts.conversation import Conversation, accepted
from local.fal.hosts.replying import reply_with
from local.fal.outcomes import JsonObject, Outcome, error_of, platform_failure
from local.fal.parsing import whole_number
from local.fal.race import unless

REALTIME = "/realtime"
IDLE = 60.0
"""Seconds without an input after which a session ends; fal's apps choose their own."""
MOST_BUFFERED = 60
"""Of `max_buffering`, as fal's clients allow it."""

_UNAUTHORIZED = {"status": "error", "error": "Unauthorized"}
_TIMEOUT: JsonObject = {"type": "x-fal-error", "error": "TIMEOUT", "reason": "no inputs, reconnect when needed!"}
_POLICY_VIOLATION = 1008


class RealtimeHost:
    """A session takes one of the account's places for as long as it lasts."""

    def __init__(self, *, account: Account, calls: Calls, clock: Clock, new_id: Callable[[], str]) -> None:
        self._account = account
        self._calls = calls
        self._clock = clock
        self._new_id = new_id

    def route(self) -> WebSocketRoute:
        """Its one route, to stand among those of the run host."""
        return WebSocketRoute("/{path:path}", self.converse)

    async def converse(self, socket: WebSocket) -> None:
        """Answer input after input until the caller goes, is silent for too long, or sends what cannot be run."""
        endpoint = socket.path_params["path"].strip("/").removesuffix(REALTIME)
        now = self._clock.now()
        refused = self._account.refusal_of_run(socket.headers, socket.query_params, endpoint, now=now)
        if refused is replies.UNAUTHORIZED:
            # said in the session, where fal's JavaScript client looks for it
            await socket.accept()
            await socket.send_json(_UNAUTHORIZED)
            await socket.close(_POLICY_VIOLATION)
            return
        if refused is None and not self._calls.knows(endpoint):
            refused = replies.unknown_endpoint(endpoint)
        if refused is not None:
            await socket.send_denial_response(reply_with(refused))
            return
        with self._calls.place() as free:
            if free:
                await self._session(socket, endpoint)
            else:
                await socket.send_denial_response(reply_with(replies.TOO_MANY_AT_ONCE))

    async def _session(self, socket: WebSocket, endpoint: str) -> None:
        most = _buffering(socket.query_params.get("max_buffering"))
        async with accepted(socket, most=most) as conversation:
            error = None
            while error is None:
                # None after too long a silence
                frame = await unless(conversation.hear(), self._clock.sleep_until(self._clock.now() + IDLE))
                error = _TIMEOUT if frame is None else await self._answer(socket, conversation, endpoint, frame)
            await conversation.say(error)
            await socket.close()

    async def _answer(
        self, socket: WebSocket, conversation: Conversation, endpoint: str, frame: str | bytes
    ) -> JsonObject | None:
        """Answer one input, or return the error that ends the session."""
        began = self._clock.now()
        outcome = await self._outcome(socket, conversation, endpoint, frame)
        if not outcome.ok:
            return _failed(error_of(outcome)[0])
        try:
            packed = msgpack.packb(outcome.body) if isinstance(frame, bytes) else None
        except (OverflowError, ValueError) as error:
            return _failed(f"the output does not fit into msgpack: {error}")
        await (conversation.say(outcome.body) if packed is None else conversation.say_bytes(packed))
        took = self._clock.now() - began
        await conversation.say({"type": "x-fal-message", "action": "timings", "timing": took})
        return None

    async def _outcome(
        self, socket: WebSocket, conversation: Conversation, endpoint: str, frame: str | bytes
    ) -> Outcome:
        try:
            body = frame.encode() if isinstance(frame, str) else _as_json(frame)
        except ValueError as error:
            return platform_failure("bad_request", f"the frame holds no msgpack that could be an input: {error}")
        order = self._calls.take(endpoint, headers=socket.headers, body=body, address=address_of(socket))
        if isinstance(order, Outcome):
            return order
        return await self._calls.run(order, request_id=self._new_id(), gone=conversation.gone)


def _buffering(asked: str | None) -> int | None:
    """How many frames may wait; None for any number of them."""
    number = None if asked is None else whole_number(asked)
    return None if number is None else min(max(1, number), MOST_BUFFERED)


def _as_json(packed: bytes) -> bytes:
    """The input that msgpack holds, as a call by HTTP would bring it. Raises ValueError for what cannot be one."""
    try:
        return json.dumps(msgpack.unpackb(packed), default=_plain).encode()
    except (msgpack.UnpackException, TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _plain(value: bytes | msgpack.Timestamp) -> str | float:
    """What msgpack has and JSON has not: bytes as base64, a moment as Unix seconds."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else float(value.to_unix())


def _failed(reason: str) -> JsonObject:
    return {"type": "x-fal-error", "error": "INTERNAL_ERROR", "reason": reason}
