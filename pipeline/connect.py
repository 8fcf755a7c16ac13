"""The network under a download: looks a name up once, checks every address, and connects to one that was checked.

Nobody looks the name up a second time, so that it cannot lead elsewhere by then (DNS rebinding). TLS goes on above
this, by the name: what is asked for (SNI) and what the certificate must say. Which addresses are good is decided
elsewhere.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Self

import httpcore

from pipeline.addresses import Kind, kind_of

CONNECT_SECONDS = 10.0
_MOST_TRIED = 4  # addresses that share those seconds

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Check = Callable[[str, int, str], None]


async def look_up(host: str, port: int) -> list[str]:
    """The name's addresses as this machine's resolver prefers them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """What httpcore connects through. `check(host, port, address)` raises for an address not to be connected to.

    One bad address among good ones refuses them all: whoever slipped it in may have made the others, too.
    Leaving its context hangs up on everybody: httpcore forgets a connection that was cancelled in a TLS handshake.
    """

    def __init__(
        self, check: Check, *, resolve: Resolve = look_up, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        """`network` connects to addresses; unless given, over this machine's sockets."""
        self._check = check
        self._resolve = resolve
        self._network = network or httpcore.AnyIOBackend()
        self._opened: list[httpcore.AsyncNetworkStream] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for stream in self._opened:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See httpcore. Tries the addresses by turns, all within `timeout` seconds, the looking up included.

        Raises httpcore's ConnectError and ConnectTimeout, and what `check` raises.
        """
        clock = asyncio.get_running_loop().time
        ends = clock() + (CONNECT_SECONDS if timeout is None else timeout)
        addresses = await self._addresses(host, port, ends)
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for tried, address in enumerate(addresses):
            share = (ends - clock()) / (len(addresses) - tried)
            try:
                stream = await self._network.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                self._opened.append(stream)
                return stream
        raise failure

    async def _addresses(self, host: str, port: int, ends: float) -> list[str]:
        """The first few, all of them checked. An address needs no looking up."""
        if kind_of(host) is not Kind.NONE:
            found: Sequence[str] = [host]
        else:
            try:
                async with asyncio.timeout_at(ends):
                    found = await self._resolve(host, port)
            except TimeoutError as error:
                raise httpcore.ConnectTimeout(f"{host} was not looked up in time") from error
            except OSError as error:
                raise httpcore.ConnectError(f"{host} could not be looked up") from error
        for address in found:
            self._check(host, port, address)
        return _by_turns(found)[:_MOST_TRIED]


def _by_turns(addresses: Sequence[str]) -> list[str]:
    """IPv6 and IPv4 alternating, the preferred one first: where one leads nowhere, the other is soon tried.

    Source: RFC 8305, 4.
    """
    families: dict[bool, list[str]] = {}
    for address in dict.fromkeys(addresses):
        families.setdefault(":" in address, []).append(address)
    return [address for turn in zip_longest(*families.values()) for address in turn if address is not None]
