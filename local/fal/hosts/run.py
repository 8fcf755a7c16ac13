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
from local.fal.hosts.address import address_of
from local.fal.hosts.replying import ANY_METHOD, reply_with
from local.fal.outcomes import Outcome
from local.fal.server import until_gone

STREAM = "/stream"


class RunHost:
    """Direct calls share the account's places with the queue, and are turned away where it would let them wait."""

    def __init__(self, *, account: Account, calls: Calls, clock: Clock, new_id: Callable[[], str]) -> None:
        self._account = account
        self._calls = calls
        self._clock = clock
        self._new_id = new_id

    def app(self, realtime: BaseRoute) -> Router:
        """The host's app, with the route of the sockets that it shares with `realtime`."""
        calls = Route("/{path:path}", self.answer, methods=ANY_METHOD)
        return Router(routes=[realtime, calls], redirect_slashes=False)

    async def answer(self, request: Request) -> Response:
        """Run a model, or stream it."""
        path = request.path_params["path"].strip("/")
        endpoint = path.removesuffix(STREAM)
        now = self._clock.now()
        refused = self._account.refusal_of_run(request.headers, request.query_params, endpoint, now=now)
        if refused is None and request.method != "POST":
            refused = replies.METHOD_NOT_ALLOWED
        if refused is not None:
            return reply_with(refused)
        body = await request.body()
        order = self._calls.take(endpoint, headers=request.headers, body=body, address=address_of(request))
        if isinstance(order, Outcome):
            return reply_with(order)
        request_id = self._new_id()
        headers = replies.named(request_id)
        outcome = await self._calls.in_a_place(order, request_id=request_id, gone=partial(until_gone, request))
        if path == endpoint or not outcome.ok:
            return reply_with(outcome, headers)
        # every event of a stream is a whole output, and the last one is the result
        event = f"data: {json.dumps(outcome.body)}\n\n"
        return Response(event, 200, {**outcome.headers, **headers}, media_type="text/event-stream")
