"""A clip on its way from the provider to the viewers, and everything that can keep it from arriving."""

import asyncio
from pathlib import Path

import pytest

from pipeline.errors import BucketUnavailable, GeneratorUnavailable, TranscodeFailed
from pipeline.lifecycle import Shows, Work
from pipeline.retry import MAX_STEP_TRIES
from tests.pipeline.steps.cuts import broken, cut, stuck, until_cut
from tests.pipeline.steps.world import World


async def delivered(world: World) -> str:
    """A story whose clip lies at the provider; its id."""
    story = await world.submit()
    await world.deliver()
    return story


async def ask_again(world: World, story: str) -> None:
    await world.rerender(story)
    await world.run_jobs()


@pytest.mark.parametrize(
    "content", [b"", b"<html>an error page</html>" * 100, b"\0\0\0\x18ftypisom" + b"\0" * 4000]
)
async def test_a_clip_that_is_no_video_falls_back(world: World, films: list[bytes], content: bytes) -> None:
    """It is kept as it came, not tried again, settled, and the placeholder plays on."""
    films.append(content)
    story = await delivered(world)
    await world.run_jobs()
    video = await world.video(story)

    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, "unusable_clip")
    assert video.message == "The video service sent something that is no playable video."
    assert len(await world.bucket.list("originals/")) == 1
    assert len(await world.ledger("settled")) == 1
    assert await world.provider.accepted() == 1


async def test_a_clip_at_a_foreign_address_is_not_downloaded(world: World) -> None:
    """The provider's word is not enough to open any address of ours."""
    story = await delivered(world)
    await world.rows("update storyreel.takes set clip_url = %s", f"{world.post.url}/x")
    await world.run_jobs()

    assert (await world.video(story)).reason == "unusable_clip"


async def test_a_clip_that_is_gone_says_so(world: World) -> None:
    """The provider's file address answers 404: the video was made and could not be collected in time."""
    story = await delivered(world)
    await world.rows("update storyreel.takes set clip_url = replace(clip_url, '/files/', '/files/gone-')")
    await world.run_jobs()
    video = await world.video(story)

    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, "clip_lost")
    assert video.message == "The video was made, but could not be collected in time."


async def test_a_clip_that_is_gone_can_be_made_again(world: World) -> None:
    """That it expired is no property of the story: asked anew, it is rendered anew."""
    story = await delivered(world)
    await world.rows("update storyreel.takes set clip_url = replace(clip_url, '/files/', '/files/gone-')")
    await world.run_jobs()
    await ask_again(world, story)

    assert (await world.live_on(story)).shows == Shows.FINAL


async def test_a_provider_that_stumbles_is_asked_again(world: World) -> None:
    """The clip's address gives no usable answer for a while."""
    story = await delivered(world)
    whole = world.source
    world.source = broken(whole, "download", GeneratorUnavailable("HTTP 503"))
    for _ in range(MAX_STEP_TRIES - 1):
        await world.fetch()
        world.clock.advance(minutes=1)
    assert (await world.video(story)).work == Work.WORKING

    world.source = whole
    await world.reconcile()
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL


@pytest.mark.parametrize(
    ("step", "method", "reason"), [("fetch", "put", "clip_lost"), ("finish", "put", "not_finished")]
)
async def test_a_bucket_that_is_away_is_tried_again_and_not_for_ever(
    world: World, step: str, method: str, reason: str
) -> None:
    """Later each time; after the last try the video falls back with the step's reason."""
    story = await delivered(world)
    if step == "finish":
        await world.fetch()
    world.bucket = broken(world.bucket, method, BucketUnavailable("away"))
    waits = []
    for _ in range(MAX_STEP_TRIES - 1):
        assert not await getattr(world, step)()
        waits.append(((await world.take())["due_at"] - world.clock()).total_seconds())
        assert not await getattr(world, step)(), "not before it is due"
        world.clock.advance(seconds=waits[-1])
    assert waits == [2.5, 5, 10, 20], "with no jitter"
    assert (await world.video(story)).work == Work.WORKING

    await getattr(world, step)()
    video = await world.video(story)
    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, reason)


async def test_a_mended_bucket_gets_the_clip(world: World) -> None:
    """An outage shorter than the tries costs nothing but time: no second submit."""
    story = await delivered(world)
    whole = world.bucket
    world.bucket = broken(whole, "put", BucketUnavailable("away"))
    await world.run_jobs()
    world.clock.advance(minutes=1)
    world.bucket = whole

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_a_bucket_that_refused_and_was_mended_gets_the_next_clip(world: World, tmp_path: Path) -> None:
    """Wrong credentials, a bucket that is not there: no property of the story, so asking anew makes the video."""
    story = await delivered(world)
    folder = tmp_path / "buckets" / "videos"
    folder.rename(tmp_path / "away")
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.PLACEHOLDER

    (tmp_path / "away").rename(folder)
    if (await world.video(story)).work != Work.WORKING:
        await ask_again(world, story)
    assert (await world.live_on(story)).shows == Shows.FINAL


async def test_a_failed_finish_pays_for_no_second_clip(world: World) -> None:
    """The original is in our bucket: asked anew after ffmpeg had failed, it is finished, not bought again."""
    story = await delivered(world)
    await world.fetch()
    whole = world.transcoder
    world.transcoder = broken(whole, "transcode", TranscodeFailed("killed"))
    assert (await world.live_on(story)).reason == "not_finished"

    world.transcoder = whole
    await ask_again(world, story)
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


@pytest.mark.parametrize(
    ("step", "port", "method", "reason"),
    [("fetch", "source", "download", "clip_lost"), ("finish", "transcoder", "transcode", "not_finished")],
)
async def test_a_step_that_dies_each_time_is_given_up(
    world: World, step: str, port: str, method: str, reason: str
) -> None:
    """Whatever kills its worker will do so again: begun five times, then the video falls back."""
    story = await delivered(world)
    if step == "finish":
        await world.fetch()
    setattr(world, port, cut(getattr(world, port), method, "before"))
    for _ in range(MAX_STEP_TRIES):
        await until_cut(getattr(world, step)())
        assert not await getattr(world, step)(), "the lease holds"
        world.clock.advance(minutes=4)

    assert not await getattr(world, step)()
    video = await world.video(story)
    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, reason)
    assert not await getattr(world, step)()


STEPS = [("fetch", "source", "download"), ("fetch", "bucket", "put"), ("finish", "transcoder", "transcode")]


async def interrupt(world: World, step: str, port: str, method: str) -> None:
    """Begin the step, and tell its worker to stop when it is in the middle of it."""
    whole = getattr(world, port)
    hanging, reached = stuck(whole, method)
    setattr(world, port, hanging)
    running = asyncio.create_task(getattr(world, step)())
    await reached.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    setattr(world, port, whole)


@pytest.mark.parametrize(("step", "port", "method"), STEPS)
async def test_a_worker_told_to_stop_hands_the_take_back(world: World, step: str, port: str, method: str) -> None:
    """No lease has to run out: another worker takes it at the same moment."""
    story = await delivered(world)
    if step == "finish":
        await world.fetch()
    await interrupt(world, step, port, method)

    assert await getattr(world, step)()
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.FINAL


async def test_orderly_stops_use_up_no_try(world: World) -> None:
    """Deploying six times during a fetch throws no paid clip away: the step neither failed nor died."""
    story = await delivered(world)
    for _ in range(MAX_STEP_TRIES):
        await interrupt(world, "fetch", "source", "download")
    await world.fetch()
    await world.run_jobs()

    assert (await world.video(story)).shows == Shows.FINAL


async def test_equal_originals_are_finished_once(world: World) -> None:
    """Two prompts that brought the same bytes share one original and one set of renditions."""
    one, two = await world.submit(), await world.submit("A fox in the forest")
    for _ in range(4):
        await world.open_post()
        await world.run_jobs()

    assert (await world.video(one)).shows == (await world.video(two)).shows == Shows.FINAL
    assert (await world.video(one)).path == (await world.video(two)).path
    assert len(await world.bucket.list("")) == 4
    assert await world.provider.accepted() == 2
