"""fal's public keys for webhooks, fetched when needed and kept for a while. Never sees fal's secret key.

Verification itself is in `webhook`. A key set that cannot be had is not a bad signature: whoever asks gets
`GeneratorUnavailable`, answers 503, and fal delivers again.
"""

import asyncio
from datetime import datetime, timedelta

import httpx

from pipeline.errors import GeneratorBusy, GeneratorUnavailable
from pipeline.fal.messages import Request
from pipeline.fal.webhook import Keys, read_keys
from pipeline.fal.wire import Patience, exchange

LIFETIME = timedelta(hours=24)
"""fal asks for caching no longer than this."""

PAUSE = timedelta(seconds=30)
"""The shortest time between two fetches: forged deliveries must not make us hammer fal's key server."""


PATIENCE = Patience(connect=3, write=3, read=5, total=8)
"""fal gives up on a delivery's first attempt after 15 s; we should have answered 503 by then."""


class SigningKeys:
    """The current key set, fetched at most once per `PAUSE`, by one caller at a time."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url
        self._lock = asyncio.Lock()
        self._keys: Keys = ()
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None

    async def current(self, now: datetime) -> Keys:
        """Keys not older than `LIFETIME`. Raises `GeneratorUnavailable` if they cannot be had."""
        async with self._lock:
            if not _within(LIFETIME, self._fetched_at, now):
                await self._fetch(now)
            return self._keys

    async def newer(self, now: datetime) -> Keys | None:
        """Keys fetched anew, for a signature that none of the current ones made; None if that is too soon.

        Raises `GeneratorUnavailable` if they cannot be had, or could not moments ago.
        """
        async with self._lock:
            succeeded = self._tried_at == self._fetched_at
            if succeeded and _within(PAUSE, self._fetched_at, now):
                return None
            await self._fetch(now)
            return self._keys

    async def _fetch(self, now: datetime) -> None:
        if _within(PAUSE, self._tried_at, now):
            raise GeneratorUnavailable("fal's webhook keys could not be fetched moments ago")
        self._tried_at = now
        try:
            reply = await exchange(self._http, Request("GET", self._url), PATIENCE)
            if reply.status != 200:
                raise GeneratorUnavailable(f"fal's webhook keys: HTTP {reply.status} from {self._url}")
            self._keys = read_keys(reply.body)
        except (GeneratorBusy, ValueError) as error:
            raise GeneratorUnavailable(f"fal's webhook keys cannot be had: {error}") from error
        self._fetched_at = now


def _within(span: timedelta, moment: datetime | None, now: datetime) -> bool:
    """Whether the moment lies less than the span back. A clock that was set back ends every span."""
    return moment is not None and timedelta(0) <= now - moment < span
