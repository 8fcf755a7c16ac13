"""One deployment whose processes die: its database, its bucket, the provider, and the functions' address.

Time stands still until the test moves it. A test has workers die at points, one after the other, and lets one
more, without a failpoint, come to the end. Holds no promises but those that every end must keep.
"""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvicorn
from psycopg.rows import dict_row

from functions.app import create_app
from functions.services import Services, open_services
from functions.settings import Settings
from local.serving import Server, serve_until_cancelled
from storage.buckets.disk import DiskBucket
from tests.crashes.failpoints import Point
from tests.crashes.handles import Dead, Process, starting
from tests.crashes.processes import Told, drain_when_told, serve
from tests.pipeline.steps.outside import Provider, Row, Timeline

STORY = "A whale swims through the stars"
_TICK = 100  # seconds: between the poll of a silent render and the end of its result; two outlast every lease
_MOST_TICKS = 40

# What is under way, by what it is: of whatever stays in one of these, nobody will ever hear again.
_UNFINISHED = """
    select 'revision' as what, id::text, 'unplanned' as status from storyreel.revisions where planned_at is null
    union all select 'take', id::text, status from storyreel.takes
      where status in ('fetching', 'finishing') or again_at is not null
        or (status = 'rendering' and storyreel.is_wanted(id))
    union all select 'render', id::text, status from storyreel.renders
      where status in ('waiting', 'admitted', 'submitted', 'unknown') or ask_at is not null
    union all select 'bill', id::text, status from storyreel.renders
      where status = 'delivered' and settled_at is null
    union all select 'video', id::text, work from storyreel.videos where work in ('working', 'held')
    union all select 'pause', name, paused_until::text from storyreel.providers where paused_until is not null
    union all select 'removal', path, 'removing' from storyreel.objects where removing_at is not null
"""
_OPEN_RESERVATIONS = """
    select r.status from storyreel.ledger l left join storyreel.renders r on r.id = l.render_id
    where l.kind = 'reserved' and not exists (
      select from storyreel.ledger e
      where e.render_id = l.render_id and e.endpoint = l.endpoint and e.kind in ('settled', 'released'))
"""
_SHOWN = """
    select path from storyreel.renditions
    union select unnest(array[path, poster_path, preview_path]) from storyreel.videos where shows <> 'placeholder'
"""


@dataclass
class Site:
    """What a test acts on."""

    clock: Timeline
    provider: Provider
    settings: Settings
    owner: psycopg.AsyncConnection
    bucket: DiskBucket
    listener: socket.socket
    buckets: Path
    folder: Path
    begin: Callable[[Coroutine[Any, Any, None]], None]
    films: list[bytes]
    errors: list[str] = field(default_factory=list)

    # What an app does.

    async def tell(self, text: str = STORY) -> str:
        """Insert a story row and return its id."""
        (made,) = await self.rows("insert into public.stories (text) values (%s) returning id::text", text)
        return str(made["id"])

    async def delete(self, story: str) -> None:
        """Delete the row."""
        await self.rows("delete from public.stories where id::text = %s", story)

    async def ending(self, story: str) -> tuple[str, str, str | None] | None:
        """What its video shows, its work and the reason; None where there is no such story."""
        videos = await self.rows("select shows, work, reason from public.story_videos where source_id = %s", story)
        return next((tuple(video.values()) for video in videos), None)

    # Processes.

    def worker(self, *points: Point, settings: Settings | None = None) -> AbstractAsyncContextManager[Process]:
        """A worker that dies at the first of the points that it comes to."""
        return starting(drain_when_told, self.told(*points, settings=settings))

    def server(self, *points: Point) -> AbstractAsyncContextManager[Process]:
        """A functions server, likewise."""
        return starting(serve, self.told(*points), self.listener)

    async def serve_functions(self) -> None:
        """Have the functions answer, until the test ends."""
        ready = asyncio.Event()

        @asynccontextmanager
        async def services() -> AsyncIterator[Services]:
            async with open_services(self.settings, connections=4) as opened:
                yield replace(opened, clock=self.clock)

        config = uvicorn.Config(create_app(services), ws="none", lifespan="on", log_config=None, access_log=False)
        self.begin(serve_until_cancelled(Server(config, ready=ready.set), self.listener.dup()))
        await ready.wait()

    def told(self, *points: Point, settings: Settings | None = None) -> Told:
        return Told(settings or self.settings, self.clock(), self.folder, points)

    # Time.

    async def work(self, worker: Process) -> None:
        """Let the worker do all that is due, and the provider all that follows. Raises `Dead`."""
        while True:
            self.errors += await worker.drain(self.clock())
            await self.provider.rests()
            if not await self.rows("select from procrastinate.procrastinate_jobs where status = 'todo'"):
                return

    async def until_frozen(self, worker: Process) -> object:
        """Let the worker do all that is due until it froze; the point."""
        while isinstance(heard := await worker.drain(self.clock()), list):
            self.errors += heard
            await self.provider.rests()
        return heard

    async def dies(self, at: Point, settings: Settings | None = None) -> None:
        """A worker lives on until it dies at the point; that it never comes there is a failure."""
        async with self.worker(at, settings=settings) as worker:
            with pytest.raises(Dead):
                await self.live(worker)
        self.clock.advance(seconds=_TICK)

    async def work_once(self) -> None:
        """A worker without a failpoint does what is due now."""
        async with self.worker() as worker:
            await self.work(worker)

    async def live_on(self) -> None:
        """A worker without a failpoint lives on until nothing is unfinished."""
        async with self.worker() as worker:
            await self.live(worker)

    async def live(self, worker: Process) -> None:
        """Let the worker live on until nothing is unfinished. Raises `Dead`."""
        for _ in range(_MOST_TICKS):
            await self.work(worker)
            if not (left := await self.rows(_UNFINISHED)):
                return
            self.clock.advance(seconds=_TICK)
        raise AssertionError(f"unfinished: {left}")

    # What must be so at every end.

    async def adds_up(self, owed: Collection[str] = ("lost", "cancelled")) -> None:
        """Nothing is unfinished, no step failed unforeseen; money and files are accounted for.

        `owed`: in which status a render's reservation may stand still: lost or cancelled, it may yet be billed.
        """
        assert self.errors == []
        assert await self.rows(_UNFINISHED) == []
        assert {row["status"] for row in await self.rows(_OPEN_RESERVATIONS)} <= set(owed)
        files = {found.path: found.size for found in await self.bucket.list("")}
        assert {row["path"] for row in await self.rows(_SHOWN)} <= files.keys()
        await self.all_noted()
        for row in await self.rows("select path, bytes from storyreel.renditions"):
            assert files[row["path"]] == row["bytes"]
        for row in await self.rows("select original_path, original_sha256 from storyreel.takes"):
            if row["original_path"]:
                await self._holds(row["original_path"], row["original_sha256"])

    async def all_noted(self) -> None:
        """At any moment, every file in the bucket is one that reconcile knows, and removes if nobody needs it."""
        noted = {row["path"] for row in await self.rows("select path from storyreel.objects")}
        assert {found.path for found in await self.bucket.list("")} <= noted

    async def _holds(self, path: str, sha256: str) -> None:
        copy = self.folder / "copy"
        await self.bucket.get(path, copy)
        assert hashlib.sha256(copy.read_bytes()).hexdigest() == sha256

    async def paid(self) -> int:
        """How many submits the provider accepted."""
        return len((await self.provider.journal())["requests"])

    async def rows(self, statement: str, *arguments: object) -> list[Row]:
        async with self.owner.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement.encode(), arguments)
            return [] if cursor.description is None else await cursor.fetchall()
