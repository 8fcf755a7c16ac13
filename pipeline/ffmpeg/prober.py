"""Asks a probing child for the facts of files. Wire only: verdicts over facts are in `gate`.

The child is restrained by itself, serves one clip and dies with the block; a crash of it condemns the clip it
was reading, and nothing else.
"""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import TranscodeFailed, UnusableClip
from pipeline.ffmpeg.facts import Facts, from_json
from pipeline.ffmpeg.process import Child, spawn

SECONDS = 30.0
"""For one answer, by the clock. The child's own limit on processor time is lower; this is for a stalled
machine."""

BOOTSTRAP = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from pipeline.ffmpeg.probe import main
main()
"""
"""Isolated and without `site`, a start costs half; so the way to the libraries is handed over."""

CRASHES = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGXCPU,
        signal.SIGXFSZ,
    }
)
"""Ends that the file brought about. SIGKILL is not among them: that is the machine running out of memory."""

NO_SENSE = "the clip cannot be used: its reader gave no sensible answer"
"""So ends a child that the file has taken over, or driven mad."""


@dataclass(frozen=True)
class Prober:
    """One probing child, ready to be asked; it has `seconds` for each answer."""

    child: Child
    seconds: float

    async def facts(self, file: Path) -> Facts:
        """Open the file and count its frames.

        Raises `UnusableClip` when it cannot be read or the reader crashes over it, `TranscodeFailed` when the
        reader was killed, stalled or could not start.
        """
        try:
            async with asyncio.timeout(self.seconds):
                return await self._ask(file)
        except TimeoutError as error:
            raise TranscodeFailed(f"reading the clip took longer than {self.seconds:g} s") from error

    async def _ask(self, file: Path) -> Facts:
        stdin, stdout = self.child.process.stdin, self.child.process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(str(file)).encode() + b"\n")
            await stdin.drain()
            answer = await stdout.readline()
        except ConnectionError:  # it died with our question unread
            answer = b""
        except ValueError as error:  # a line of more than 64 KB, of which facts need one
            raise UnusableClip(NO_SENSE) from error
        if not answer:
            await self._explain_death()
        return _parse(answer)

    async def _explain_death(self) -> None:
        ending = await self.child.ending()
        if -ending.code in CRASHES:
            raise UnusableClip(f"the clip cannot be used: reading it ends in {signal.Signals(-ending.code).name}")
        raise TranscodeFailed(f"the reader of clips ended with {ending.code}: {ending.tail}")


@asynccontextmanager
async def prober(cwd: Path, *, seconds: float = SECONDS) -> AsyncIterator[Prober]:
    """A probing child for the length of the block."""
    path = json.dumps([entry for entry in sys.path if entry])
    async with spawn([sys.executable, "-I", "-S", "-c", BOOTSTRAP, path], cwd=cwd, stdio=PIPE) as child:
        yield Prober(child, seconds)


def _parse(answer: bytes) -> Facts:
    try:
        text = answer.decode("ascii")
        refusal = json.loads(text).get("error")
        if refusal is None:
            return from_json(text)
    except (AttributeError, RecursionError, ValueError) as error:
        raise UnusableClip(NO_SENSE) from error
    raise UnusableClip(f"the clip cannot be used: {refusal}")
