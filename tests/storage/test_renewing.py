"""A step that takes longer than its lease keeps its take: waiting for ffmpeg must not look like a dead worker."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.in_hand import in_hand
from pipeline.model import TakeInHand
from tests.storage.builders import LEASE
from tests.storage.world import World

SHORT = timedelta(milliseconds=3)


async def begin(world: World, take: UUID) -> TakeInHand | None:
    return await world.stores.takes.claim_fetch(take, now=world.clock(), lease=LEASE)


async def due(world: World, take: UUID) -> object:
    (due_at,) = await world.one("select due_at from storyreel.takes where id = %s", take)
    return due_at


async def test_a_lease_is_renewed_while_the_step_goes_on(world: World) -> None:
    """The clock moves on under a step that is slow: nobody else is given its take."""
    take = await world.fetching()
    mine = await begin(world, take)
    assert mine

    async with in_hand(world.stores.takes, mine, reason="r", lease=SHORT, clock=world.clock, jitter=lambda: 0.0):
        world.clock.advance(hours=3)
        async with asyncio.timeout(30):
            while await due(world, take) != world.clock() + SHORT:
                await asyncio.sleep(0)
        assert await begin(world, take) is None


async def test_a_step_that_has_ended_renews_nothing(world: World) -> None:
    """Nor does one that failed: its take is due when it was put back for."""
    take = await world.fetching()
    mine = await begin(world, take)
    assert mine
    before = asyncio.all_tasks()

    async with in_hand(world.stores.takes, mine, reason="r", lease=SHORT, clock=world.clock, jitter=lambda: 0.0):
        pass

    assert asyncio.all_tasks() <= before


async def test_whoever_was_overtaken_renews_nothing(world: World) -> None:
    """The attempt number fences it: the lease is that of the worker that took over."""
    take = await world.fetching()
    mine = await begin(world, take)
    world.clock.advance(seconds=LEASE.total_seconds())
    theirs = await begin(world, take)
    assert mine
    assert theirs
    before = await due(world, take)

    assert not await world.stores.takes.renew(mine, due_at=world.clock() + 9 * LEASE)

    assert await due(world, take) == before


@pytest.mark.parametrize("ended", [True, False])
async def test_renewing_moves_no_take_that_is_done(world: World, *, ended: bool) -> None:
    """What was fetched is another step's to begin, at once."""
    take = await world.fetching()
    mine = await world.fetch(take) if ended else await begin(world, take)
    assert mine

    assert await world.stores.takes.renew(mine, due_at=world.clock() + LEASE) is not ended
