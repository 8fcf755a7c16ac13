"""wss://ws.fal.run/…: any model's HTTP call over a socket, one after the other. fal's serverless SDK speaks it.

JSON goes in, in frames of either kind; back come a text frame `start` with status and headers, the body, and a
text frame `end`.
"""

from collections.abc import Callable

from starlette.routing import Router, WebSocketRoute
from starlette.websockets import WebSocket

from local.fal.account import Account
from local.fal.calls import Calls
from local.fal.clock import Clock
from local.fal.hosts.address import address_of
from local.fal.hosts.conversation import Conversation, accepted
from local.fal.hosts.replying import reply_with
from local.fal.outcomes import Outcome


class OverWsHost:
    """Each call takes a place while it runs."""

    def __init__(self, *, account: Account, calls: Calls, clock: Clock, new_id: Callable[[], str]) -> None:
        self._account = account
        self._calls = calls
        self._clock = clock
        self._new_id = new_id

    def app(self) -> Router:
        """The host's app."""
        return Router(routes=[WebSocketRoute("/{path:path}", self.converse)])

    async def converse(self, socket: WebSocket) -> None:
        """Answer call after call until the caller goes."""
        refused = self._account.refusal(socket.headers)
        if refused is not None:
            await socket.send_denial_response(reply_with(refused))
            return
        async with accepted(socket) as conversation:
            while True:
                frame = await conversation.hear()
                body = frame.encode() if isinstance(frame, str) else frame
                await self._answer(socket, conversation, body)

    async def _answer(self, socket: WebSocket, conversation: Conversation, body: bytes) -> None:
        began, request_id = self._clock.now(), self._new_id()
        endpoint = socket.path_params["path"].strip("/")
        outcome = self._calls.take(endpoint, headers=socket.headers, body=body, address=address_of(socket))
        if not isinstance(outcome, Outcome):
            outcome = await self._calls.in_a_place(outcome, request_id=request_id, gone=conversation.gone)
        head = {"request_id": request_id, "status": outcome.status}
        await conversation.say({"type": "start", **head, "headers": dict(outcome.headers)})
        await conversation.say_bytes(outcome.encoded)
        await conversation.say({"type": "end", **head, "time_to_first_byte_seconds": self._clock.now() - began})
