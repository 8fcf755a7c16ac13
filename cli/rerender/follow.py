"""Asks for what was frozen, so many at a time, and watches it to the end. Decides nothing and makes nothing.

Ended at any moment, it can be begun again: what was asked is marked, and goes on at the workers meanwhile.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from storage.overview import NO_WORKER
from storage.rerenders import PostgresRerenders, Progress

_LOOK_SECONDS = 0.3  # between looks at our own rows
_LOOKING = 0.1  # share of the time that goes into looking: a large re-render is looked at less often
_COST_SECONDS = 3.0  # to wait for the last costs once everything has ended


async def follow(
    rerenders: PostgresRerenders,
    rerender: int,
    *,
    at_once: int,
    patience: timedelta,
    clock: Callable[[], datetime],
    tell: Callable[[Progress], None],
    warn: Callable[[str], None],
) -> Progress:
    """Ask for what is left and wait until everything has ended; returns how it went.

    `tell` hears how far it is at every look, `warn` that nothing has moved for `patience` and that there
    is no worker to move it.
    """
    loop = asyncio.get_running_loop()
    standstill = _Standstill(rerenders, patience)
    ended_at: float | None = None
    while True:
        began_at = loop.time()
        progress = await rerenders.look(rerender, now=clock())
        took = loop.time() - began_at
        tell(progress)
        if not progress.open:
            ended_at = ended_at or loop.time()
            if not progress.unsettled or loop.time() - ended_at > _COST_SECONDS:
                return progress
        elif await standstill.at(progress, loop.time()):
            warn(f"nothing has moved for {patience.total_seconds():g} s, and {NO_WORKER}")
        while progress.waiting and await rerenders.ask_next(rerender, at_once=at_once):
            pass
        await asyncio.sleep(max(_LOOK_SECONDS, took / _LOOKING))


class _Standstill:
    """Notices that nothing has moved for too long while no worker runs; once, until something moves again."""

    def __init__(self, rerenders: PostgresRerenders, patience: timedelta) -> None:
        self._rerenders = rerenders
        self._patience = patience.total_seconds()
        self._seen: Progress | None = None
        self._since = 0.0
        self._noticed = False

    async def at(self, progress: Progress, time: float) -> bool:
        """Whether it is noticed now."""
        if progress != self._seen:
            self._seen, self._since, self._noticed = progress, time, False
        if self._noticed or time - self._since < self._patience:
            return False
        if await self._rerenders.worker_runs():
            self._since = time  # a clip may take its time
            return False
        self._noticed = True
        return True
