"""Tells all who wait that something has changed. It says nothing of what."""

import asyncio


class Bell:
    """Rung after every change; whoever waits looks for itself. Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake everyone who waits now."""
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self) -> None:
        """Return at the next ring."""
        await self._rung.wait()
