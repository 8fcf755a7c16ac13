"""Children are kept running, and all of them end: with the block, with an error, with a parent that was killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from local.children import Child, Children

# Says that it runs through the inherited pipe, then waits: for ever, or for its standard input to close.
_SLEEPER = "import os, time; print(os.getpid(), flush=True); os.write({fd}, b'+'); time.sleep(600)"
_WATCHER = "import os, sys; os.write({fd}, b'+'); sys.stdin.buffer.read()"


class Pipe:
    """Open at its writing end as long as a child lives: the end of the stream is the end of them all."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()

    def child(self, name: str, folder: Path, code: str, **environment: str) -> Child:
        return Child(
            name=name,
            argv=[sys.executable, "-c", code.format(fd=self.writing)],
            environment={"PATH": os.defpath, **environment},
            log=folder / f"{name}.log",
            inherited=(self.writing,),
        )

    async def read(self, count: int = 1) -> bytes:
        """The next bytes, b'' once nobody holds the writing end."""
        return await asyncio.wait_for(asyncio.to_thread(os.read, self.reading, count), 30)

    def let_go(self) -> None:
        """Close our own writing end."""
        if self.writing >= 0:
            os.close(self.writing)
            self.writing = -1


@pytest.fixture
async def pipe() -> AsyncIterator[Pipe]:
    made = Pipe()
    yield made
    made.let_go()
    os.close(made.reading)


@asynccontextmanager
async def kept(*children: Child) -> AsyncIterator[Children]:
    async with Children(children) as running:
        yield running


async def test_all_children_end_with_the_block(pipe: Pipe, tmp_path: Path) -> None:
    """SIGTERM to each, and the block is left when the last one is gone."""
    children = [pipe.child(f"c{number}", tmp_path, _SLEEPER) for number in range(3)]
    async with kept(*children):
        assert {await pipe.read() for _ in range(3)} == {b"+"}
        pipe.let_go()

    assert await pipe.read() == b""


async def test_all_children_end_when_the_block_fails(pipe: Pipe, tmp_path: Path) -> None:
    """Also by cancellation or an error."""

    async def fail() -> None:
        async with kept(pipe.child("c", tmp_path, _SLEEPER)):
            await pipe.read()
            pipe.let_go()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await pipe.read() == b""


async def test_a_child_that_dies_is_started_again(pipe: Pipe, tmp_path: Path) -> None:
    """However it dies, with the same arguments and environment, in another process; also the second time."""
    async with kept(pipe.child("c", tmp_path, _SLEEPER)) as children:
        await pipe.read()
        pids = [children.pid("c")]
        for number in (signal.SIGKILL, signal.SIGTERM):
            os.kill(pids[-1], number)
            await pipe.read()
            while children.pid("c") == pids[-1]:
                await asyncio.sleep(0.01)
            pids.append(children.pid("c"))

    assert len(set(pids)) == 3


async def test_a_child_that_ends_by_itself_is_started_again(pipe: Pipe, tmp_path: Path) -> None:
    """Code 0 is no reason to stay away: a worker whose engine gave up quietly ends so."""
    async with kept(pipe.child("c", tmp_path, "import os; os.write({fd}, b'+')")):
        assert [await pipe.read() for _ in range(2)] == [b"+", b"+"]


async def test_output_is_appended_to_the_log(pipe: Pipe, tmp_path: Path) -> None:
    """What the one that died said last is still there after the next start."""
    code = "import os, sys; print('said', os.getpid(), flush=True); os.write({fd}, b'+')"
    async with kept(pipe.child("c", tmp_path, code)):
        for _ in range(2):
            await pipe.read()

    assert (tmp_path / "c.log").read_text().count("said") >= 2


async def test_a_child_that_cannot_be_started_leaves_none_behind(pipe: Pipe, tmp_path: Path) -> None:
    """The error comes out, and the children that had been started end, with whoever keeps them."""
    good = pipe.child("good", tmp_path, _SLEEPER)
    bad = Child("bad", ["/nowhere/program"], {}, tmp_path / "bad.log")
    before = asyncio.all_tasks()
    with pytest.raises(FileNotFoundError):
        async with kept(good, bad):
            pass
    left = asyncio.all_tasks() - before
    pipe.let_go()
    try:
        while await asyncio.wait_for(asyncio.to_thread(os.read, pipe.reading, 9), 3):
            pass
        ended = True
    except TimeoutError:
        ended = False
        for task in left:
            task.cancel()  # a keeper would start the child again
        await asyncio.gather(*left, return_exceptions=True)
        os.kill(int((tmp_path / "good.log").read_text()), signal.SIGKILL)

    assert ended


async def test_children_end_when_their_parent_is_killed(pipe: Pipe, tmp_path: Path) -> None:
    """The parent holds the other end of their standard input, so they notice even a SIGKILL."""
    script = f"""
import asyncio, sys
from pathlib import Path
from local.children import Child, Children

async def main():
    argv = [sys.executable, "-c", {_WATCHER.format(fd=pipe.writing)!r}]
    children = [Child(f"c{{n}}", argv, {{}}, Path({str(tmp_path)!r}) / "log", ({pipe.writing},)) for n in range(2)]
    async with Children(children):
        await asyncio.sleep(600)

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, pass_fds=[pipe.writing])
    assert {await pipe.read() for _ in range(2)} == {b"+"}
    pipe.let_go()
    parent.kill()
    await parent.wait()

    assert await pipe.read() == b""


async def test_a_child_holds_no_other_childs_input(pipe: Pipe, tmp_path: Path) -> None:
    """One that inherited the end of another's pipe would keep it from noticing."""
    watcher = pipe.child("watcher", tmp_path, _WATCHER)
    sleeper = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], {}, tmp_path / "s.log")
    async with kept(watcher, sleeper) as children:
        await pipe.read()
        before = children.pid("watcher")
        process = children._running["watcher"]
        assert process.stdin is not None
        process.stdin.close()
        await pipe.read()  # it ended, and was started again

        while children.pid("watcher") == before:
            await asyncio.sleep(0.01)
