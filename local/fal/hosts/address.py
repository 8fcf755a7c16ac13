"""Which of fal's hosts a request is for, and at what address its caller reached us.

fal's JavaScript client can be told to send everything to one proxy, with the true target in a header; we are such
a proxy, and the last one.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

TARGET_HEADER: Final = "x-fal-target-url"
_ADDRESS: Final = "storyreel.address"


class Address:
    """ASGI middleware: remembers the address as called, then takes the target's host, path and query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on."""
        if scope["type"] in {"http", "websocket"}:
            scope = {**scope, _ADDRESS: _called(scope)}
            target = Headers(scope=scope).get(TARGET_HEADER)
            if target is not None:
                scope = _aimed(scope, target)
        await self._app(scope, receive, send)


def address_of(connection: HTTPConnection) -> str:
    """Scheme and host as the caller reached us, no final slash: the start of every URL we hand out."""
    address: str = connection.scope[_ADDRESS]
    return address


def _called(scope: Scope) -> str:
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    return f"{scheme}://{Headers(scope=scope).get('host', 'localhost')}"


def _aimed(scope: Scope, target: str) -> Scope:
    parts = urlsplit(target)
    aimed = {
        **scope,
        "scheme": parts.scheme,
        "path": parts.path or "/",
        "raw_path": (parts.path or "/").encode(),
        "query_string": parts.query.encode(),
        "headers": list(scope["headers"]),
    }
    MutableHeaders(scope=aimed)["host"] = parts.netloc
    return aimed
