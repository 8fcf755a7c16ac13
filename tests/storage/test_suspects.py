"""One step that kills its worker takes whatever runs beside it along: who is innocent shows in the end."""

import asyncio
from uuid import UUID

from pipeline.model import TakeInHand
from pipeline.retry import MAX_STEP_TRIES, SUSPECT_TRIES
from tests.storage.builders import LEASE
from tests.storage.world import World


async def begin(world: World, take: UUID) -> TakeInHand | None:
    return await world.stores.takes.claim_fetch(take, now=world.clock(), lease=LEASE)


async def die(world: World) -> None:
    """The worker is killed with all it has in hand; the leases run out."""
    world.clock.advance(seconds=LEASE.total_seconds())


async def suspects(world: World, count: int) -> list[UUID]:
    """Takes that were in a worker together each time it died."""
    takes = [await world.fetching(f"clip {number}") for number in range(count)]
    for _ in range(SUSPECT_TRIES):
        assert all([await begin(world, take) for take in takes])
        await die(world)
    return takes


async def test_whoever_died_with_others_twice_is_begun_alone(world: World) -> None:
    """So the next death tells who it was; the others wait for its end, and then go on."""
    first, second, third = await suspects(world, 3)

    assert await begin(world, first)
    assert await begin(world, second) is None
    assert await begin(world, third) is None

    await die(world)
    in_hand = await begin(world, second)
    assert in_hand
    assert in_hand.tries == SUSPECT_TRIES + 1
    assert await begin(world, third) is None


async def test_the_guilty_one_is_given_up_and_the_innocent_are_not(world: World) -> None:
    """However often it is the guilty one's turn first: nobody else's clip, which is paid for, is lost with it."""
    guilty, *innocent = await suspects(world, 4)
    tries = 0
    while tries <= MAX_STEP_TRIES:
        in_hand = await begin(world, guilty)
        assert in_hand
        tries = in_hand.tries
        assert [await begin(world, take) for take in innocent] == [None] * 3
        await die(world)

    for take in innocent:
        in_hand = await world.fetch(take)
        assert in_hand.tries == SUSPECT_TRIES + 1 <= MAX_STEP_TRIES


async def test_a_clip_that_killed_nobody_waits_for_no_suspect(world: World) -> None:
    """Others go on beside it; they are in danger once or twice, and then apart."""
    first, _ = await suspects(world, 2)
    assert await begin(world, first)

    assert await begin(world, await world.fetching("fresh"))


async def test_two_suspects_are_not_begun_at_the_same_moment(world: World) -> None:
    """By two workers at once: one of them is told to come back."""
    takes = await suspects(world, 6)

    begun = await asyncio.gather(*(begin(world, take) for take in takes))

    assert sum(in_hand is not None for in_hand in begun) == 1


async def test_a_render_after_a_lost_answer_goes_alone(world: World) -> None:
    """Whatever killed the submitter of several, it is alone the next time: no other's answer is lost again."""
    await world.owner.execute("update storyreel.providers set slots = 9")
    for number in range(3):
        await world.waiting(f"clip {number}")
    admit = world.stores.renders.admit
    for render in await admit("fal", now=world.clock(), lease=LEASE):
        await world.lose(render)
    await world.waiting("fresh")
    await world.owner.execute(
        "update storyreel.renders set priority = 20 where attempt = 1 and status = 'waiting'"
    )

    batches = [await admit("fal", now=world.clock(), lease=LEASE) for _ in range(4)]

    assert sorted(len(batch) for batch in batches) == [1, 1, 1, 1]
    assert await admit("fal", now=world.clock(), lease=LEASE) == []
