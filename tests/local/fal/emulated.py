"""What the emulator's tests share: a clock they move, a running emulator's client, an inbox for webhooks."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response

from local.fal.emulator import Emulator

KEY_SEED = bytes(range(32))
MODEL = "fal-ai/fast-animatediff/turbo/text-to-video"


class ManualClock:
    """Stands still until a test moves it."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._changed = asyncio.Event()

    def now(self) -> float:
        return self._now

    async def sleep_until(self, when: float) -> None:
        if when <= self._now:
            return
        sleeper = (when, asyncio.get_running_loop().create_future())
        self._sleepers.append(sleeper)
        self._changed.set()
        try:
            await sleeper[1]
        finally:
            self._sleepers.remove(sleeper)
            self._changed.set()

    def forward(self, seconds: float) -> None:
        self._now += seconds
        for when, future in self._sleepers:
            if when <= self._now and not future.done():
                future.set_result(None)

    async def asleep(self, seconds: float) -> None:
        """Return once somebody sleeps until that many seconds from now."""
        while not any(abs(when - self._now - seconds) < 1e-6 for when, _ in self._sleepers):
            self._changed.clear()
            await self._changed.wait()

    def sleepers(self) -> int:
        """How many wait for a later moment."""
        return len(self._sleepers)


@dataclass
class Running:
    """An emulator that serves, and a client that talks to it."""

    emulator: Emulator
    clock: ManualClock
    url: str
    http: httpx.AsyncClient
    serving: asyncio.Task[None]

    async def submit(self, body: dict[str, Any] | None = None, **request: Any) -> httpx.Response:
        headers = {"x-emulator": json.dumps(request.pop("override", {})), **request.pop("headers", {})}
        return await self.http.post(f"/{MODEL}", json=body or {"prompt": "a fox"}, headers=headers, **request)

    async def finished(self, submitted: httpx.Response) -> dict[str, Any]:
        """Poll as a client would until the request is COMPLETED, and return that status."""
        while (status := await self.http.get(submitted.json()["status_url"])).status_code == 202:
            pass
        return dict(status.json())


@dataclass
class Delivered:
    headers: httpx.Headers
    body: bytes

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Inbox:
    """Receives webhooks; `answers` are given in turn, then 200."""

    url: str
    deliveries: asyncio.Queue[Delivered] = field(default_factory=asyncio.Queue)
    answers: list[Response | Callable[[], Awaitable[Response]]] = field(default_factory=list)

    async def receive(self, request: Request) -> Response:
        body = await request.body()
        self.deliveries.put_nowait(Delivered(httpx.Headers(request.headers.raw), body))
        answer = self.answers.pop(0) if self.answers else Response(status_code=200)
        return answer if isinstance(answer, Response) else await answer()
