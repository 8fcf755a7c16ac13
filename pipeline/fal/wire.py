"""One HTTP exchange over a client that somebody else owns. The only file of this folder that does I/O.

It sends a request exactly once: no repetition, no redirect followed. Every way in which the network can fail
becomes one of our errors here and nowhere else.
"""

import asyncio
from dataclasses import dataclass

import httpx

from pipeline.errors import GeneratorBusy, GeneratorUnavailable
from pipeline.fal.messages import Reply, Request

LARGEST_REPLY = 4 * 2**20
"""Bytes. fal keeps outputs in memory-sized JSON; anything larger is not what we asked for."""

_NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
"""What httpx raises while there is no connection yet, so that no byte of a request can have arrived."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds: `total` ends an exchange even if bytes keep trickling in."""

    connect: float = 5.0
    write: float = 10.0
    read: float = 30.0
    total: float = 60.0


async def exchange(
    http: httpx.AsyncClient, request: Request, patience: Patience, *, auth: httpx.Auth | None = None
) -> Reply:
    """Send the request once and read the whole reply, whatever its status.

    Raises `GeneratorBusy` if nothing was sent and `GeneratorUnavailable` if that is not certain.
    """
    timeout = httpx.Timeout(
        connect=patience.connect, write=patience.write, read=patience.read, pool=patience.connect
    )
    sending = http.stream(
        request.method,
        request.url,
        headers=dict(request.headers),
        content=request.body,
        auth=auth,
        timeout=timeout,
        follow_redirects=False,
    )
    try:
        async with asyncio.timeout(patience.total), sending as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, await _read(response))
    except _NOTHING_SENT as error:
        raise GeneratorBusy(f"fal cannot be reached ({type(error).__name__}); nothing was sent") from error
    # httpx lets some socket and TLS errors through as OSError, and asyncio's TimeoutError is one.
    except (httpx.HTTPError, OSError) as error:
        raise GeneratorUnavailable(f"the exchange with fal broke off ({type(error).__name__})") from error


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LARGEST_REPLY:
            raise GeneratorUnavailable(f"fal's answer is larger than {LARGEST_REPLY} bytes")
    return bytes(body)
