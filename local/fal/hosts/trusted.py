"""Keeps what is the emulator's own from pages of strangers whose names were made to lead here. Knows no route.

DNS rebinding: a browser asks evil.example for a page, then finds that name leading to this machine, and lets the
page read whatever answers there. The name is still in the request; so only names answer that no stranger can own.
"""

from collections.abc import Collection
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from local.fal.hosts.address import address_of
from local.fal.hosts.replying import reply

FALS: Final = ("fal.run", "fal.ai", "fal.media")
"""fal's domains, which lead here where somebody wrote so into the hosts file."""


class TrustedNames:
    """ASGI middleware for HTTP: answers 403 in place of the app where it was asked for by any other name."""

    def __init__(self, app: ASGIApp, *, names: Collection[str]) -> None:
        """`names`: those that the emulator was told to listen on."""
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or answer it."""
        # as called: a page of strangers may write any target into a header
        name = _name_in(address_of(Request(scope)))
        if name is not None and (name in self._names or is_trusted(name)):
            await self._app(scope, receive, send)
        else:
            detail = "this is the emulator's own, and answers under no name that a stranger could have given it"
            await reply({"detail": detail}, 403)(scope, receive, send)


def is_trusted(name: str) -> bool:
    """Whether no stranger can own the lower-case name: an address, a local name, or one of fal's."""
    return _is_address(name) or "." not in name or name.endswith(".localhost") or _is_fals(name)


def _name_in(address: str) -> str | None:
    """The host in lower case; None where the caller wrote none that could be one."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _is_fals(name: str) -> bool:
    return any(name == domain or name.endswith(f".{domain}") for domain in FALS)
