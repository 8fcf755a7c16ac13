"""Admission: never more than the slots, the most urgent first, the money reserved once, however long the queue."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest

from pipeline.model import AdmittedRender, Prompt
from tests.conftest import DatabaseUrls
from tests.storage.builders import CLIP, LEASE, PARAMETERS, PASSING
from tests.storage.world import World

MANY_WAITING = """
    with made as (
      insert into storyreel.takes
        (take_key, model, parameters, prompt, negative_prompt, seed, emulated, created_at)
      select 'k' || n, 'lightning', %s, 'p', 'n', 1, true, now() from generate_series(1, %s) n
      returning id, take_key
    ),
    told as (
      insert into storyreel.videos (source_table, source_id, theme) select 'elsewhere', take_key, 'dream' from made
      returning id, source_id
    ),
    asked as (
      insert into storyreel.revisions (video_id, number, kind, story, priority, preview, due_at, planned_at)
      select id, 1, 'first', '', 10, false, null, now() from told
      returning id, video_id
    ),
    subscribed as (
      insert into storyreel.shots (revision_id, number, take_id)
      select asked.id, 1, made.id
      from asked join told on told.id = asked.video_id join made on made.take_key = told.source_id
    )
    insert into storyreel.renders
      (take_id, round, attempt, provider, endpoint, priority, turn, estimate_usd, due_at, created_at)
    select id, 1, 1, 'fal', 'e', case when random() < 0.5 then 10 else 0 end, 0, 0.01, now() - interval '1 hour',
           now() - interval '2 hours' + substr(take_key, 2)::int * interval '1 ms'
    from made
"""


async def many_waiting(world: World, count: int) -> None:
    parameters = (
        '{"frames": 12, "steps": 4, "guidance": 3.0, "motion_scale": 1.2, "width": 512, "height": 512, "fps": 8}'
    )
    await world.owner.execute(MANY_WAITING, [parameters, count])


async def slots(world: World, count: int) -> None:
    await world.owner.execute("update storyreel.providers set slots = %s", [count])


async def test_an_admitted_render_carries_everything_a_submission_needs(world: World) -> None:
    """And its intent is on record before anybody is asked: status, lease, reservation, in one transaction."""
    render = await world.admitted()

    (take_prompt,) = await world.one("select prompt from storyreel.takes")
    assert render == AdmittedRender(
        render.id, 1, "lightning", "fal-ai/one", Prompt(take_prompt, "blurry"), 7, PARAMETERS, low_priority=False
    )
    row = await world.one("select status, admitted_at, due_at from storyreel.renders")
    assert row == ("admitted", world.clock(), world.clock() + LEASE)
    assert await world.ledger(render.id) == {"reserved": Decimal("0.01")}


async def test_no_more_are_admitted_than_there_are_slots(world: World) -> None:
    """Admitted, submitted and unknown renders each hold a slot; the provider never gets more than it allows."""
    await slots(world, 3)
    await many_waiting(world, 6)
    renders, now = world.stores.renders, world.clock()

    first, second, third = await renders.admit("fal", now=now, lease=LEASE)
    assert await renders.admit("fal", now=now, lease=LEASE) == []
    await world.submit(first, "r1")
    assert await renders.answer_lost(second, due_at=now)
    assert await renders.admit("fal", now=now, lease=LEASE) == []

    await world.conclude(third.id, CLIP)
    assert len(await renders.admit("fal", now=now, lease=LEASE)) == 1
    await world.conclude(first.id, PASSING)
    await world.conclude(second.id, CLIP)
    assert len(await renders.admit("fal", now=now, lease=LEASE)) == 2


async def test_fewer_slots_than_are_taken_admit_nothing(world: World) -> None:
    """An operator who lowers the limit waits for what is under way; nothing fails."""
    await slots(world, 3)
    await many_waiting(world, 6)
    assert len(await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)) == 3

    await slots(world, 1)

    assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []


async def test_eight_admitters_at_once_keep_to_the_slots(world: World) -> None:
    """Eight processes, five slots, forty renders: five go, each once, each with one reservation."""
    await slots(world, 5)
    await many_waiting(world, 40)

    shares = await asyncio.gather(
        *(world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) for _ in range(8))
    )

    admitted = [render.id for share in shares for render in share]
    assert (len(admitted), len(set(admitted))) == (5, 5)
    assert await world.one("select count(*) from storyreel.renders where status = 'admitted'") == (5,)
    assert await world.one("select count(*), count(distinct render_id) from storyreel.ledger") == (5, 5)


async def test_an_admitter_waits_for_one_that_has_not_committed(world: World) -> None:
    """The second counts only when the first's choice is known, so the two together keep to the slots."""
    await slots(world, 2)
    await many_waiting(world, 4)
    admit_in_sql = "select storyreel.admit('fal', now(), interval '1 minute')"

    async with world.holding(admit_in_sql):
        second = asyncio.ensure_future(world.stores.renders.admit("fal", now=world.clock(), lease=LEASE))
        await world.blocked(1)

    assert await second == []
    assert await world.one("select count(*) from storyreel.renders where status = 'admitted'") == (2,)


async def test_a_render_made_while_an_admitter_waited_is_handed_out(world: World) -> None:
    """Its take was committed after the admission began: admitted but not returned, it would hold its slot idle."""
    await slots(world, 9)
    await world.waiting("early")

    async with world.holding("select pg_advisory_xact_lock(hashtextextended('storyreel.admit', 0))"):
        batch = asyncio.create_task(world.stores.renders.admit("fal", now=world.clock(), lease=LEASE))
        await world.blocked(1)
        await world.waiting("late")
        assert not batch.done()

    returned = sorted((render.id,) for render in await batch)
    assert returned == await world.rows("select id from storyreel.renders where status = 'admitted' order by id")
    assert len(returned) == 2


async def test_the_most_urgent_goes_first_then_the_oldest(world: World) -> None:
    """Priority before age, one at a time through one slot."""
    await slots(world, 1)
    await many_waiting(world, 12)
    order = await world.rows("select id from storyreel.renders order by priority desc, created_at, id")

    gone: list[tuple[UUID]] = []
    while batch := await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE):
        gone += [(render.id,) for render in batch]
        await world.conclude(batch[0].id, CLIP)

    assert gone == order


async def test_a_batch_comes_in_its_order(world: World) -> None:
    """What goes in one batch is handed out the most urgent first too, and says whether it is in a hurry."""
    await slots(world, 12)
    await many_waiting(world, 12)
    order = await world.rows(
        "select id, priority < 10 from storyreel.renders order by priority desc, created_at, id"
    )

    batch = await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)

    assert [(render.id, render.low_priority) for render in batch] == order


async def test_a_render_is_not_admitted_before_it_is_due(world: World) -> None:
    """A retry waits; a less urgent render that is due goes instead."""
    await slots(world, 1)
    await many_waiting(world, 2)
    later = world.clock() + timedelta(minutes=1)
    await world.owner.execute(
        "update storyreel.renders set due_at = %s, waits_for = 'time', priority = 20"
        " where id = (select id from storyreel.renders limit 1)",
        [later],
    )

    first = await world.admit()
    await world.conclude(first.id, CLIP)
    assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []

    world.clock.advance(minutes=1)
    assert (await world.admit()).id != first.id


async def test_another_providers_renders_are_left_alone(world: World) -> None:
    """Slots and queue are per provider; one that is not known is an error, not an endless queue."""
    await many_waiting(world, 1)
    await world.owner.execute("insert into storyreel.providers (name) values ('other')")

    assert await world.stores.renders.admit("other", now=world.clock(), lease=LEASE) == []
    with pytest.raises(psycopg.errors.NoDataFound):
        await world.stores.renders.admit("nobody", now=world.clock(), lease=LEASE)


async def test_a_queue_of_twenty_thousand_costs_a_few_rows(world: World, database_urls: DatabaseUrls) -> None:
    """Admitting never scans what waits nor who waits for it, in a session's first call nor in its tenth."""
    await many_waiting(world, 20_000)
    await world.owner.execute("analyze")
    costs = []
    async with await psycopg.AsyncConnection.connect(database_urls.worker) as worker:
        for _ in range(10):
            await worker.execute("select storyreel.admit('fal', %s, interval '1 minute')", [world.clock()])
            cursor = await worker.execute(
                "select sum(seq_scan)::int, sum(idx_tup_fetch)::int from pg_stat_xact_user_tables"
                " where schemaname = 'storyreel' and relname = any (%s)",
                [["renders", "takes", "shots", "revisions", "videos"]],
            )
            costs.append(await cursor.fetchone())
            await worker.execute(
                "update storyreel.renders set status = 'cancelled', due_at = null, ended_at = now()"
                " where id in (select id from storyreel.renders where status = 'admitted')"
            )
            await worker.commit()

    assert all(cost and cost[0] == 0 and cost[1] < 1000 for cost in costs), costs
    plan = "\n".join(str(line) for (line,) in await world.rows(
        "explain select id from storyreel.renders where provider = 'fal' and status = 'waiting'"
        " and waits_for is null order by priority desc, turn, created_at, id limit 2"
    ))  # fmt: skip
    assert "renders_next" in plan
    assert "Seq Scan" not in plan
