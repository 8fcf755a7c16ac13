"""Public keys of somebody else, fetched when needed and kept for a while: `KeyCache`.

Whose they are and how they are fetched is the caller's. Forged signatures must not make us hammer a key server:
between two fetches lies a pause, whoever asks.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from pipeline.errors import StoryreelError

Keys = TypeVar("Keys")

PAUSE = timedelta(seconds=30)
"""The shortest time between two fetches."""


class KeyCache(Generic[Keys]):
    """One set of keys, fetched at most once per `PAUSE`, by one caller at a time.

    `fetch` raises `unavailable` where the keys cannot be had.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Keys]],
        *,
        lifetime: timedelta,
        unavailable: type[StoryreelError],
    ) -> None:
        self._fetch_anew = fetch
        self._lifetime = lifetime
        self._unavailable = unavailable
        self._lock = asyncio.Lock()
        self._keys: Keys | None = None
        self._fetched_at: datetime | None = None
        self._tried_at: datetime | None = None

    async def current(self, now: datetime) -> Keys:
        """Keys not older than the lifetime. Raises `unavailable` if they cannot be had."""
        if (kept := self._kept(now)) is not None:  # whoever fetches newer ones keeps nobody waiting
            return kept
        async with self._lock:
            kept = self._kept(now)
            return await self._fetch(now) if kept is None else kept

    def _kept(self, now: datetime) -> Keys | None:
        return self._keys if _within(self._lifetime, self._fetched_at, now) else None

    async def newer(self, than: Keys, now: datetime) -> Keys | None:
        """Keys newer than those, none of which made a signature; None if it is too soon to ask for any.

        Raises `unavailable` if they cannot be had, or could not moments ago.
        """
        async with self._lock:
            kept = self._kept(now)
            if kept is not None and kept is not than:
                return kept  # somebody else fetched them while we waited
            succeeded = self._tried_at == self._fetched_at
            if succeeded and _within(PAUSE, self._fetched_at, now):
                return None
            return await self._fetch(now)

    async def _fetch(self, now: datetime) -> Keys:
        if _within(PAUSE, self._tried_at, now):
            raise self._unavailable("the keys that signatures are checked with could not be fetched moments ago")
        self._tried_at = now
        self._keys = await self._fetch_anew()
        self._fetched_at = now
        return self._keys


def _within(span: timedelta, moment: datetime | None, now: datetime) -> bool:
    """Whether the moment lies less than the span back. A clock that was set back ends every span."""
    return moment is not None and timedelta(0) <= now - moment < span
