"""Promises about starting and stopping inside another program."""

import asyncio
import signal
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from local.fal.models.film import Drawing
from tests.local.fal.emulated import MODEL, Running

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


async def test_stopping_hangs_up_on_all_who_wait_and_begins_nothing(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """A direct call, an open session, a status stream, a stalled submit; none hears a made-up answer."""
    fal = await start(latency=(1.0, 1.0), concurrency=2)
    address = f"{fal.url.replace('http', 'ws')}/run/{MODEL}/realtime"
    direct = asyncio.create_task(fal.http.post(f"/run/{MODEL}", json={"prompt": "x"}))
    await fal.clock.asleep(1.0)
    session = await connect(address, additional_headers={"Authorization": "Key id:secret"})
    waiting = await fal.submit()
    async with fal.http.stream("GET", f"{waiting.json()['status_url']}/stream") as stream:
        lines = stream.aiter_lines()
        first = await anext(lines)
        stalled = asyncio.create_task(fal.submit(override={"stall_submit_answer": True}))
        while len(fal.emulator.journal.listing(wanted={}, now=0)["requests"]) < 3:
            await asyncio.sleep(0)
        fal.serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fal.serving
        with pytest.raises(httpx.RemoteProtocolError):
            _ = [line async for line in lines]
    unheard = await asyncio.gather(direct, stalled, return_exceptions=True)
    with pytest.raises(ConnectionClosed):
        await session.recv()
    entries = fal.emulator.journal.listing(wanted={}, now=0)["requests"]

    assert "IN_QUEUE" in first
    assert [type(error) for error in unheard] == [httpx.RemoteProtocolError] * 2
    assert [(entry["state"], entry["attempts"]) for entry in entries[1:]] == [("IN_QUEUE", 0)] * 2
    assert caplog.record_tuples == []
