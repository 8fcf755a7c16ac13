"""fal's public keys for webhooks: where they are and how they are fetched. Never sees fal's secret key.

Verification itself is in `webhook`. A key set that cannot be had is not a bad signature: whoever asks gets
`GeneratorUnavailable`, answers 503, and fal delivers again.
"""

from datetime import timedelta

import httpx

from pipeline.errors import GeneratorBusy, GeneratorUnavailable
from pipeline.fal.messages import Request
from pipeline.fal.webhook import Keys, read_keys
from pipeline.fal.wire import Patience, exchange
from pipeline.key_cache import KeyCache

LIFETIME = timedelta(hours=24)
"""fal asks for caching no longer than this."""

PATIENCE = Patience(connect=3, write=3, read=5, total=8)
"""fal gives up on a delivery's first attempt after 15 s; we should have answered 503 by then."""


def signing_keys(http: httpx.AsyncClient, url: str) -> KeyCache[Keys]:
    """The keys at that address, none fetched yet."""

    async def fetch() -> Keys:
        try:
            reply = await exchange(http, Request("GET", url), PATIENCE)
            if reply.status != 200:
                raise GeneratorUnavailable(f"fal's webhook keys: HTTP {reply.status} from {url}")
            return read_keys(reply.body)
        except (GeneratorBusy, ValueError) as error:
            raise GeneratorUnavailable(f"fal's webhook keys cannot be had: {error}") from error

    return KeyCache(fetch, lifetime=LIFETIME, unavailable=GeneratorUnavailable)
