"""Tells all who wait that something has changed. It says nothing of what."""

import asyncio


class Bell:
    """Rung after every change; whoever waits looks for itself. Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake everyone who listens now."""
        self._rung.set()
        self._rung = asyncio.Event()

    def listen(self) -> asyncio.Event:
        """What the next ring sets. Listen before you look: a change between the two is heard then."""
        return self._rung
