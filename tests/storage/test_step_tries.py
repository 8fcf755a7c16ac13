"""How starts of `fetch` and `finish` are counted: ended in a failure, handed back at a stop, or cut off."""

from datetime import timedelta
from uuid import UUID

import pytest

from pipeline.model import TakeInHand
from tests.storage.builders import LEASE, renditions
from tests.storage.world import World

pytestmark = pytest.mark.parametrize("step", ["fetch", "finish"])


async def due(world: World, step: str) -> UUID:
    """A take for the step, whose hint is lost."""
    take = await world.fetching()
    if step == "finish":
        await world.fetch(take)
    await world.forget_jobs()
    return take


async def claim(world: World, take: UUID, step: str) -> TakeInHand | None:
    takes = world.stores.takes
    claims = {"fetch": takes.claim_fetch, "finish": takes.claim_finish}
    return await claims[step](take, now=world.clock(), lease=LEASE)


async def begin(world: World, take: UUID, step: str) -> TakeInHand:
    """Start the step."""
    in_hand = await claim(world, take, step)
    assert in_hand
    return in_hand


async def fail(world: World, take: TakeInHand) -> None:
    """The step ends with an error that may pass, and is due again in three minutes."""
    assert await world.stores.takes.try_again(take, due_at=world.clock() + timedelta(minutes=3))


async def test_a_failed_step_is_tried_again_when_due(world: World, step: str) -> None:
    """Not before, by nobody, as the first start after the first failure."""
    take = await due(world, step)
    await fail(world, await begin(world, take, step))
    world.clock.advance(minutes=2)
    assert await claim(world, take, step) is None

    world.clock.advance(minutes=1)
    second = await begin(world, take, step)

    assert (second.tries, second.failures) == (1, 1)


async def test_failures_add_up_and_starts_without_an_end_begin_anew(world: World, step: str) -> None:
    """Cut off twice, failed, cut off once, failed: two failures, and no start that is still counted."""
    take = await due(world, step)
    for starts, failures in ((3, 0), (2, 1)):
        for tries in range(1, starts + 1):
            in_hand = await begin(world, take, step)
            assert (in_hand.tries, in_hand.failures) == (tries, failures)
            world.clock.advance(seconds=LEASE.total_seconds())
        await fail(world, in_hand)
        world.clock.advance(minutes=3)

    in_hand = await begin(world, take, step)

    assert (in_hand.tries, in_hand.failures) == (1, 2)


async def test_a_take_that_was_handed_back_may_be_had_at_once(world: World, step: str) -> None:
    """An orderly stop tells another worker, who need not wait for the lease, and uses up no try."""
    take = await due(world, step)
    first = await begin(world, take, step)

    assert await world.stores.takes.hand_back(first, now=world.clock())

    assert await world.rows(
        "select task_name, args ->> 'take_id' from procrastinate.procrastinate_jobs where status = 'todo'"
    ) == [(step, str(take))]
    second = await begin(world, take, step)
    assert (second.attempt, second.tries, second.failures) == (first.attempt + 1, 1, 0)


async def test_a_hundred_stops_use_up_no_try(world: World, step: str) -> None:
    """Nor do they forget one that was used up before: a failure and a start without an end stay counted."""
    take = await due(world, step)
    await fail(world, await begin(world, take, step))
    world.clock.advance(minutes=3)
    await begin(world, take, step)
    world.clock.advance(seconds=LEASE.total_seconds())

    for _ in range(100):
        in_hand = await begin(world, take, step)
        assert (in_hand.tries, in_hand.failures) == (2, 1)
        assert await world.stores.takes.hand_back(in_hand, now=world.clock())


async def test_a_take_that_has_ended_cannot_be_handed_back(world: World, step: str) -> None:
    """The stop came after the end of the step: nothing moves, and nobody is told to do it again."""
    take = await due(world, step)
    in_hand = await (world.fetch(take) if step == "fetch" else begin(world, take, step))
    if step == "finish":
        await world.stores.takes.finished(
            in_hand, rendition_key="k", bucket="videos", renditions=renditions("k"), now=world.clock()
        )
    before = await world.rows("select * from storyreel.takes")
    await world.forget_jobs()

    assert not await world.stores.takes.hand_back(in_hand, now=world.clock())

    assert await world.rows("select * from storyreel.takes") == before
    assert await world.rows("select from procrastinate.procrastinate_jobs") == []
