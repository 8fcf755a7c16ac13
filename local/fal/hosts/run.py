"""fal.run: direct calls that answer with the model's output, and streams of it. It never queues or retries."""

import json
from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router

from local.fal import replies
from local.fal.account import Account
from local.fal.calls import Calls
from local.fal.clock import Clock
from local.fal.desk import named
from local.fal.dispatcher import Dispatcher
from local.fal.hosts.address import address_of
from local.fal.hosts.queue import METHODS
from local.fal.hosts.replying import Noting, reply_with
from local.fal.orders import Orders
from local.fal.outcomes import Outcome

STREAM = "/stream"


class RunHost:
    """Direct calls share the account's places with the queue, and are turned away where it would let them wait."""

    def __init__(
        self,
        *,
        account: Account,
        orders: Orders,
        dispatcher: Dispatcher,
        calls: Calls,
        clock: Clock,
        note: Noting,
        new_id: Callable[[], str],
    ) -> None:
        self._account = account
        self._orders = orders
        self._dispatcher = dispatcher
        self._calls = calls
        self._clock = clock
        self._note = note
        self._new_id = new_id

    def app(self, realtime: BaseRoute) -> Router:
        """The host's app, with the route of the sockets that it shares with `realtime`."""
        calls = Route("/{path:path}", self.answer, methods=METHODS)
        return Router(routes=[realtime, calls], redirect_slashes=False)

    async def answer(self, request: Request) -> Response:
        """Run a model, or stream it."""
        body = await self._note(request)
        path = request.path_params["path"].strip("/")
        endpoint = path.removesuffix(STREAM)
        now = self._clock.now()
        refused = self._account.refusal_of_run(request.headers, request.query_params, endpoint, now=now)
        if refused is None and request.method != "POST":
            refused = replies.METHOD_NOT_ALLOWED
        if refused is not None:
            return reply_with(refused)
        order = self._orders.take(endpoint, headers=request.headers, body=body, address=address_of(request))
        if isinstance(order, Outcome):
            return reply_with(order)
        request_id = self._new_id()
        headers = named(request_id)
        outcome = await self._dispatcher.in_a_place(partial(self._calls.run, order, request_id=request_id))
        if outcome is None:
            return reply_with(replies.TOO_MANY_AT_ONCE, headers)
        if path == endpoint or not outcome.ok:
            return reply_with(outcome, headers)
        # every event of a stream is a whole output, and the last one is the result
        event = f"data: {json.dumps(outcome.body)}\n\n"
        return Response(event, 200, {**outcome.headers, **headers}, media_type="text/event-stream")
