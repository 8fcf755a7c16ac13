"""Asks for an object as anyone could: what proves of a private bucket, with any vendor, that it is one."""

import asyncio
import re

import httpx

from pipeline.errors import BucketUnavailable

_TIMEOUT_SECONDS = 10.0
_NO = frozenset({401, 403, 409})
"""409 is Azure's, of an account in which nothing may be public."""
_NOTHING_THERE = 404

_NO_IN_400 = re.compile(
    rb"<Code>\s*InvalidArgument\s*</Code>\s*<Message>\s*Authorization\s*</Message>"
    rb'|^\s*\{(?=.*"statusCode"\s*:\s*"404")(?=.*"error"\s*:\s*"Bucket not found")',
    re.DOTALL,
)
"""R2's of a request without a signature, and Supabase's of a bucket that is private: they say no with HTTP 400."""
_READ_BYTES = 1024
"""Of a 400; either says no in less."""


async def is_open(url: str) -> bool | None:
    """Whether the object there is given out without any key; None where for strangers nothing is there.

    Azure says None of a private object, and everybody of one that is gone. Raises `BucketUnavailable` where that
    cannot be told: only a no proves that it is not open, no redirect and no outage.
    """
    what = f"asking for {url} without a key"
    try:
        # A GET whose body is left unread: to a HEAD some say no where a GET is answered.
        async with (
            asyncio.timeout(2 * _TIMEOUT_SECONDS),
            httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as stranger,
            stranger.stream("GET", url) as reply,
        ):
            if reply.is_success:
                return True
            if reply.status_code == _NOTHING_THERE:
                return None
            if reply.status_code in _NO or (reply.status_code == 400 and _NO_IN_400.search(await _start(reply))):
                return False
    except (httpx.HTTPError, TimeoutError) as error:
        raise BucketUnavailable(f"{what}: no answer ({type(error).__name__}: {error})") from error
    raise BucketUnavailable(f"{what}: HTTP {reply.status_code} tells nothing")


async def _start(reply: httpx.Response) -> bytes:
    read = b""
    async for piece in reply.aiter_bytes():
        read += piece
        if len(read) >= _READ_BYTES:
            break
    return read[:_READ_BYTES]
