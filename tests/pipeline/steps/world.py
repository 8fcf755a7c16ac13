"""One deployment in miniature for the tests of the steps: our side, a provider, and one time for both.

Everything is the real part: Postgres, the emulator over sockets, a bucket on disk, ffmpeg. Nothing runs by itself:
a test calls a step, opens the post, or lets the engine's waiting hints run. Holds no promises; those are in tests.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar, cast
from uuid import UUID

import httpx
import psycopg
from psycopg.rows import dict_row
from starlette.requests import Request
from starlette.responses import Response

from functions.services import Stores
from local.fal.emulator import Emulator
from pipeline.admit import admit
from pipeline.fetch import fetch
from pipeline.finish import finish
from pipeline.plan import plan
from pipeline.ports import Bucket, ClipSource, Generator, Plans, PromptWriter, Renders, Takes, Transcoder
from pipeline.receive import receive
from pipeline.reconcile import reconcile
from pipeline.timing import Timing
from storage.stories import VideoView

STORY = "A whale swims through the stars"
LIGHTNING, TURBO = "fal-ai/fast-animatediff-lightning", "fal-ai/fast-animatediff/turbo/text-to-video"
_MOST_TICKS = 20  # minutes of the tests' time; the longest way here is a lost answer and one more attempt
TABLES = (
    "shots",
    "revisions",
    "videos",
    "renders",
    "takes",
    "deliveries",
    "ledger",
    "renditions",
    "missing_endpoints",
    "missed",
)

Row = dict[str, Any]
When = Literal["before", "after"]
Port = TypeVar("Port")


class PulledPlug(Exception):
    """The process ended here."""


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
    """The real network, but for answers that a test puts in front of it: the next requests of a method get them."""

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


class _Cut:
    """A port of which one method breaks."""

    def __init__(self, port: object, method: str, when: When, error: Exception) -> None:
        self._port, self._method, self._when, self._error = port, method, when, error

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real

        async def end(*args: Any, **named: Any) -> None:
            if self._when == "after":
                await real(*args, **named)
            raise self._error

        return end


def cut(port: Port, method: str, when: When) -> Port:
    """The port, with the plug pulled right before or right after its method had its effect."""
    return cast("Port", _Cut(port, method, when, PulledPlug()))


def broken(port: Port, method: str, error: Exception) -> Port:
    """The port, one method of which does nothing but fail."""
    return cast("Port", _Cut(port, method, "before", error))


class _Stuck:
    """A port of which one method never ends."""

    def __init__(self, port: object, method: str, reached: asyncio.Event) -> None:
        self._port, self._method, self._reached = port, method, reached

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._port, name)
        if name != self._method:
            return real

        async def hang(*_: Any, **__: Any) -> None:
            self._reached.set()
            await asyncio.Event().wait()

        return hang


def stuck(port: Port, method: str) -> tuple[Port, asyncio.Event]:
    """The port, one method of which hangs; the event tells that it was reached."""
    reached = asyncio.Event()
    return cast("Port", _Stuck(port, method, reached)), reached


async def until_cut(step: Coroutine[Any, Any, object]) -> None:
    """Run a step into its cut."""
    ended = False
    try:
        await step
        ended = True
    except* PulledPlug:
        pass
    assert not ended, "the step came to its end"


@dataclass
class World:
    """What a test acts on. The ports are plain fields, so that a test puts one with a cut in their place."""

    clock: Timeline
    timing: Timing
    stores: Stores
    plans: Plans
    renders: Renders
    takes: Takes
    writer: PromptWriter
    generator: Generator
    bucket: Bucket
    transcoder: Transcoder
    source: ClipSource
    emulator: Emulator
    http: httpx.AsyncClient
    wire: Wire
    post: Post
    owner: psycopg.AsyncConnection
    jitter: Callable[[], float] = lambda: 0.0
    _lost_webhooks: set[int] = field(default_factory=set)

    # What an app does.

    async def tell(self, text: str = STORY) -> str:
        """Insert a story row and return its id."""
        (made,) = await self.rows("insert into public.stories (text) values (%s) returning id::text", text)
        return str(made["id"])

    async def video(self, story_id: str) -> VideoView:
        found = await self.stores.stories.find("public.stories", story_id, now=self.clock())
        assert found is not None
        return found

    async def rerender(self, story_id: str, **more: Any) -> None:
        asked = await self.stores.stories.request_of(
            "public.stories", story_id, **{"kind": "rerender", **more}
        )
        assert asked
        # The doors stamp the real time, which is a little behind ours or, after long tests, ahead of it.
        await self.rows("update storyreel.revisions set due_at = %s where planned_at is null", self.clock())

    # Our steps.

    async def plan(self) -> int:
        return await plan(self.plans, self.writer, self.generator, clock=self.clock, timing=self.timing)

    async def admit(self) -> int:
        return await admit(
            self.renders,
            self.generator,
            lambda render_id: f"{self.post.url}/{render_id}",
            clock=self.clock,
            timing=self.timing,
            jitter=self.jitter,
        )

    async def receive(self, letter: Letter) -> str:
        return await receive(
            self.renders,
            self.generator,
            letter.render_id,
            letter.headers,
            letter.body,
            now=self.clock(),
            jitter=self.jitter(),
        )

    async def fetch(self, take_id: UUID | None = None) -> bool:
        return await fetch(
            self.takes,
            self.renders,
            self.generator,
            self.bucket,
            self.source,
            take_id=take_id or await self.take_id(),
            clock=self.clock,
            timing=self.timing,
            jitter=self.jitter,
        )

    async def finish(self, take_id: UUID | None = None) -> bool:
        return await finish(
            self.takes,
            self.bucket,
            self.transcoder,
            take_id=take_id or await self.take_id(),
            clock=self.clock,
            timing=self.timing,
            jitter=self.jitter,
        )

    async def reconcile(self) -> dict[str, int]:
        found = await reconcile(
            self.stores.sweep,
            self.renders,
            self.generator,
            clock=self.clock,
            timing=self.timing,
            jitter=self.jitter,
        )
        return dict(found)

    # Their order, as it comes about by itself.

    async def submit(self, text: str = STORY) -> str:
        """A story whose clip is with the provider; its id."""
        story = await self.tell(text)
        await self.plan()
        await self.admit()
        return story

    async def deliver(self) -> str:
        """Receive the next webhook."""
        return await self.receive(await self.next_letter())

    async def next_letter(self) -> Letter:
        return await asyncio.wait_for(self.post.letters.get(), 20)

    async def run_jobs(self) -> int:
        """Run the engine's waiting hints, most urgent first, until none is left; how many there were."""
        done = 0
        while hints := await self.rows(
            "delete from procrastinate.procrastinate_jobs where id = (select id from "
            "procrastinate.procrastinate_jobs where status = 'todo' order by priority desc, id limit 1) "
            "returning task_name, args"
        ):
            name, take = hints[0]["task_name"], hints[0]["args"].get("take_id")
            await (getattr(self, name)(UUID(take)) if take else getattr(self, name)())
            done += 1
        return done

    async def lose_hints(self) -> None:
        """The engine forgets every job."""
        await self.rows("delete from procrastinate.procrastinate_jobs")

    async def open_post(self) -> None:
        """Wait for the provider to come to rest, and receive every webhook that has arrived."""
        await self.provider_rests()
        while not self.post.letters.empty():
            await self.receive(self.post.letters.get_nowait())

    async def live_on(self, story_id: str) -> VideoView:
        """Let time pass, a minute at a time, until the work on the video is at an end."""
        for _ in range(_MOST_TICKS):
            await self.run_jobs()
            await self.open_post()
            await self.run_jobs()
            if (video := await self.video(story_id)).work != "working":
                return video
            self.clock.advance(minutes=1)
            await self.reconcile()
        return await self.video(story_id)

    # The provider.

    def script(self, nth_submit: int, **overrides: Any) -> None:
        """How the nth accepted or refused submit goes."""
        self.emulator.script(nth_submit, overrides)
        if overrides.get("lose_webhook"):
            self._lost_webhooks.add(nth_submit)

    async def journal(self) -> Row:
        """What reached the provider, and where each request stands."""
        return dict((await self.http.get("/_emulator/requests")).json())

    async def requests(self) -> list[Row]:
        """Every request the provider accepted and still knows."""
        return list((await self.journal())["requests"])

    async def provider_rests(self) -> None:
        """Wait until each request is completed and its webhook sent, unless it waits for a later time."""
        while any(not self._rests(request) for request in await self.requests()):
            await asyncio.sleep(0)

    def _rests(self, request: Row) -> bool:
        if request["state"] != "COMPLETED":
            return bool(self._sleeps_for(request["started_at"] or request["submitted_at"]))
        lost = request["number"] in self._lost_webhooks
        return lost or bool(request["deliveries"]) or bool(self._sleeps_for(request["completed_at"]))

    def _sleeps_for(self, since: float) -> bool:
        """Whether the emulator sleeps towards something of a request that is not its start timeout."""
        longest = self.timing.start_timeout.total_seconds()
        return any(when != since + longest for when, _ in self.clock._sleepers)

    async def accepted(self) -> int:
        """How many submits the provider took: what is paid for."""
        return await self.called("POST", f"/{TURBO}")

    async def called(self, method: str, ending: str = "") -> int:
        """How many requests of the method there were whose path ends so, apart from the tests' own."""
        received = (await self.journal())["received"]
        return sum(entry["method"] == method and entry["path"].endswith(ending) for entry in received)

    async def results_asked(self) -> int:
        """How many GETs of a result there were."""
        received = (await self.journal())["received"]
        return sum(
            entry["method"] == "GET" and "/requests/" in entry["path"] and not entry["path"].endswith("/status")
            for entry in received
        )

    # Rows.

    async def rows(self, statement: str, *arguments: object) -> list[Row]:
        async with self.owner.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement.encode(), arguments)
            return [] if cursor.description is None else await cursor.fetchall()

    async def one(self, statement: str, *arguments: object) -> Row:
        (row,) = await self.rows(statement, *arguments)
        return row

    async def take_id(self) -> UUID:
        return cast("UUID", (await self.one("select id from storyreel.takes"))["id"])

    async def take(self) -> Row:
        return await self.one("select * from storyreel.takes")

    async def renders_made(self) -> list[Row]:
        """Every render, oldest first."""
        return await self.rows("select * from storyreel.renders order by attempt")

    async def statuses(self) -> list[str]:
        return [row["status"] for row in await self.renders_made()]

    async def ledger(self, kind: str) -> list[Row]:
        return await self.rows("select * from storyreel.ledger where kind = %s", kind)

    async def everything(self) -> str:
        """All our rows as text, for telling whether anything changed."""
        tables = {name: await self.rows(f"select t::text from storyreel.{name} t order by 1") for name in TABLES}
        return json.dumps(tables)
