"""One deployment in miniature for the tests of the steps: our side on a real Postgres, with what lies outside.

Nothing runs by itself: a test calls a step, opens the post, or lets the engine's waiting hints run. Holds no
promises; those are in tests.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from functions.services import Stores
from pipeline.admit import admit
from pipeline.fetch import fetch
from pipeline.finish import finish
from pipeline.plan import plan
from pipeline.ports import Bucket, ClipSource, Generator, Moderator, PromptWriter, Transcoder
from pipeline.receive import receive
from pipeline.reconcile import reconcile
from pipeline.stores import Plans, Renders, Takes
from pipeline.timing import Timing
from storage.stories import VideoView
from tests.pipeline.steps.outside import Letter, Post, Provider, Row, Timeline, Wire

STORY = "A whale swims through the stars"
_MOST_TICKS = 90  # minutes of the tests' time; the longest way here is a step that fails until it is given up
TABLES = (
    "shots",
    "revisions",
    "videos",
    "renders",
    "takes",
    "deliveries",
    "ledger",
    "renditions",
    "objects",
    "missing_endpoints",
    "missed",
)


@dataclass
class World:
    """What a test acts on. The ports are plain fields, so that a test puts one with a cut in their place."""

    clock: Timeline
    timing: Timing
    stores: Stores
    plans: Plans
    renders: Renders
    takes: Takes
    moderator: Moderator
    writer: PromptWriter
    generator: Generator
    bucket: Bucket
    transcoder: Transcoder
    source: ClipSource
    provider: Provider
    wire: Wire
    post: Post
    owner: psycopg.AsyncConnection
    jitter: Callable[[], float] = lambda: 0.0
    previews: bool = False

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
        asked = await self.stores.stories.request_of("public.stories", story_id, **{"kind": "rerender", **more})
        assert asked

    async def ask_again(self, story_id: str) -> None:
        """Rerender, and do at once what can be done at once."""
        await self.rerender(story_id)
        await self.run_jobs()

    # Our steps.

    async def plan(self) -> int:
        return await plan(
            self.plans,
            self.moderator,
            self.writer,
            self.generator,
            clock=self.clock,
            timing=self.timing,
            jitter=self.jitter,
            previews=self.previews,
        )

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
            self.bucket,
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

    async def delivered(self) -> str:
        """A story whose clip lies at the provider; its id."""
        story = await self.submit()
        await self.deliver()
        return story

    async def made(self, text: str = STORY) -> str:
        """A story that is through; its id."""
        story = await self.submit(text)
        await self.deliver()
        await self.run_jobs()
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
        await self.provider.rests()
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
