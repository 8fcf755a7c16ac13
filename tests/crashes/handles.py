"""Processes of ours as a test sees them: started, told the time, told to stop, found dead at their failpoint."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from tests.crashes.failpoints import Point
from tests.crashes.processes import Told
from tests.forked import forking

DIED = -signal.SIGKILL
_SECONDS = 60.0  # for whatever is waited for; no test is to come near it


class Dead(Exception):
    """The process ended at the point, by SIGKILL."""

    def __init__(self, point: Point) -> None:
        super().__init__(str(point))
        self.point = point


class Process:
    """One process of ours."""

    def __init__(self, process: ForkServerProcess, line: Connection) -> None:
        self._process = process
        self._line = line

    async def hear(self) -> Any:
        """What it says next. Raises `Dead`, and AssertionError where it ended without having been told to."""
        try:
            word = await asyncio.to_thread(self._recv)
        except (EOFError, ConnectionResetError) as end:
            await self._join()
            raise AssertionError(f"the process ended by itself: {self._process.exitcode}") from end
        if isinstance(word, Point) and word.moment not in {"hang", "freeze"}:
            await self._join()
            assert self._process.exitcode == DIED, self._process.exitcode
            raise Dead(word)
        return word

    async def drain(self, now: datetime) -> Any:
        """Have it run all that is due at that time; the errors of this, or where it froze. Raises `Dead`."""
        with suppress(BrokenPipeError):
            self._line.send(now)
        return await self.hear()

    def stop(self) -> None:
        """Tell it to stop, as a deployment does."""
        self._signal(signal.SIGTERM)

    def thaw(self) -> None:
        """Have it go on where it froze."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it by force: whatever a failed test left running."""
        if self._process.is_alive():
            self._process.kill()
        self._process.join()

    def _recv(self) -> Any:
        assert self._line.poll(_SECONDS), "nothing was heard of the process"
        return self._line.recv()

    async def _join(self) -> None:
        await asyncio.to_thread(self._process.join, _SECONDS)


@asynccontextmanager
async def starting(main: Callable[..., None], told: Told, *more: object) -> AsyncIterator[Process]:
    """A process that runs `main`; within the block it is ready, and after it, it is gone."""
    ours, its = forking.Pipe()
    process = forking.Process(target=main, args=(told, its, *more), daemon=True)
    await asyncio.to_thread(process.start)
    its.close()
    handle = Process(process, ours)
    try:
        assert await handle.hear() == "ready"
        yield handle
    finally:
        handle.kill()
        ours.close()
