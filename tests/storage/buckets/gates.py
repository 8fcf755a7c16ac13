"""Gates in front of test servers: what the real services look at, and the servers do not. Each is an ASGI app."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

_HOP = {"connection", "keep-alive", "transfer-encoding"}


class Gate(ABC):
    """Hands on to the server behind it what is not refused, byte for byte."""

    def __init__(self, server: str, *, clock: Callable[[], datetime]) -> None:
        self._server, self._clock = server, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if refused := await self.refusal(request):
            status, code = refused
            await Response(f"<Error><Code>{code}</Code></Error>", status)(scope, receive, send)
            return
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(httpx.AsyncClient(timeout=60, verify=False, trust_env=False))
            asked = client.build_request(
                request.method,
                self._server + self.target(request),
                headers=self.headers(request),
                content=request.stream() if "content-length" in request.headers else None,
            )
            answer = await client.send(asked, stream=True)
            stack.push_async_callback(answer.aclose)
            headers = {name: value for name, value in answer.headers.items() if name not in _HOP}
            reply = StreamingResponse(_pieces(answer), answer.status_code, headers)
            await reply(scope, receive, send)

    @abstractmethod
    async def refusal(self, request: Request) -> tuple[int, str] | None:
        """The status and the code with which it is refused."""

    def target(self, request: Request) -> str:
        """Path and query, escaped as they came."""
        query = request.scope["query_string"].decode()
        return str(request.scope["raw_path"].decode() + (f"?{query}" if query else ""))

    def headers(self, request: Request) -> list[tuple[bytes, bytes]]:
        return [(name, value) for name, value in request.headers.raw if name.decode() not in _HOP]


class ExpiringGate(Gate):
    """In front of Azurite, which judges signatures by itself, but by a clock that no test can set forward."""

    async def refusal(self, request: Request) -> tuple[int, str] | None:
        ends = request.query_params.getlist("se")
        over = [end for end in ends if datetime.fromisoformat(end).astimezone(UTC) < self._clock()]
        return (403, "AuthenticationFailed") if over else None


async def _pieces(answer: httpx.Response) -> AsyncIterator[bytes]:
    async for piece in answer.aiter_raw():
        yield piece
