"""Fixtures of the emulator's tests; everything talks over real sockets."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import av
import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from local.fal.emulator import Emulator
from local.fal.faults import Fault
from local.fal.journal import LIMIT
from local.fal.knobs import Knobs
from local.fal.models.film import Drawing
from local.fal.server import Door, open_listener, serve_app
from tests.local.fal.emulated import KEY_SEED, Inbox, ManualClock, Running


@pytest.fixture(scope="session")
def clip_bytes() -> bytes:
    """A real mp4 of four small frames."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for shade in range(0, 160, 40):
            picture = np.full((64, 64, 3), shade, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


@pytest.fixture
async def stop_later() -> AsyncIterator[Callable[[asyncio.Task[None]], None]]:
    tasks: list[asyncio.Task[None]] = []
    yield tasks.append
    for task in tasks:
        task.cancel()
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.fixture
async def start(
    clip_bytes: bytes, stop_later: Callable[[asyncio.Task[None]], None]
) -> AsyncIterator[Callable[..., Awaitable[Running]]]:
    """Start an emulator with these knobs; without latency unless told otherwise."""
    clients: list[httpx.AsyncClient] = []

    async def start_emulator(
        *,
        render: Callable[[Drawing], bytes] | None = None,
        key: str | None = None,
        faults: Sequence[Fault] = (),
        names: Sequence[str] = (),
        record: int = LIMIT,
        **knobs: Any,
    ) -> Running:
        clock = ManualClock()
        emulator = Emulator(
            knobs=Knobs(**{"latency": (0.0, 0.0), **knobs}),
            render=render or (lambda _: clip_bytes),
            clock=clock,
            key_seed=KEY_SEED,
            new_id=partial(next, (f"id-{number}" for number in count(1))),
            key=key,
            faults=faults,
            names=names,
            record=record,
        )
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(emulator.serve(host="127.0.0.1", port=0, ready=url.set_result))
        stop_later(task)
        client = httpx.AsyncClient(base_url=await url, headers={"Authorization": "Key id:secret"})
        clients.append(client)
        return Running(emulator, clock, await url, client, task)

    yield start_emulator
    for client in clients:
        await client.aclose()


@pytest.fixture
async def inbox(stop_later: Callable[[asyncio.Task[None]], None]) -> Inbox:
    listener = open_listener("127.0.0.1", 0)
    inbox = Inbox(f"http://127.0.0.1:{listener.getsockname()[1]}/hook")
    ready = asyncio.Event()
    app = Starlette(routes=[Route("/hook", inbox.receive, methods=["POST"])])
    stop_later(asyncio.create_task(serve_app(app, [Door(listener)], ready=ready.set)))
    await ready.wait()
    return inbox
