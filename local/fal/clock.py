"""Time as the emulator sees it: what it is now, and waiting for a later moment. Decides nothing.

Everything in this package that waits does so through a `Clock`, so that a test can move an hour in no time.
"""

import asyncio
import time
from contextlib import suppress
from typing import Protocol


class Clock(Protocol):
    """A source of time that never goes backwards."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""

    async def sleep_until(self, when: float) -> None:
        """Return once `now()` has reached `when`; at once if it already has."""

    def forward(self, seconds: float) -> None:
        """Move time forward and wake those for whom it has come."""


class MovableClock:
    """The real time when made, advanced by the monotonic clock and by whoever moves it.

    Setting the system clock shifts nothing. All methods belong to the event loop's thread.
    """

    def __init__(self) -> None:
        self._epoch = time.time() - time.monotonic()
        self._moved = asyncio.Event()

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return self._epoch + time.monotonic()

    async def sleep_until(self, when: float) -> None:
        """Return once `now()` has reached `when`; at once if it already has."""
        while (left := when - self.now()) > 0:
            with suppress(TimeoutError):
                # not wait_for, which before Python 3.12 may lose a cancellation that meets the event
                async with asyncio.timeout(left):
                    await self._moved.wait()

    def forward(self, seconds: float) -> None:
        """Move time forward by that many seconds, which may not be negative."""
        if seconds < 0:
            raise ValueError(f"time goes forward only, not by {seconds} seconds")
        self._epoch += seconds
        self._moved.set()
        self._moved = asyncio.Event()
