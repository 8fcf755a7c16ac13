"""What every program started by the media path lives under: limits, an empty environment, bounded words."""

import os
import platform
import signal
import sys
from pathlib import Path

import pytest

from pipeline.errors import TranscodeFailed
from pipeline.ffmpeg import launcher
from pipeline.ffmpeg.process import TAIL_BYTES, run


async def test_the_launcher_limits_what_it_becomes(tmp_path: Path) -> None:
    """Limits reach the program and keep it from taking more memory; nothing of our environment does."""
    said = "import os, sys; sys.stderr.write(' '.join(sorted(os.environ))); sys.stderr.flush(); bytes(10**9)"
    program = [sys.executable, "-I", "-S", "-c", said]

    ending = await run(
        [sys.executable, "-I", "-S", launcher.__file__, "AS=300000000", "CPU=5", "--", *program],
        cwd=tmp_path,
        seconds=60,
    )

    assert "MemoryError" in ending.tail
    assert "PATH" not in ending.tail
    assert ending.code == 1


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc fills memory on demand")
async def test_used_memory_is_never_handed_out_again_as_it_was(tmp_path: Path) -> None:
    """What a program reads before writing it is zero, so that no result depends on leftovers."""
    leftovers = """
import ctypes
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
for size in 5000, 70000:
    first = libc.malloc(size)
    ctypes.memset(first, 7, size)
    libc.free(first)
    second = libc.malloc(size)
    assert not any(ctypes.string_at(second, size)), size
"""

    ending = await run([sys.executable, "-I", "-c", leftovers], cwd=tmp_path, seconds=60)

    assert (ending.code, ending.tail) == (0, "")


async def test_processor_time_is_limited(tmp_path: Path) -> None:
    """A program that spins is ended by the kernel, with the signal that says so."""
    spin = [sys.executable, "-I", "-S", "-c", "while True: pass"]

    ending = await run(
        [sys.executable, "-I", "-S", launcher.__file__, "CPU=1", "--", *spin], cwd=tmp_path, seconds=60
    )

    assert ending.code == -signal.SIGXCPU


async def test_words_without_end_are_drained_and_cut(tmp_path: Path) -> None:
    """A program that floods stderr is not stalled by it, and only the last whole lines are kept."""
    flood = "import sys; [print('noise', number, file=sys.stderr) for number in range(200_000)]"

    ending = await run([sys.executable, "-I", "-S", "-c", flood], cwd=tmp_path, seconds=60)

    assert ending.code == 0
    assert ending.tail.endswith("noise 199999")
    assert ending.tail.startswith("noise ")
    assert len(ending.tail) < TAIL_BYTES


async def test_a_process_that_cannot_start_says_so(tmp_path: Path) -> None:
    """An operating system that refuses is no fault of the clip."""
    with pytest.raises(TranscodeFailed, match="no process could be started"):
        await run([tmp_path / "no-such-program"], cwd=tmp_path, seconds=60)


def test_limits_are_only_ever_lowered(tmp_path: Path) -> None:
    """A limit that is lower already stays, instead of ending the launcher."""
    low = [sys.executable, "-I", "-S", launcher.__file__, "NOFILE=40", "--"]
    high = [sys.executable, "-I", "-S", launcher.__file__, "NOFILE=4000", "--"]
    ask = [sys.executable, "-I", "-S", "-c", "import resource as r; print(r.getrlimit(r.RLIMIT_NOFILE))"]

    read, write = os.pipe()
    pid = os.posix_spawn(sys.executable, low + high + ask, {}, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)])
    os.close(write)
    with os.fdopen(read) as answer:
        assert answer.read() == "(40, 40)\n"
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
