"""Time as the emulator sees it: what it is now, and waiting for a later moment. Decides nothing.

Everything in this package that waits does so through a `Clock`, so that a test can move an hour in no time.
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A source of time that never goes backwards."""

    def now(self) -> float:
        """Seconds since the Unix epoch."""

    async def sleep_until(self, when: float) -> None:
        """Return once `now()` has reached `when`; at once if it already has."""


class WallClock:
    """The real time when made, advanced by the monotonic clock: setting the system clock shifts nothing."""

    def __init__(self) -> None:
        self._epoch = time.time() - time.monotonic()

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        return self._epoch + time.monotonic()

    async def sleep_until(self, when: float) -> None:
        """Return once `now()` has reached `when`; at once if it already has."""
        await asyncio.sleep(max(0.0, when - self.now()))
