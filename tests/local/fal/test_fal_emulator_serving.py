"""Promises about starting and stopping inside another program."""

import asyncio
import signal
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from local.fal.models.film import Drawing
from tests.local.fal.emulated import Running

Start = Callable[..., Awaitable[Running]]


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def serving_tasks() -> set[asyncio.Task[object]]:
    """The tasks of servers and of the emulator; other fixtures' own come and go on the same loop."""
    return {task for task in asyncio.all_tasks() if _file_of(task).rpartition("/")[0].endswith(("fal", "uvicorn"))}


def _file_of(task: asyncio.Task[object]) -> str:
    code = getattr(task.get_coro(), "cr_code", None)
    return code.co_filename if code else ""


async def test_stopping_waits_for_a_render_under_way_and_leaves_nothing(
    start: Start, clip_bytes: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rendering, release, ended = threading.Event(), threading.Event(), threading.Event()

    def render(_: Drawing) -> bytes:
        rendering.set()
        release.wait(10)
        ended.set()
        return clip_bytes

    before = serving_tasks()
    fal = await start(render=render)
    await fal.submit()
    await asyncio.to_thread(rendering.wait, 10)
    kept = files_in(tmp_path)
    fal.serving.cancel()
    ended_early, _ = await asyncio.wait({fal.serving}, timeout=0.4)
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await fal.serving

    assert kept
    assert not ended_early
    assert ended.is_set()
    assert files_in(tmp_path) == []
    assert serving_tasks() <= before


async def test_signals_are_left_to_the_program_around_it(start: Start) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    await start()

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_a_taken_port_is_an_error_of_the_caller(start: Start) -> None:
    fal = await start()
    port = int(fal.url.rpartition(":")[2])

    with pytest.raises(OSError, match="in use"):
        await fal.emulator.serve(host="127.0.0.1", port=port)
