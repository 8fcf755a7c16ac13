"""Clips that were paid for and could not be brought home: how long that is tried, and what asking again costs."""

from datetime import timedelta

import pytest

from pipeline.download import HttpClipSource
from pipeline.errors import BucketUnavailable, TranscodeFailed
from pipeline.lifecycle import Shows, Work
from pipeline.retry import MAX_MISSES, MAX_STEP_FAILURES
from tests.pipeline.steps.cuts import broken
from tests.pipeline.steps.world import World

AWAY = BucketUnavailable("away")
STEPS = [("fetch", "clip_lost"), ("finish", "not_finished")]


async def at(world: World, step: str) -> str:
    """A story whose clip has come to that step; its id."""
    story = await world.delivered()
    if step == "finish":
        await world.fetch()
    return story


async def fail_once(world: World, step: str) -> float:
    """Run the step into its failure and wait until it is due again; how many seconds that took."""
    assert not await getattr(world, step)()
    seconds = ((await world.take())["due_at"] - world.clock()).total_seconds()
    assert not await getattr(world, step)(), "not before it is due"
    world.clock.advance(seconds=seconds)
    return float(seconds)


async def lose_clip(world: World) -> None:
    await world.rows("update storyreel.takes set clip_url = replace(clip_url, '/files/', '/files/gone-')")


@pytest.mark.parametrize(("step", "reason"), STEPS)
async def test_a_bucket_that_is_away_is_tried_again_and_not_for_ever(world: World, step: str, reason: str) -> None:
    """Later each time, ten minutes at most; after the last try the video falls back with the step's reason."""
    story = await at(world, step)
    world.bucket = broken(world.bucket, "put", AWAY)
    waits = [await fail_once(world, step) for _ in range(MAX_STEP_FAILURES - 1)]
    assert waits == [2.5, 5, 10, 20, 40, 80, 160] + [300] * (MAX_STEP_FAILURES - 8), "with no jitter"
    assert (await world.video(story)).work == Work.WORKING

    await getattr(world, step)()
    video = await world.video(story)
    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, reason)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.99])
@pytest.mark.parametrize(("step", "reason"), STEPS)
async def test_a_bucket_away_for_half_an_hour_costs_only_time(
    world: World, step: str, reason: str, jitter: float
) -> None:
    """The video is made by itself, of the clip that was paid for, however the dice of the waits fall."""
    world.jitter = lambda: jitter
    story = await at(world, step)
    whole, back_at = world.bucket, world.clock() + timedelta(minutes=30)
    world.bucket = broken(whole, "put", AWAY)
    while world.clock() < back_at:
        assert not await getattr(world, step)()
        assert (await world.video(story)).reason != reason, "given up before the bucket was back"
        due_at = (await world.take())["due_at"]
        world.clock.advance(seconds=(due_at - world.clock()).total_seconds())

    world.bucket = whole
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1
    assert len(await world.ledger("reserved")) == len(await world.ledger("settled")) == 1


@pytest.mark.parametrize(("step", "reason"), STEPS)
async def test_asked_again_after_giving_up_nothing_is_paid_again(world: World, step: str, reason: str) -> None:
    """The clip still lies at the provider, or its original with us: that is taken up where it was left."""
    story = await at(world, step)
    whole = world.bucket
    world.bucket = broken(whole, "put", AWAY)
    assert (await world.live_on(story)).reason == reason

    world.bucket = whole
    await world.ask_again(story)
    video = await world.video(story)
    assert (video.shows, video.work, video.reason) == (Shows.FINAL, Work.IDLE, None)
    take = await world.take()
    assert (take["failures"], take["failure_code"]) == (0, None)
    assert await world.statuses() == ["delivered"]
    assert len(await world.ledger("reserved")) == await world.provider.accepted() == 1


async def test_a_failed_finish_pays_for_no_second_clip(world: World) -> None:
    """The original is in our bucket: asked anew after ffmpeg had failed, it is finished, not bought again."""
    story = await at(world, "finish")
    whole = world.transcoder
    world.transcoder = broken(whole, "transcode", TranscodeFailed("killed"))
    assert (await world.live_on(story)).reason == "not_finished"

    world.transcoder = whole
    await world.ask_again(story)
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_a_clip_at_a_foreign_address_is_not_downloaded(world: World) -> None:
    """The provider's word is not enough to open any address of ours; a person may say that it is."""
    story = await world.delivered()
    whole = world.source
    world.source = HttpClipSource(hosts=["fal.media"])
    await world.run_jobs()
    assert (await world.video(story)).work == Work.WORKING
    assert (await world.take())["failures"] == 1
    assert await world.bucket.list("") == []

    world.source = whole
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_a_clip_that_is_gone_says_so(world: World) -> None:
    """The file's address answers 404 three times: the video was made and could not be collected in time."""
    story = await world.delivered()
    await lose_clip(world)
    for _ in range(MAX_MISSES - 1):
        await fail_once(world, "fetch")
        assert (await world.video(story)).work == Work.WORKING
    await world.fetch()
    video = await world.video(story)

    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, "clip_gone")
    assert video.message == (
        "The video was made, but was gone before it could be collected. You can try again later."
    )


async def test_a_clip_that_is_not_there_yet_is_waited_for(world: World) -> None:
    """A fresh file may not have reached every server: one 404 throws no paid clip away."""
    story = await world.delivered()
    await lose_clip(world)
    for _ in range(MAX_MISSES - 1):
        await fail_once(world, "fetch")
    await world.rows("update storyreel.takes set clip_url = replace(clip_url, '/files/gone-', '/files/')")

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_a_clip_that_is_gone_can_be_made_again(world: World) -> None:
    """That it expired is no property of the story: asked anew, it is rendered anew, in a round of its own."""
    story = await world.delivered()
    await lose_clip(world)
    assert (await world.live_on(story)).reason == "clip_gone"
    await world.ask_again(story)

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert [row["round"] for row in await world.renders_made()] == [1, 2]
    assert await world.provider.accepted() == 2


async def test_a_clip_that_is_gone_is_not_looked_for_again_after_its_successors_failed(world: World) -> None:
    """The old address is forgotten with the round that brought it: the next one to ask gets a new clip at once."""
    for nth in (2, 3, 4):
        world.provider.script(nth, fail=500)
    story = await world.delivered()
    await lose_clip(world)
    assert (await world.live_on(story)).reason == "clip_gone"
    await world.ask_again(story)
    assert (await world.live_on(story)).reason == "provider_error"
    await world.ask_again(story)
    assert (await world.take())["status"] == "rendering"

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 5
