"""Keeps a few child processes running: starts them, starts them again when they die, ends them all.

A child's standard input is a pipe that only its parent holds, so a child that watches it notices even a parent
that was killed. Knows nothing of what the children do.
"""

import asyncio
import contextlib
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_GRACE = 25.0  # seconds to end in, longer than a worker's own grace
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0  # seconds between a death and the next start


@dataclass(frozen=True)
class Child:
    """What to run, and where its output goes."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)  # secrets among it
    log: Path
    inherited: tuple[int, ...] = ()


class Children:
    """The running children. An async context manager: leaving it ends every one of them."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        try:
            for child in self._children:
                self._running[child.name] = await _start(child)
                self._keepers.append(asyncio.create_task(self._keep(child)))
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(_end(process) for process in self._running.values()))

    def pid(self, name: str) -> int:
        """The process id of the child as it runs now."""
        return self._running[name].pid

    async def _keep(self, child: Child) -> None:
        pause = _FIRST_PAUSE
        while True:
            await self._running[child.name].wait()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            self._running[child.name] = await _start(child)


async def _start(child: Child) -> asyncio.subprocess.Process:
    with child.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *child.argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=dict(child.environment),
            pass_fds=child.inherited,
            start_new_session=True,  # Ctrl-C is the parent's business: it ends them in order
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_GRACE):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
