"""Takes that are given up or begun again while somebody begins to want them: nobody waits for what will not come.

Orders are forced by locks that a third session holds, never by time; what must not wait is awaited meanwhile.
"""

import asyncio
from uuid import UUID

import pytest

from pipeline.model import RevisionToPlan
from tests.storage.builders import CLIP, LEASE, PASSING, shot
from tests.storage.world import World

HOLD_RENDER = "select from storyreel.renders where id = %s for update"
HOLD_VIDEO = "select from storyreel.videos where source_id = %s for update"
HOLD_NEW_RENDERS = "lock table storyreel.renders in share row exclusive mode"


async def left(world: World) -> None:
    """Every story goes."""
    await world.owner.execute("delete from public.stories")


async def told(world: World) -> tuple[str, RevisionToPlan]:
    """A story in the hands of a planner."""
    story = await world.story()
    (revision,) = await world.claim()
    return story, revision


async def save(world: World, revision: RevisionToPlan) -> bool:
    return await world.stores.plans.save(revision, [shot()], now=world.clock())


async def live(world: World) -> list[str]:
    """The renders that somebody may wait for."""
    return [
        status
        for (status,) in await world.rows(
            "select status from storyreel.renders where status in ('waiting', 'admitted', 'submitted', 'unknown')"
        )
    ]


async def test_who_comes_before_it_is_withdrawn_has_it(world: World) -> None:
    """The planner has the take in hand: it is passed over, and then it is wanted."""
    await world.submitted()
    await left(world)
    story, revision = await told(world)

    async with world.holding(HOLD_VIDEO, story):
        planner = asyncio.create_task(save(world, revision))
        await world.blocked(1)
        assert await world.stores.sweep.withdraw(now=world.clock()) == []

    assert await planner
    assert await world.stores.sweep.withdraw(now=world.clock()) == []
    assert await live(world) == ["submitted"]


async def test_who_comes_while_it_is_withdrawn_takes_it_back(world: World) -> None:
    """The planner waits for the sweep, and has the provider asked before another is paid."""
    render = await world.submitted()
    await left(world)
    story, revision = await told(world)

    async with world.holding(HOLD_RENDER, render.id):
        sweep = asyncio.create_task(world.stores.sweep.withdraw(now=world.clock()))
        await world.blocked(1)
        planner = asyncio.create_task(save(world, revision))
        await world.blocked(2)

    assert [withdrawn.id for withdrawn in await sweep] == [render.id]
    assert await planner
    assert await live(world) == ["submitted"]
    assert (await world.video(story))[2] == "working"


async def test_a_clip_that_outruns_its_withdrawal_counts(world: World) -> None:
    """The news has the take in hand: the sweep passes over it, and finds nothing to withdraw later."""
    render = await world.submitted()
    await left(world)

    async with world.holding(HOLD_RENDER, render.id):
        news = asyncio.create_task(world.deliver(render.id, CLIP))
        await world.blocked(1)
        assert await world.stores.sweep.withdraw(now=world.clock()) == []

    assert await news == "accepted"
    assert await world.stores.sweep.withdraw(now=world.clock()) == []
    assert await world.rows("select status from storyreel.renders") == [("delivered",)]


async def test_two_sweeps_withdraw_once(world: World) -> None:
    """The provider is told once."""
    render = await world.submitted()
    await left(world)

    async with world.holding(HOLD_RENDER, render.id):
        first = asyncio.create_task(world.stores.sweep.withdraw(now=world.clock()))
        await world.blocked(1)
        assert await world.stores.sweep.withdraw(now=world.clock()) == []

    assert [withdrawn.id for withdrawn in await first] == [render.id]


async def test_who_comes_while_its_turn_passes_has_another(world: World) -> None:
    """Admission withdraws what nobody wants, and has not committed: the planner waits, and adds a render."""
    await world.waiting()
    await left(world)
    story, revision = await told(world)

    async with world.holding("select storyreel.admit('fal', %s, interval '1 minute')", world.clock()):
        planner = asyncio.create_task(save(world, revision))
        await world.blocked(1)

    assert await planner
    assert await live(world) == ["waiting"]
    assert len(await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)) == 1
    assert (await world.video(story))[2] == "working"


async def test_who_comes_when_its_turn_comes_has_it(world: World) -> None:
    """The planner has the take in hand: admission leaves it alone, and finds it wanted the next time."""
    await world.waiting()
    await left(world)
    story, revision = await told(world)

    async with world.holding(HOLD_VIDEO, story):
        planner = asyncio.create_task(save(world, revision))
        await world.blocked(1)
        assert await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE) == []

    assert await planner
    assert len(await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)) == 1
    assert await live(world) == ["admitted"]


async def _failed(world: World) -> UUID:
    """A take that comes back by itself, now, and a story that still waits for it."""
    take = await world.failed(PASSING)
    await world.owner.execute("update storyreel.takes set again_at = %s", [world.clock()])
    return take


@pytest.mark.parametrize("first", ["planner", "sweep"])
async def test_a_take_that_is_begun_again_is_begun_once(world: World, first: str) -> None:
    """By its time or by a new subscriber, whoever is first: one render, which both wait for."""
    take = await _failed(world)
    _, revision = await told(world)

    async def begin_again() -> object:
        return await world.stores.sweep.begin_again(now=world.clock(), limit=50)

    async with world.holding(HOLD_NEW_RENDERS):
        leader = asyncio.create_task(save(world, revision) if first == "planner" else begin_again())
        await world.blocked(1)
        if first == "planner":
            assert await begin_again() == 0
            follower = asyncio.create_task(begin_again())
        else:
            follower = asyncio.create_task(save(world, revision))
            await world.blocked(2)

    await asyncio.gather(leader, follower)
    assert (await world.take(take), await live(world)) == ("rendering", ["waiting"])
    assert await world.one("select round, again_at from storyreel.takes") == (2, None)


async def test_two_sweeps_begin_a_take_again_once(world: World) -> None:
    """The second passes over what the first has in hand."""
    await _failed(world)

    async with world.holding(HOLD_NEW_RENDERS):
        first = asyncio.create_task(world.stores.sweep.begin_again(now=world.clock(), limit=50))
        await world.blocked(1)
        assert await world.stores.sweep.begin_again(now=world.clock(), limit=50) == 0

    assert await first == 1
    assert await live(world) == ["waiting"]


async def test_nobody_begins_a_take_again_for_nobody(world: World) -> None:
    """Its last story went: it stays failed, and whoever tells it anew begins it."""
    take = await _failed(world)
    await left(world)
    assert await world.stores.sweep.begin_again(now=world.clock(), limit=50) == 0
    assert (await world.take(take), await live(world)) == ("failed", [])

    _, revision = await told(world)
    assert await save(world, revision)
    assert (await world.take(take), await live(world)) == ("rendering", ["waiting"])
