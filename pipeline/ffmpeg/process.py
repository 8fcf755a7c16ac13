"""Runs other programs so that none outlives the call, inherits anything, or fills memory with its words.

Wire only: what to run and what an ending means is decided elsewhere.
"""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TranscodeFailed

ENVIRONMENT = {
    # Without it glibc reserves an arena of addresses for each of ffmpeg's threads.
    "MALLOC_ARENA_MAX": "2",
    # Blocks over 1 KB come zeroed. x264's mbtree reads some it never wrote (seen with AVX-512 at widths that
    # are no multiple of 256), so that one clip would encode into other bytes each time. Costs 3 % of CPU time.
    "MALLOC_PERTURB_": "255",
}
"""All that children see, in the words of mallopt(3)."""

TAIL_BYTES = 2000
"""How much of the end of stderr is kept: the last few lines, which name the cause."""

CHUNK_BYTES = 65536
"""What a pipe holds on Linux."""


@dataclass(frozen=True)
class Ending:
    """`code`: exit status, or the negative number of the signal. `tail`: the last whole lines of stderr."""

    code: int
    tail: str


@dataclass(frozen=True)
class Child:
    """A running process whose stderr is being drained."""

    process: Process
    draining: asyncio.Task[bytes]

    async def ending(self) -> Ending:
        """Wait until it has ended by itself and closed its stderr."""
        # Shielded: a caller that is cancelled here still needs the drained pipe for its own cleaning up.
        tail = await asyncio.shield(self.draining)
        return Ending(await self.process.wait(), _lines(tail))


@asynccontextmanager
async def spawn(argv: Sequence[str | Path], *, cwd: Path, stdio: int) -> AsyncIterator[Child]:
    """Start a program in a session of its own; leaving the block in any way kills its process group.

    `stdio` is what stdin and stdout are, `PIPE` or `DEVNULL`. SIGKILL and nothing milder: ffmpeg busy with
    duplicating frames ignores SIGTERM. Raises `TranscodeFailed` when it cannot be started.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=stdio, stdout=stdio, stderr=PIPE, cwd=cwd, env=ENVIRONMENT, start_new_session=True
        )
    except OSError as error:
        raise TranscodeFailed(f"no process could be started: {error.strerror}") from error
    assert process.stderr is not None
    child = Child(process, asyncio.create_task(_tail(process.stderr)))
    try:
        yield child
    finally:
        await _end(child)


async def run(argv: Sequence[str | Path], *, cwd: Path, seconds: float) -> Ending:
    """Run a program to its end. Raises `TimeoutError`, once it is dead, after `seconds`."""
    async with spawn(argv, cwd=cwd, stdio=DEVNULL) as child, asyncio.timeout(seconds):
        return await child.ending()


async def _end(child: Child) -> None:
    if child.process.returncode is None:
        with suppress(ProcessLookupError):  # it ended in between
            os.killpg(child.process.pid, signal.SIGKILL)
    if child.process.stdin is not None:
        child.process.stdin.close()
    await child.process.wait()
    await child.draining


async def _tail(stream: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await stream.read(CHUNK_BYTES):
        kept = (kept + chunk)[-TAIL_BYTES:]
    return kept


def _lines(tail: bytes) -> str:
    text = tail.decode("utf-8", "replace").strip()
    _, cut, whole = text.partition("\n")
    return whole if len(tail) == TAIL_BYTES and cut else text
