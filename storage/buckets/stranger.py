"""Asks for an object as anyone could: what proves of a private bucket, with any vendor of S3, that it is one."""

import httpx

from pipeline.errors import BucketUnavailable

_TIMEOUT_SECONDS = 10.0
_NO = frozenset({401, 403, 404, 409})
"""409 is Azure's, of an account in which nothing may be public."""


async def is_open(url: str) -> bool:
    """Whether the object there is given out without any key.

    Raises `BucketUnavailable` where that cannot be told: only a no proves it is not, no redirect and no outage.
    """
    try:
        # A GET whose body is left unread: to a HEAD some say no where a GET is answered.
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as stranger, stranger.stream("GET", url) as reply:
            if reply.is_success:
                return True
            if reply.status_code not in _NO:
                raise BucketUnavailable(f"asking for {url} without a key: HTTP {reply.status_code} tells nothing")
            return False
    except httpx.HTTPError as error:
        what = f"asking for {url} without a key"
        raise BucketUnavailable(f"{what}: no answer ({type(error).__name__}: {error})") from error
