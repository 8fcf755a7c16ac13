"""queue.fal.run: submits, status by polling and as a stream, results, cancels. Asks the desk; decides nothing."""

import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route, Router

from local.fal.bell import Bell
from local.fal.desk import Answer, Ask, Desk, Silence
from local.fal.hosts.address import address_of
from local.fal.hosts.replying import ANY_METHOD, reply
from local.fal.outcomes import JsonObject
from local.fal.paths import Action, RequestPath, read_path
from local.fal.queue import State
from local.fal.server import hang_up, until_gone


class QueueHost:
    """Everything in the queue's URL space; nothing is ever redirected."""

    def __init__(self, *, desk: Desk, bell: Bell) -> None:
        self._desk = desk
        self._bell = bell

    def app(self) -> Router:
        """The host's app."""
        routes: list[BaseRoute] = [Route("/{path:path}", self.answer, methods=ANY_METHOD)]
        return Router(routes=routes, redirect_slashes=False)

    async def answer(self, request: Request) -> Response:
        """Any request."""
        ask = Ask(
            method=request.method,
            path=request.path_params["path"],
            query=request.query_params,
            headers=request.headers,
            body=await request.body(),
            address=address_of(request),
        )
        answer = self._desk.answer(ask)
        if answer.silence is Silence.HANG_UP:
            await hang_up(request)
        elif answer.silence is Silence.STALL:
            await until_gone(request)
        if _streams(ask) and _is_status(answer):
            return StreamingResponse(self._statuses(ask), 200, answer.headers, media_type="text/event-stream")
        return reply(answer.body, answer.status, answer.headers)

    async def _statuses(self, ask: Ask) -> AsyncIterator[str]:
        """Each status that differs from the one before, with those logs that are new, up to COMPLETED.

        A request that is cancelled in the queue ends the stream too: there is no status of it any more.
        """
        told, logged = None, 0
        while True:
            change = self._bell.listen()
            answer = self._desk.answer(ask)
            if not _is_status(answer):
                return
            event, logged = _with_new_logs(answer.body, logged)
            if answer.body != told:
                yield f"data: {json.dumps(event)}\n\n"
            if answer.body["status"] == State.COMPLETED:
                return
            told = answer.body
            await change.wait()


def _streams(ask: Ask) -> bool:
    path = read_path(ask.path)
    return isinstance(path, RequestPath) and path.action is Action.STATUS_STREAM


def _is_status(answer: Answer) -> bool:
    """Whether the desk could say where the request stands."""
    return answer.body.get("status") in set(State)


def _with_new_logs(body: JsonObject, logged: int) -> tuple[JsonObject, int]:
    logs = body.get("logs")
    if logs is None:
        return body, logged
    return {**body, "logs": logs[logged:]}, len(logs)
