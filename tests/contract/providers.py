"""Providers for the contract of the `Generator` port: a generator, and what a test may do behind it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.fal.emulator import Emulator
from local.fal.knobs import Knobs
from local.fal.server import Door, open_listener, serve_app
from pipeline.fal.client import FalGenerator
from pipeline.model import Done, Order, Parameters, Prompt
from pipeline.ports import Generator

ENDPOINT = "fal-ai/fast-animatediff/turbo/text-to-video"
PARAMETERS = Parameters(frames=12, steps=4, guidance=3.0, motion_scale=1.2, width=512, height=512, fps=8)
KEY = "emulator:tests"


class Timeline:
    """The provider's time; stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self._moved = asyncio.Condition()

    def now(self) -> float:
        return self.moment.timestamp()

    async def sleep_until(self, when: float) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: when <= self.now())

    def forward(self, seconds: float) -> None:
        raise NotImplementedError("these tests move time with `advance`")

    async def advance(self, **by: float) -> None:
        async with self._moved:
            self.moment += timedelta(**by)
            self._moved.notify_all()


@dataclass
class Provider:
    """A generator, and what a test does to the provider behind it."""

    generator: Generator
    clock: Timeline
    order: Order
    letters: asyncio.Queue[tuple[Mapping[str, str], bytes]]
    script: Callable[..., None]
    journal: Callable[[], Awaitable[dict[str, Any]]]
    with_key: Callable[[str], Generator]
    unreachable: Generator

    async def completed(self, **script: Any) -> str:
        """The id of a request that is completed."""
        self.script(1, script)
        request_id = await self.generator.submit(self.order)
        while not isinstance(await self.generator.status(ENDPOINT, request_id), Done):
            pass
        return request_id

    async def delivered(self, **script: Any) -> tuple[Mapping[str, str], bytes]:
        """The webhook of a request that is completed."""
        await self.completed(**script)
        return await asyncio.wait_for(self.letters.get(), 20)

    async def submits(self) -> int:
        received = (await self.journal())["received"]
        return sum(entry["method"] == "POST" for entry in received)


@asynccontextmanager
async def emulated_fal() -> AsyncIterator[Provider]:
    """fal as the emulator plays it, rendering one clip at a time."""
    letters: asyncio.Queue[tuple[Mapping[str, str], bytes]] = asyncio.Queue()

    async def take(request: Request) -> Response:
        letters.put_nowait(
            ({name.lower(): value for name, value in request.headers.items()}, await request.body())
        )
        return Response()

    clock, numbers = Timeline(), count(1)
    emulator = Emulator(
        knobs=Knobs(latency=(0.0, 0.0), concurrency=1),
        render=lambda _: b"clip",
        clock=clock,
        key_seed=bytes(32),
        new_id=lambda: f"request-{next(numbers)}",
        key=KEY,
    )
    listener, ready = open_listener("127.0.0.1", 0), asyncio.Event()
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    hook = f"http://127.0.0.1:{listener.getsockname()[1]}/hook/render-1"
    app = Starlette(routes=[Route("/hook/{render_id}", take, methods=["POST"])])
    servers = [
        asyncio.create_task(serve_app(app, [Door(listener)], ready=ready.set)),
        asyncio.create_task(emulator.serve(host="127.0.0.1", port=0, ready=url.set_result)),
    ]
    await ready.wait()
    base = await url
    async with httpx.AsyncClient(trust_env=False, verify=False) as http:

        async def journal() -> dict[str, Any]:
            return dict((await http.get(f"{base}/_emulator/requests")).json())

        def generator(key: str, queue_url: str = base) -> Generator:
            return FalGenerator(
                http, key=key, queue_url=queue_url, jwks_url=f"{base}/.well-known/jwks.json", emulated=True
            )

        yield Provider(
            generator=generator(KEY),
            clock=clock,
            order=Order(ENDPOINT, Prompt("A whale", "blurry"), 7, PARAMETERS, hook, start_timeout=300),
            letters=letters,
            script=emulator.script,
            journal=journal,
            with_key=generator,
            unreachable=generator(KEY, "http://127.0.0.1:1"),
        )
    for server in servers:
        server.cancel()
    await asyncio.gather(*servers, return_exceptions=True)
