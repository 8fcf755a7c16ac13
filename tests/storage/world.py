"""One database and the way to every scene in it, taken through the stores as the steps would take it.

A test names only what matters to it. Nothing here asserts a promise; what is asserted here is that the scene
was reached.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from functions.services import Stores
from pipeline.model import AdmittedRender, Clip, Failure, PlannedShot, RevisionToPlan, TakeInHand
from pipeline.outcome import RenderSeen, Verdict, on_failure, on_silence
from pipeline.receive import verdict_on
from tests.conftest import Clock
from tests.storage.builders import CLIP, LEASE, TABLE, delivery, renditions, shot


@dataclass(frozen=True)
class World:
    """One database with its stores, its owner's connection and a clock."""

    stores: Stores
    owner: psycopg.AsyncConnection
    clock: Clock

    async def rows(self, query: LiteralString, *arguments: object) -> list[tuple[Any, ...]]:
        """Look, or arrange, as the owner."""
        cursor = await self.owner.execute(query, arguments)
        return [] if cursor.description is None else await cursor.fetchall()

    async def one(self, query: LiteralString, *arguments: object) -> tuple[Any, ...]:
        """The only row."""
        (row,) = await self.rows(query, *arguments)
        return row

    async def story(self, text: str = "A whale swims through the stars") -> str:
        """Insert a story as an app does, and return its id."""
        (made,) = await self.one("insert into public.stories (text) values (%s) returning id::text", text)
        return str(made)

    async def ask_again(self, story: str) -> None:
        """A further revision of the story's video."""
        assert await self.stores.stories.request_of(TABLE, story, kind="rerender")

    async def claim(self, limit: int = 100) -> list[RevisionToPlan]:
        """Take what is due to be planned."""
        return await self.stores.plans.claim(now=self.clock(), lease=LEASE, limit=limit)

    async def plan(self, *shots: PlannedShot) -> None:
        """Plan everything that is due as these shots."""
        for revision in await self.claim():
            assert await self.stores.plans.save(revision, shots or (shot(),), now=self.clock())

    async def waiting(self, key: str = "whale", **how: Any) -> str:
        """A story whose render waits; returns the story's id."""
        story = await self.story(f"A story of {key}")
        await self.plan(shot(key, **how))
        return story

    async def admit(self) -> AdmittedRender:
        """Admit, where exactly one render is to go."""
        (render,) = await self.stores.renders.admit("fal", now=self.clock(), lease=LEASE)
        return render

    async def admitted(self, key: str = "whale") -> AdmittedRender:
        """A render whose slot is taken."""
        await self.waiting(key)
        return await self.admit()

    async def submit(self, render: AdmittedRender, request_id: str) -> None:
        """The provider has taken it."""
        due_at = self.clock() + LEASE
        assert await self.stores.renders.submitted(render, request_id, now=self.clock(), due_at=due_at)

    async def submitted(self, key: str = "whale", request_id: str = "r1") -> AdmittedRender:
        """A render at the provider."""
        render = await self.admitted(key)
        await self.submit(render, request_id)
        return render

    async def conclude(self, render: UUID, outcome: Clip | Failure) -> Verdict | None:
        """The provider's news, heard by asking."""
        decide = partial(verdict_on, outcome=outcome, now=self.clock(), jitter=0.0)
        return await self.stores.renders.conclude(render, decide, now=self.clock())

    async def deliver(
        self,
        render: UUID,
        outcome: Clip | Failure | None,
        *,
        request_id: str = "r1",
        body: str = "{}",
        gateway: str | None = None,
    ) -> str:
        """The provider's news, by webhook; `gateway` is the id that the submit gave, where it differs."""
        decide = partial(verdict_on, outcome=outcome, now=self.clock(), jitter=0.0)
        news = delivery(self.clock, outcome, request_id=request_id, body=body, gateway_request_id=gateway)
        return await self.stores.renders.deliver(render, news, decide, provider="fal")

    async def fetching(self, key: str = "whale") -> UUID:
        """A take whose clip lies at the provider."""
        render = await self.submitted(key, request_id=f"request-{key}")
        await self.conclude(render.id, CLIP)
        return await self.take_of(render.id)

    async def answer_lost(self, render: AdmittedRender) -> None:
        """Nobody knows whether the provider took it."""
        assert await self.stores.renders.answer_lost(render, due_at=self.clock())

    async def silence(self, render: UUID) -> None:
        """The clock's news: nothing was heard for too long."""
        await self.stores.renders.conclude(render, partial(on_silence, now=self.clock()), now=self.clock())

    async def lose(self, render: AdmittedRender) -> None:
        """Its answer was lost, and it has been silent until it could not be running any more."""
        await self.answer_lost(render)
        await self.silence(render.id)

    async def take_of(self, render: UUID) -> UUID:
        """The take a render is a try at."""
        (take,) = await self.one("select take_id from storyreel.renders where id = %s", render)
        assert isinstance(take, UUID)
        return take

    async def fetch(self, take: UUID) -> TakeInHand:
        """Store the original of a take."""
        in_hand = await self.stores.takes.claim_fetch(take, now=self.clock(), lease=LEASE)
        assert in_hand
        digest = hashlib.sha256(take.bytes).hexdigest()
        assert await self.stores.takes.fetched(
            in_hand, bucket="videos", path=f"originals/{digest}.mp4", sha256=digest, now=self.clock()
        )
        return in_hand

    async def finish(self, take: UUID) -> None:
        """Store the renditions of a take."""
        in_hand = await self.stores.takes.claim_finish(take, now=self.clock(), lease=LEASE)
        assert in_hand
        key = f"rendition-{take}"
        assert await self.stores.takes.finished(
            in_hand, rendition_key=key, bucket="videos", renditions=renditions(key), now=self.clock()
        )

    async def ready(self, key: str = "whale") -> UUID:
        """A take that is shown wherever it is wanted."""
        take = await self.fetching(key)
        await self.fetch(take)
        await self.finish(take)
        return take

    async def failed(self, failure: Failure, key: str = "whale") -> UUID:
        """A take for which every try has failed."""
        render = await self.submitted(key, request_id=f"request-{key}")

        def give_up(seen: RenderSeen) -> Verdict:
            spent = replace(seen, made=99)
            return on_failure(spent, failure, now=self.clock(), jitter=0.0)

        await self.stores.renders.conclude(render.id, give_up, now=self.clock())
        return await self.take_of(render.id)

    async def video(self, story: str) -> tuple[str, int, str, str | None]:
        """What a story's video shows, of which revision, how its work stands and why."""
        shows, revision, work, reason = await self.one(
            "select shows, shown_revision, work, reason from storyreel.videos where source_id = %s", story
        )
        return shows, revision, work, reason

    async def render(self, render: UUID) -> str:
        """A render's status."""
        (status,) = await self.one("select status from storyreel.renders where id = %s", render)
        return str(status)

    async def take(self, take: UUID) -> str:
        """A take's status."""
        (status,) = await self.one("select status from storyreel.takes where id = %s", take)
        return str(status)

    async def ledger(self, render: UUID) -> dict[str, Decimal]:
        """A render's money by kind."""
        found = await self.rows("select kind, amount_usd from storyreel.ledger where render_id = %s", render)
        return dict(found)

    async def jobs(self, task: str) -> int:
        """How many jobs of the engine wait for a step."""
        (found,) = await self.one(
            "select count(*) from procrastinate.procrastinate_jobs where task_name = %s and status = 'todo'", task
        )
        return int(found)

    async def forget_jobs(self) -> None:
        """Lose every job of the engine, as may happen at any time."""
        await self.owner.execute("delete from procrastinate.procrastinate_jobs")

    @asynccontextmanager
    async def holding(self, query: LiteralString, *arguments: object) -> AsyncIterator[psycopg.AsyncConnection]:
        """Another session of the owner, in a transaction that has run the query and keeps its locks."""
        other = await psycopg.AsyncConnection.connect(self.owner.info.dsn)
        try:
            await other.execute(query, arguments)
            yield other
            await other.commit()
        finally:
            await other.close()

    async def blocked(self, sessions: int = 1) -> None:
        """Wait until that many other sessions of this database wait for a lock."""
        async with asyncio.timeout(20):
            while (await self._waiting_sessions()) < sessions:
                await asyncio.sleep(0)

    async def _waiting_sessions(self) -> int:
        (found,) = await self.one(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        return int(found)

    async def settled_or_blocked(self, *tasks: "asyncio.Task[Any]") -> None:
        """Wait until every task has ended or waits for a lock."""
        async with asyncio.timeout(20):
            while (open_tasks := [task for task in tasks if not task.done()]) and (
                await self._waiting_sessions()
            ) < len(open_tasks):
                await asyncio.sleep(0)
