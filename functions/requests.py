"""Reading a request safely: address, headers and body of bounded size, in bounded time. No rules of the domain."""

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.problems import Refused, problem

MAX_HEADERS = 32 * 2**10
"""Bytes of all names and values; an access token with many claims takes 8 KiB. Servers have limits of their own,
and not all the same."""

MAX_ADDRESS = 4 * 2**10
"""Bytes of path and query."""

BODY_SECONDS = 30.0
"""Time for a whole body. Whoever sends a byte now and then would keep a connection for ever."""


class Bounded:
    """Refuses requests whose address or headers are too large, before anything reads them. ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 414 or 431, or hand the request on."""
        answer = _refusal(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)


def _refusal(scope: Scope) -> Response | None:
    if len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"]) > MAX_ADDRESS:
        return problem(414, "too_large", f"the address may have {MAX_ADDRESS} bytes at most")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS:
        return problem(431, "too_large", f"the headers may have {MAX_HEADERS} bytes at most")
    return None


async def receive_body(request: Request, *, limit: int) -> bytes:
    """The body as it came. Raises `Refused`: 413 past `limit` bytes, before the rest is read; 408 if slow."""
    announced = request.headers.get("content-length", "0")
    if not (announced.isascii() and announced.isdigit()):  # int() takes other scripts' digits as well
        raise Refused(400, "bad_request", "Content-Length is no number")
    if len(announced) > 15 or int(announced) > limit:
        raise Refused(413, "too_large", f"the body may have {limit} bytes at most")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(request, limit)
    except TimeoutError as error:
        raise Refused(408, "too_slow", f"the body was not complete after {BODY_SECONDS:.0f} s") from error
    except ClientDisconnect as error:
        raise Refused(400, "hung_up", "the body broke off") from error


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refused(413, "too_large", f"the body may have {limit} bytes at most")
    return bytes(body)
