"""The connections to one Supabase project: the package's client over an HTTP client of our own. Asks nothing."""

from contextlib import AsyncExitStack

import httpx
from storage3 import AsyncStorageClient

from pipeline.errors import BucketRefused
from supabase import AsyncClientOptions, AsyncSupabaseException, acreate_client


async def connect(url: str, key: str, patience: httpx.Timeout) -> tuple[httpx.AsyncClient, AsyncStorageClient]:
    """Both, of which the first is to be closed. Raises `BucketRefused` for an address or a key that is none."""
    try:
        async with AsyncExitStack() as stack:
            # HTTP/1.1: the package's default, HTTP/2, breaks on idle connections that the server closed
            # ("Server disconnected"), and a client of our own is one that can be closed.
            http = httpx.AsyncClient(
                http2=False, timeout=patience, headers={"apikey": key, "authorization": f"Bearer {key}"}
            )
            stack.push_async_callback(http.aclose)
            client = await acreate_client(url, key, AsyncClientOptions(httpx_client=http))
            connected = http, client.storage
            stack.pop_all()
            return connected
    except (AsyncSupabaseException, ValueError):  # whose text may show the key
        raise BucketRefused(
            "no client can be made of SUPABASE_URL and SUPABASE_SECRET_KEY: the address begins with http:// or "
            "https://, and the key is copied in one piece"
        ) from None
