"""wss://ws.fal.run/…: any model's HTTP call over a socket, one after the other. fal's serverless SDK speaks it.

JSON goes in; back come a text frame `start` with status and headers, the body, and a text frame `end`.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from starlette.routing import Router, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from local.fal import replies
from local.fal.account import Account
from local.fal.calls import Calls
from local.fal.clock import Clock
from local.fal.dispatcher import Dispatcher
from local.fal.hosts.address import address_of
from local.fal.hosts.replying import reply_with
from local.fal.orders import Orders
from local.fal.outcomes import Outcome


class OverWsHost:
    """Each call takes a place while it runs."""

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
        self._clock = clock
        self._new_id = new_id

    def app(self) -> Router:
        """The host's app."""
        return Router(routes=[WebSocketRoute("/{path:path}", self.converse)])

    async def converse(self, socket: WebSocket) -> None:
        """Answer call after call until the caller goes."""
        endpoint = socket.path_params["path"].strip("/")
        refused = self._account.refusal(socket.headers)
        if refused is not None:
            await socket.send_denial_response(reply_with(refused))
            return
        await socket.accept()
        with suppress(WebSocketDisconnect):
            while True:
                await self._answer(socket, endpoint, await socket.receive_text())

    async def _answer(self, socket: WebSocket, endpoint: str, text: str) -> None:
        began, request_id = self._clock.now(), self._new_id()
        outcome = await self._outcome(socket, endpoint, text, request_id)
        head = {"request_id": request_id, "status": outcome.status}
        await socket.send_json({"type": "start", **head, "headers": dict(outcome.headers)})
        await socket.send_bytes(outcome.encoded)
        await socket.send_json({"type": "end", **head, "time_to_first_byte_seconds": self._clock.now() - began})

    async def _outcome(self, socket: WebSocket, endpoint: str, text: str, request_id: str) -> Outcome:
        address = address_of(socket)
        order = self._orders.take(endpoint, headers=socket.headers, body=text.encode(), address=address)
        if isinstance(order, Outcome):
            return order
        outcome = await self._dispatcher.in_a_place(partial(self._calls.run, order, request_id=request_id))
        return outcome or replies.TOO_MANY_AT_ONCE
