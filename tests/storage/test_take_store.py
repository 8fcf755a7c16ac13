"""A clip on its way to the viewers: one worker at a time, and a worker that was cut off changes nothing."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pipeline.lifecycle import TakeStatus
from pipeline.model import TakeInHand
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT, renditions
from tests.storage.world import World


async def claim(world: World, take: UUID, step: str) -> TakeInHand | None:
    takes = world.stores.takes
    claims = {"fetch": takes.claim_fetch, "finish": takes.claim_finish}
    return await claims[step](take, now=world.clock(), lease=LEASE)


async def end(world: World, take: TakeInHand, step: str) -> bool:
    takes, now = world.stores.takes, world.clock()
    if step == "fetch":
        return await takes.fetched(take, bucket="videos", path="o.mp4", sha256="a" * 64, now=now)
    return await takes.finished(take, rendition_key="k", bucket="videos", renditions=renditions("k"), now=now)


async def due(world: World, step: str) -> UUID:
    take = await world.fetching()
    if step == "finish":
        await world.fetch(take)
    return take


async def test_a_fetch_gets_what_it_needs(world: World) -> None:
    """Whose clip, where it lies, and numbers that fence; the original is not there yet."""
    take = await world.fetching()
    (render,) = await world.one("select id from storyreel.renders")

    assert await claim(world, take, "fetch") == TakeInHand(take, 1, 1, 0, 0, render, CLIP.url, None, None)


async def test_fetched_hands_over_to_finish(world: World) -> None:
    """The original's place and hash are kept, the count of tries begins anew, and one job is hinted."""
    take = await world.fetching()
    await world.fetch(take)

    in_hand = await claim(world, take, "finish")

    assert in_hand
    assert (in_hand.attempt, in_hand.tries) == (3, 1)
    assert (in_hand.original_path or "").startswith("originals/")
    assert await world.jobs("finish") == 1
    assert await claim(world, take, "fetch") is None


@pytest.mark.parametrize("step", ["fetch", "finish"])
async def test_eight_workers_claim_and_one_has_it(world: World, step: str) -> None:
    """The job ran eight times at once: one worker has the take in hand, the others have nothing to do."""
    take = await due(world, step)

    hands = await asyncio.gather(*(claim(world, take, step) for _ in range(8)))

    assert sum(hand is not None for hand in hands) == 1


@pytest.mark.parametrize("step", ["fetch", "finish"])
async def test_a_lease_keeps_others_off_until_it_ends(world: World, step: str) -> None:
    """Then exactly one other may try, and it is counted as the second try."""
    take = await due(world, step)
    first = await claim(world, take, step)
    world.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert await claim(world, take, step) is None

    world.clock.advance(seconds=1)
    second = await claim(world, take, step)

    assert first
    assert second
    assert (second.attempt, second.tries) == (first.attempt + 1, 2)


@pytest.mark.parametrize("step", ["fetch", "finish"])
async def test_the_first_claim_asks_no_clock(world: World, step: str) -> None:
    """The machine that delivered may be ahead of the one that fetches."""
    take = await due(world, step)
    world.clock.now -= timedelta(seconds=30)

    assert await claim(world, take, step)


@pytest.mark.parametrize("step", ["fetch", "finish"])
async def test_a_worker_that_was_cut_off_changes_nothing(world: World, step: str) -> None:
    """Its lease ran out and another has the take: end, retry, hand-back and giving up by the first are refused."""
    take = await due(world, step)
    late = await claim(world, take, step)
    world.clock.advance(minutes=5)
    current = await claim(world, take, step)
    assert late
    assert current
    before = await world.one("select * from storyreel.takes")
    await world.forget_jobs()

    assert not await end(world, late, step)
    assert not await world.stores.takes.try_again(late, due_at=world.clock())
    assert not await world.stores.takes.hand_back(late, now=world.clock())
    assert await world.jobs(step) == 0
    assert not await world.stores.takes.give_up(late, PASSING, now=world.clock())
    assert await world.one("select * from storyreel.takes") == before
    assert await end(world, current, step)
    assert not await end(world, current, step), "a step ends once"
    assert not await world.stores.takes.give_up(current, PASSING, now=world.clock())


@pytest.mark.parametrize("step", ["fetch", "finish"])
async def test_giving_up_ends_the_take_with_a_reason(world: World, step: str) -> None:
    """It is failed, looked at by nobody any more, and its videos fall back."""
    story = await world.story("A story of whale")
    take = await due(world, step)
    in_hand = await claim(world, take, step)
    assert in_hand

    assert await world.stores.takes.give_up(in_hand, PERMANENT, now=world.clock())

    assert await world.one("select status, due_at, failure_code from storyreel.takes") == (
        "failed", None, "no_clip")  # fmt: skip
    assert await world.video(story) == ("placeholder", 0, "fallback", "no_clip")
    assert await claim(world, take, step) is None


async def test_no_other_status_can_be_claimed(world: World) -> None:
    """A take that is rendering, ready or failed, or does not exist, is in no step's hands."""
    await world.waiting("rendering")
    await world.admit()
    await world.ready("ready")
    await world.failed(PASSING, "failed")
    takes = await world.rows("select id, status from storyreel.takes")

    assert {status for _, status in takes} == {TakeStatus.RENDERING, TakeStatus.READY, TakeStatus.FAILED}
    for take, status in [*takes, (uuid4(), "none")]:
        for step in ("fetch", "finish"):
            assert await claim(world, take, step) is None, (status, step)


async def test_renditions_of_one_original_are_stored_once(world: World) -> None:
    """Two takes with the same original finish with the same key: the second finds them made, both are shown."""
    stories, takes = [], []
    for key in ("one", "two"):
        stories.append(await world.story())
        takes.append(await world.fetching(key))
        await world.fetch(takes[-1])
    assert not await world.stores.takes.renditions("k")
    for take, made in zip(takes, (renditions("k"), ()), strict=True):
        in_hand = await claim(world, take, "finish")
        assert in_hand
        assert await world.stores.takes.finished(
            in_hand, rendition_key="k", bucket="videos", renditions=made, now=world.clock()
        )
        assert await world.stores.takes.renditions("k")

    assert await world.one("select count(*) from storyreel.renditions") == (3,)
    assert [(await world.video(story))[0] for story in stories] == ["final", "final"]


async def test_two_finishers_of_one_original_at_once_both_end(world: World) -> None:
    """Both made the same files; whoever is second waits for the first's rows and takes those."""
    hands = []
    for key in ("one", "two"):
        take = await world.fetching(key)
        await world.fetch(take)
        hands.append(await claim(world, take, "finish"))

    assert all(await asyncio.gather(*(end(world, hand, "finish") for hand in hands if hand)))

    assert await world.rows("select distinct status from storyreel.takes") == [("ready",)]
    assert await world.rows("select distinct shows, work from storyreel.videos") == [("final", "idle")]
