"""A world whose limits are set and looked at, and whose queues are filled by one statement.

Bulk rows are placed by the very function that places each single one (storyreel.next_turn); nothing here asserts a
promise.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, LiteralString, TypeVar
from uuid import UUID

from psycopg import sql

from functions.services import Stores
from pipeline.model import AdmittedRender, PlannedShot
from pipeline.outcome import on_over_cap
from pipeline.reasons import OVER_CAP
from tests.storage.builders import CLIP, LEASE, PARAMETERS, shot
from tests.storage.histories.promises import PROMISES
from tests.storage.world import World

_T = TypeVar("_T")

ANNA, BERT, CARL = UUID(int=1), UUID(int=2), UUID(int=3)
CENT = Decimal("0.01")
CROWD = 50

_PARAMETERS = (
    f'{{"frames": {PARAMETERS.frames}, "steps": 4, "guidance": 3.0, "motion_scale": 1.2, "width": 512,'
    ' "height": 512, "fps": 8}'
)
_MANY: LiteralString = """
with made as (
  insert into storyreel.takes
    (take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at)
  select %(name)s || n, 'lightning', %(parameters)s::jsonb, 'p', 'n', 1, true, %(now)s
  from generate_series(1, %(count)s) n
  returning id, take_key
),
told as (
  insert into storyreel.videos (source_table, source_id, theme, owner_id)
  select 'elsewhere', take_key, 'dream', %(owner)s::uuid from made
  returning id, source_id
),
asked as (
  insert into storyreel.revisions
    (video_id, number, kind, story, priority, preview, due_at, planned_at, created_at)
  select id, 1, 'first', '', 10, false, null, %(now)s, %(now)s from told
  returning id, video_id
),
subscribed as (
  insert into storyreel.shots (revision_id, number, take_id)
  select asked.id, 1, made.id
  from asked join told on told.id = asked.video_id join made on made.take_key = told.source_id
),
placed as materialized (
  select coalesce(storyreel.next_turn(%(provider)s, %(priority)s, %(owner)s::uuid), 0) as first
)
insert into storyreel.renders
  (take_id, round, attempt, provider, endpoint, priority, owner_id, turn, waits_for, estimate_usd, due_at,
   created_at)
select made.id, 1, 1, %(provider)s, 'e', %(priority)s, %(owner)s::uuid,
       placed.first + substr(take_key, length(%(name)s) + 1)::int - 1, %(waits_for)s, %(estimate)s,
       coalesce(%(due_at)s::timestamptz, %(now)s), %(now)s
from made, placed
"""
_UNEQUAL = PROMISES["the accounts are the sums of the ledger"]


class Bounded(World):
    """What a deployment with limits, and those who press against them, can do."""

    async def limit(self, **columns: object) -> None:
        """Change what may be spent, or told."""
        await self._set("limits", columns)

    async def provider(self, **columns: object) -> None:
        """Change what `fal` takes."""
        await self._set("providers", columns)

    async def _set(self, table: str, columns: dict[str, object]) -> None:
        assigned = sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(c), v) for c, v in columns.items())
        where = sql.SQL(" where name = 'fal'" if table == "providers" else "")
        await self.owner.execute(
            sql.SQL("update storyreel.{} set {}").format(sql.Identifier(table), assigned) + where
        )

    async def second_provider(self, slots: int) -> None:
        """Another one, with a name that sorts behind."""
        await self.rows("insert into storyreel.providers (name, slots) values ('other', %s)", slots)

    async def inserted(self, owner: UUID | None, text: str = "A whale") -> str:
        """A story as an app inserts it; its id."""
        insert: LiteralString = "insert into public.stories (owner_id, text) values (%s, %s) returning id::text"
        (made,) = await self.one(insert, owner, text)
        return str(made)

    async def asks(self, owner: UUID | None, key: str, *shots: PlannedShot, **how: Any) -> str:
        """A story of that owner, planned at once; its id. `provider` is whose its clip is."""
        provider = how.pop("provider", "fal")
        planned = shots or (shot(key, **how),)
        story = await self.inserted(owner, key)
        await self.plan(*(replace(s, final=replace(s.final, provider=provider)) for s in planned))
        self.clock.advance(milliseconds=1)
        return story

    async def delete(self, story: str) -> None:
        """The app deletes it."""
        await self.rows("delete from public.stories where id::text = %s", story)

    async def many(self, count: int, owner: UUID | None = None, **how: Any) -> None:
        """So many waiting renders of an owner, as one statement."""
        arguments = {
            "count": count, "owner": owner, "now": self.clock(), "parameters": _PARAMETERS, "provider": "fal",
            "name": f"many-{owner}-", "priority": 10, "waits_for": None, "estimate": CENT, "due_at": None, **how,
        }  # fmt: skip
        await self.owner.execute(_MANY, arguments)

    async def admits(self, provider: str = "fal") -> list[AdmittedRender]:
        """One admission."""
        return await self.stores.renders.admit(provider, now=self.clock(), lease=LEASE)

    async def makes(
        self, render: AdmittedRender, cost: Decimal | None = None, units: Decimal | None = None
    ) -> None:
        """It went to the provider, came back as a clip, and was billed."""
        await self.submit(render, f"request-{render.id}")
        await self.conclude(render.id, CLIP)
        await self.stores.renders.settle(render.id, units=units, cost=cost, now=self.clock())

    async def owner_of(self, render: AdmittedRender) -> UUID | None:
        """In whose name it goes."""
        (owner,) = await self.one("select owner_id from storyreel.renders where id = %s", render.id)
        return owner if owner is None else UUID(str(owner))

    async def served(self, most: int) -> list[UUID | None]:
        """Whose renders go, one batch after the other, each made before the next; so many at most."""
        owners: list[UUID | None] = []
        while len(owners) < most and (batch := await self.admits()):
            for render in batch:
                owners.append(await self.owner_of(render))
                await self.conclude(render.id, CLIP)
            self.clock.advance(milliseconds=1)
        return owners

    async def sweep(self) -> None:
        """What reconcile does for those that wait."""
        await self.stores.sweep.wake_held(now=self.clock())
        await self.stores.sweep.mend_held(now=self.clock())

    async def next_day(self) -> None:
        """The first second of it, as UTC counts."""
        midnight = self.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        self.clock.now = midnight + timedelta(days=1, seconds=1)

    async def account(self, scope: str = "all", key: object = "") -> tuple[object, object]:
        """What is reserved, and what spent."""
        reserved, spent = await self.one("select reserved, spent from storyreel.account(%s, %s)", scope, str(key))
        return reserved, spent

    async def committed(self, owner: UUID | None = None) -> Decimal:
        """Reserved plus spent today, of all or of one, as the ledger has it."""
        (sum_,) = await self.one_named(
            "select coalesce(sum(l.amount_usd), 0) from storyreel.ledger l"
            " where (l.kind = 'settled' or l.kind = 'reserved' and not exists ("
            "   select from storyreel.ledger o where o.render_id = l.render_id and o.endpoint = l.endpoint"
            "   and o.kind <> 'reserved')) and (%(owner)s::uuid is null or l.owner_id = %(owner)s)",
            {"owner": owner},
        )  # fmt: skip
        return Decimal(sum_)

    async def one_named(self, query: LiteralString, arguments: dict[str, object]) -> tuple[Any, ...]:
        """The only row, with arguments by name."""
        row = await (await self.owner.execute(query, arguments)).fetchone()
        assert row
        return row

    async def unequal_accounts(self) -> list[tuple[Any, ...]]:
        """Accounts that are not what the ledger comes to: there are none."""
        return await self.rows(_UNEQUAL)

    async def at_once(
        self, crowd: Stores, call: Callable[[Stores], Awaitable[_T]], count: int = CROWD
    ) -> list[_T]:
        """So many transactions, all of which have begun and wait for admission's lock when the first goes on."""
        lock: LiteralString = "select pg_advisory_xact_lock(hashtextextended('storyreel.admit', 0))"

        async def one() -> _T:
            return await call(crowd)

        async with self.holding(lock):
            tasks = [asyncio.create_task(one()) for _ in range(count)]
            await self.blocked(count)
        return list(await asyncio.gather(*tasks))

    async def gives_up(self) -> int:
        """What `admit` does with those that may never be paid for; how many."""
        over = await self.stores.renders.over_cap("fal")
        for render, cap in over.items():
            decide = partial(on_over_cap, reason=OVER_CAP[cap])
            await self.stores.renders.conclude(render, decide, now=self.clock())
        return len(over)
