"""What a step does with an error that nobody foresaw: it killed nobody, and its clip is paid for."""

import pytest

from pipeline.in_hand import in_hand
from pipeline.retry import MAX_STEP_FAILURES, MAX_STEP_TRIES
from tests.storage.builders import CLIP, LEASE
from tests.storage.world import World


async def fail(world: World) -> None:
    """A worker whose disk is full begins the step."""
    (take,) = await world.one("select id from storyreel.takes")
    mine = await world.stores.takes.claim_fetch(take, now=world.clock(), lease=LEASE)
    assert mine
    with pytest.raises(OSError, match="disk"):
        async with in_hand(
            world.stores.takes, mine, reason="r", lease=LEASE, clock=world.clock, jitter=lambda: 0.0
        ):
            raise OSError("disk full")


async def test_a_full_disk_is_no_poison(world: World) -> None:
    """Oftener than a poison is begun; and the engine is told of it each time."""
    take = await world.fetching()
    for failures in range(1, MAX_STEP_TRIES + 3):
        await fail(world)
        row = await world.one("select status, tries, failures from storyreel.takes where id = %s", take)
        assert row == ("fetching", 0, failures)
        world.clock.advance(hours=1)


async def test_what_goes_on_failing_comes_back_later(world: World) -> None:
    """For an hour or two it is tried; then its video says that it falls back, and that it comes back by itself."""
    await world.fetching()
    for _ in range(MAX_STEP_FAILURES):
        await fail(world)
        world.clock.advance(hours=1)

    row = await world.one(
        "select status, failure_code, failure_permanent, again_at is not null from storyreel.takes"
    )
    assert row == ("failed", "r", False, True)


async def test_a_rival_that_was_cancelled_while_it_was_sent_is_asked_about(world: World) -> None:
    """The first delivered while the second was being POSTed: how that one ended, and its cost, is asked."""
    first = await world.admitted()
    await world.lose(first)
    second = await world.admit()
    await world.conclude(first.id, CLIP)

    assert not await world.stores.renders.submitted(second, "late", now=world.clock(), due_at=world.clock())
    world.clock.advance(minutes=2)
    now = world.clock()
    (asked,) = await world.stores.sweep.claim_overdue(now=now, due_at=now + LEASE, limit=9)

    assert (asked.id, asked.request_id, asked.cancelled) == (second.id, "late", True)
