"""What lies outside of us, for the tests of the steps: time, the provider with its journal, the post, the wire.

The provider is the emulator over sockets; nothing here answers in its place but what a test puts on the wire.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from starlette.requests import Request
from starlette.responses import Response

from local.fal.emulator import Emulator

LIGHTNING, TURBO = "fal-ai/fast-animatediff-lightning", "fal-ai/fast-animatediff/turbo/text-to-video"
ANIMATEDIFF = "fal-ai/fast-animatediff/text-to-video"

Row = dict[str, Any]


class Timeline:
    """The time of both sides. Stands still until it is moved; begins now, since triggers stamp the real time."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC) + timedelta(seconds=1)
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> datetime:
        return self._now

    def now(self) -> float:
        return self._now.timestamp()

    async def sleep_until(self, when: float) -> None:
        if when <= self.now():
            return
        sleeper = (when, asyncio.get_running_loop().create_future())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1]
        finally:
            self._sleepers.remove(sleeper)

    def forward(self, seconds: float) -> None:
        self.advance(seconds=seconds)

    def advance(self, **by: float) -> None:
        self._now += timedelta(**by)
        for when, future in self._sleepers:
            if when <= self.now() and not future.done():
                future.set_result(None)


@dataclass(frozen=True)
class Letter:
    """One webhook POST as it came, and the render that its address names."""

    render_id: UUID
    headers: dict[str, str]
    body: bytes


@dataclass
class Post:
    """Where the provider's webhooks arrive. Taken from here, they are handed to `receive` by the test."""

    url: str
    letters: asyncio.Queue[Letter] = field(default_factory=asyncio.Queue)

    async def take(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        letter = Letter(UUID(request.path_params["render_id"]), headers, await request.body())
        self.letters.put_nowait(letter)
        return Response()


class Wire(httpx.AsyncBaseTransport):
    """The real network, but for answers that a test puts before it: the next requests of a method get them."""

    def __init__(self) -> None:
        self._network = httpx.AsyncHTTPTransport(verify=False)  # plain http here; loading certificates takes time
        self.answers: list[tuple[str, httpx.Response]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for at, (method, answer) in enumerate(self.answers):
            if request.method == method:
                del self.answers[at]
                return answer
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


@dataclass
class Provider:
    """The emulator: what its requests shall come to, and what has become of them. `http` knows its address."""

    emulator: Emulator
    http: httpx.AsyncClient
    clock: Timeline
    _scripts: dict[int, Row] = field(default_factory=dict)

    def script(self, nth_submit: int, **overrides: Any) -> None:
        """How the nth submit goes."""
        self.emulator.script(nth_submit, overrides)
        self._scripts[nth_submit] = overrides

    async def journal(self) -> Row:
        """What reached the provider, and where each request stands: read here, where asking takes milliseconds."""
        return self.emulator.journal.listing(wanted={}, now=self.clock.now())

    async def rests(self) -> None:
        """Wait until nothing more happens there before time is moved."""
        while not all(self._rests(request) for request in (await self.journal())["requests"]):
            await asyncio.sleep(0.001)  # others need the core meanwhile

    def _rests(self, request: Row) -> bool:
        script = self._scripts.get(request["number"], {})
        match request["state"]:
            case "IN_QUEUE":
                return True  # it begins when one that runs ends
            case "IN_PROGRESS":
                return bool(request["started_at"] + script.get("latency", 0) > self.clock.now())
        sent_at = request["completed_at"] + script.get("webhook_delay", 0)
        if script.get("lose_webhook") or sent_at > self.clock.now():
            return True
        return bool(len(request["deliveries"]) >= script.get("duplicate_webhook", 1))

    async def accepted(self) -> int:
        """How many submits the provider took: what may be paid for."""
        return await self.called("POST", f"/{TURBO}")

    async def called(self, method: str, ending: str) -> int:
        """How many requests of the method there were whose path ends so."""
        received = (await self.journal())["received"]
        return sum(entry["method"] == method and entry["path"].endswith(ending) for entry in received)

    async def results_asked(self) -> int:
        """How many GETs of a result there were."""
        received = (await self.journal())["received"]
        about = [entry["path"] for entry in received if entry["method"] == "GET" and "/requests/" in entry["path"]]
        return sum(not path.endswith("/status") for path in about)
