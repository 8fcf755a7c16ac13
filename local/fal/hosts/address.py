"""Which of fal's hosts a request is for, and at what address its caller reached us.

fal's JavaScript client can be told to send everything to one proxy, with the true target in a header; we are such
a proxy, and the last one.
"""

from typing import Final
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from local.fal.hosts.replying import reply_with
from local.fal.outcomes import platform_failure
from pipeline.errors import BadRequest

TARGET_HEADER: Final = "x-fal-target-url"
_ADDRESS: Final = "storyreel.address"


class Address:
    """ASGI middleware: remembers the address as called, then takes the target's host, path and query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or answer 400 where its target is none."""
        if scope["type"] in {"http", "websocket"}:
            scope = {**scope, _ADDRESS: _called(scope)}
            target = Headers(scope=scope).get(TARGET_HEADER)
            try:
                scope = scope if target is None else _aimed(scope, target)
            except BadRequest as error:
                await reply_with(platform_failure("bad_request", str(error)))(scope, receive, send)
                return
        await self._app(scope, receive, send)


def address_of(connection: HTTPConnection) -> str:
    """Scheme and host as the caller reached us, no final slash: the start of every URL we hand out."""
    address: str = connection.scope[_ADDRESS]
    return address


def _called(scope: Scope) -> str:
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    return f"{scheme}://{Headers(scope=scope).get('host', 'localhost')}"


def _aimed(scope: Scope, target: str) -> Scope:
    try:
        parts = urlsplit(target)
        host, _ = parts.hostname, parts.port  # reading a port checks it
    except ValueError as error:
        raise BadRequest(f"{TARGET_HEADER} is not a URL: {error}") from error
    if parts.scheme not in {"http", "https", "ws", "wss"} or not host:
        raise BadRequest(f"{TARGET_HEADER} is not a URL with a scheme and a host")
    path = parts.path or "/"
    aimed = {
        **scope,
        "scheme": parts.scheme,
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),  # as the header itself was read
        "query_string": parts.query.encode("latin-1"),
        "headers": list(scope["headers"]),
    }
    MutableHeaders(scope=aimed)["host"] = parts.netloc.rpartition("@")[2]
    return aimed
