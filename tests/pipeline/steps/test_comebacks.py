"""Videos that fell back and come right by themselves: when that is tried, how often, and for whom."""

import asyncio
from datetime import timedelta

import pytest

from pipeline.errors import BucketUnavailable, TranscodeFailed
from pipeline.lifecycle import Shows, Work
from pipeline.retry import COMEBACKS, MAX_RENDERS
from tests.pipeline.steps.cuts import broken
from tests.pipeline.steps.fallbacks import (
    BY_ASKING,
    BY_ITSELF,
    SOON,
    fallen_back,
    live_through,
    nothing_comes_back,
    wait,
)
from tests.pipeline.steps.world import World


async def test_what_can_pass_comes_back_after_ten_minutes(world: World) -> None:
    """Until then the placeholder plays and the row says so; then the video is made, and nobody had to ask."""
    story = await fallen_back(world)
    video = await world.video(story)
    assert (video.shows, video.work) == (Shows.PLACEHOLDER, Work.FALLBACK)
    assert video.message == f"The video service failed several times. {BY_ITSELF}"
    ((again_at,),) = [tuple(row.values()) for row in await world.rows("select again_at from storyreel.takes")]

    await wait(world, again_at - world.clock() - timedelta(seconds=1))
    assert await world.provider.accepted() == MAX_RENDERS
    await wait(world, timedelta(seconds=1))
    assert await world.provider.accepted() == MAX_RENDERS + 1
    assert await world.video(story) == video, "honest until the clip is there"

    await world.deliver()
    await world.run_jobs()
    video = await world.video(story)
    assert (video.shows, video.work, video.reason, video.message) == (Shows.FINAL, Work.IDLE, None, None)
    assert (await world.take())["again_at"] is None


@pytest.mark.parametrize("jitter", [0.0, 0.99])
async def test_it_comes_back_four_times_ever_later_and_no_more(world: World, jitter: float) -> None:
    """After ten minutes, an hour, six hours, a day, and at most a quarter more; then a person must ask."""
    world.jitter = lambda: jitter
    story = await fallen_back(world, fails=99)
    for comeback in COMEBACKS:
        video, take = await world.video(story), await world.take()
        assert str(video.message).endswith(BY_ITSELF)
        assert take["again_at"] == take["failed_at"] + comeback * (1 + jitter / 4)
        await wait(world, take["again_at"] - world.clock())
        await live_through(world)

    video = await world.video(story)
    assert (video.work, video.reason) == (Work.FALLBACK, "provider_error")
    assert str(video.message).endswith(BY_ASKING)
    assert await world.provider.accepted() == MAX_RENDERS * (1 + len(COMEBACKS))
    await nothing_comes_back(world, story)


async def test_a_comeback_has_all_tries_of_its_own(world: World) -> None:
    """The fifth request is its second: it succeeds, and the video is made."""
    story = await fallen_back(world, fails=MAX_RENDERS + 1)
    await wait(world, SOON)
    await live_through(world)

    assert (await world.video(story)).work == Work.IDLE
    assert await world.provider.accepted() == MAX_RENDERS + 2
    assert len(await world.ledger("released")) == MAX_RENDERS + 1


@pytest.mark.parametrize(("step", "reason"), [("fetch", "clip_lost"), ("finish", "not_finished")])
async def test_a_clip_that_is_paid_for_comes_back_for_nothing(world: World, step: str, reason: str) -> None:
    """It lies at the provider, or in our bucket: only what comes after that is done again."""
    story = await world.delivered()
    whole = world.bucket
    if step == "finish":
        await world.fetch()
    world.bucket = broken(whole, "put", BucketUnavailable("away"))
    video = await world.live_on(story)
    assert (video.reason, str(video.message).endswith(BY_ITSELF)) == (reason, True)
    paid = await world.rows("select * from storyreel.ledger order by id")

    world.bucket = whole
    await wait(world, SOON)
    assert (await world.video(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1
    now_paid = await world.rows("select * from storyreel.ledger where kind <> 'settled' order by id")
    assert now_paid == [row for row in paid if row["kind"] != "settled"]


async def test_a_clip_in_our_bucket_comes_back_four_times_and_no_more(world: World) -> None:
    """A transcoder that never gets well is not asked for ever, and asks for no money either."""
    story = await world.delivered()
    await world.fetch()
    world.transcoder = broken(world.transcoder, "transcode", TranscodeFailed("killed"))
    for _ in COMEBACKS:
        assert str((await world.live_on(story)).message).endswith(BY_ITSELF)
        await wait(world, (await world.take())["again_at"] - world.clock())
        while (await world.take())["status"] == "finishing":
            await wait(world, timedelta(minutes=5))

    assert str((await world.video(story)).message).endswith(BY_ASKING)
    await nothing_comes_back(world, story)


async def test_a_deleted_story_comes_back_never(world: World) -> None:
    """Nobody would look at it; whoever tells it again has it begun at once."""
    story = await fallen_back(world)
    await world.rows("delete from public.stories where id = %s", story)
    await wait(world, timedelta(days=2))
    assert await world.statuses() == ["failed"] * MAX_RENDERS, "no further one was even begun"
    assert (await world.take())["again_at"] is None

    assert (await world.live_on(await world.tell())).shows == Shows.FINAL
    assert await world.provider.accepted() == MAX_RENDERS + 1


async def test_it_comes_back_for_whoever_is_left(world: World) -> None:
    """Two told the story and fell back, one of them was deleted."""
    for nth in (1, 2, 3):
        world.provider.script(nth, fail=500)
    left, stayed = await world.tell(), await world.tell()
    await world.plan()
    assert (await world.live_on(stayed)).work == (await world.video(left)).work == Work.FALLBACK
    await world.rows("delete from public.stories where id = %s", left)

    await wait(world, SOON)
    await live_through(world)
    assert (await world.video(stayed)).work == Work.IDLE


async def test_a_person_who_asks_is_served_at_once_and_has_all_comebacks_again(world: World) -> None:
    """Even after the last one."""
    story = await fallen_back(world, fails=MAX_RENDERS * (len(COMEBACKS) + 2))
    for _ in COMEBACKS:
        await wait(world, (await world.take())["again_at"] - world.clock())
        await live_through(world)
    assert (await world.take())["again_at"] is None

    await world.ask_again(story)
    assert (await world.video(story)).work == Work.WORKING
    await live_through(world)
    video, take = await world.video(story), await world.take()
    assert (video.work, str(video.message).endswith(BY_ITSELF)) == (Work.FALLBACK, True)
    assert take["again_at"] == take["failed_at"] + SOON
    await wait(world, SOON)
    await live_through(world)
    assert (await world.video(story)).work == Work.IDLE


async def test_a_person_who_asks_before_it_comes_back_is_served_once(world: World) -> None:
    """What was to come back later does not come back beside it."""
    story = await fallen_back(world)
    await world.ask_again(story)
    await live_through(world)
    await wait(world, timedelta(days=2))

    assert (await world.video(story)).work == Work.IDLE
    assert await world.provider.accepted() == MAX_RENDERS + 1


async def test_a_rerender_that_fell_back_comes_back_over_the_old_final(world: World) -> None:
    """The old final plays meanwhile."""
    for nth in (2, 3, 4):
        world.provider.script(nth, fail=500)
    story = await world.made()
    await world.rerender(story, kind="new_take", seed=7)
    before = await world.live_on(story)
    assert (before.shows, before.shown_revision, before.work) == (Shows.FINAL, 1, Work.FALLBACK)

    await wait(world, SOON)
    await live_through(world)
    after = await world.video(story)
    assert (after.shown_revision, after.work) == (2, Work.IDLE)


async def test_two_looks_at_once_bring_it_back_once(world: World) -> None:
    """Two machines reconcile in the same moment."""
    await fallen_back(world)
    world.clock.advance(seconds=SOON.total_seconds())
    await asyncio.gather(world.reconcile(), world.reconcile())

    assert (await world.statuses()).count("waiting") == 1
    assert (await world.take())["comebacks"] == 1


async def test_a_comeback_whose_hints_are_lost_is_made_all_the_same(world: World) -> None:
    """Rows are the truth."""
    story = await fallen_back(world)
    world.clock.advance(seconds=SOON.total_seconds())
    await world.reconcile()
    await world.lose_hints()
    await wait(world, timedelta(minutes=1))
    await live_through(world)

    assert (await world.video(story)).work == Work.IDLE
