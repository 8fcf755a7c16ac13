"""Promises about starting and stopping inside another program."""

import asyncio
import signal
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from local.fal.emulator import serve
from local.fal.endpoints import ClipRequest
from local.fal.knobs import Knobs
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

    def render(_: ClipRequest) -> bytes:
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


async def test_serve_runs_an_emulator_in_real_time_with_a_key_of_its_own(clip_bytes: bytes) -> None:
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(
            host="127.0.0.1",
            port=0,
            knobs=Knobs(latency=(0.01, 0.02)),
            render=lambda _: clip_bytes,
            ready=url.set_result,
        )
    )
    async with httpx.AsyncClient(base_url=await url, headers={"Authorization": "Key any"}) as http:
        submitted = (await http.post(f"/{MODEL}", json={"prompt": "x"})).json()
        while (await http.get(submitted["status_url"])).status_code == 202:
            pass
        result = await http.get(submitted["response_url"])
        keys = (await http.get("/.well-known/jwks.json")).json()["keys"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert result.status_code == 200
    assert keys[0]["x"] != "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
