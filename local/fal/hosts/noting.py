"""Has every call of fal's hosts noted as it came, answered or not. It answers nothing itself."""

from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.fal.clock import Clock
from local.fal.journal import Journal


class Noting:
    """ASGI middleware: reads the whole of an HTTP call, or of a WebSocket the handshake, and notes it first."""

    def __init__(self, app: ASGIApp, *, journal: Journal, clock: Clock) -> None:
        self._app = app
        self._journal = journal
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the call and pass it on. One whose caller goes before it was all sent was none."""
        body = b""
        if scope["type"] == "http":
            try:
                body = await Request(scope, receive).body()
            except ClientDisconnect:
                return
            receive = _told_again(body, receive)
        self._note(scope, body)
        await self._app(scope, receive, send)

    def _note(self, scope: Scope, body: bytes) -> None:
        headers = HTTPConnection(scope).headers
        self._journal.received(
            at=self._clock.now(),
            method=scope.get("method", "GET"),
            host=headers.get("host", ""),
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=dict(headers),
            body=body,
        )


def _told_again(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read already, and then whatever comes after it."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
