"""A clip on its way from the provider to the viewers, and everything that can keep it from arriving."""

from pathlib import Path

import pytest

from pipeline.errors import BucketUnavailable, GeneratorUnavailable
from pipeline.lifecycle import Shows, Work
from pipeline.retry import MAX_STEP_TRIES
from tests.pipeline.steps.cuts import Killed, broken, deadly
from tests.pipeline.steps.world import World


@pytest.mark.parametrize(
    "content", [b"", b"<html>an error page</html>" * 100, b"\0\0\0\x18ftypisom" + b"\0" * 4000]
)
async def test_a_clip_that_is_no_video_falls_back(world: World, films: list[bytes], content: bytes) -> None:
    """It is kept as it came, not tried again, settled, and the placeholder plays on."""
    films.append(content)
    story = await world.delivered()
    await world.run_jobs()
    video = await world.video(story)

    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, "unusable_clip")
    assert video.message == "The video service sent something that is no playable video."
    assert len(await world.bucket.list("originals/")) == 1
    assert len(await world.ledger("settled")) == 1
    assert await world.provider.accepted() == 1


async def test_a_provider_that_stumbles_is_asked_again(world: World) -> None:
    """The clip's address gives no usable answer for a while."""
    story = await world.delivered()
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


async def test_a_mended_bucket_gets_the_clip(world: World) -> None:
    """An outage shorter than the tries costs nothing but time: no second submit."""
    story = await world.delivered()
    whole = world.bucket
    world.bucket = broken(whole, "put", BucketUnavailable("away"))
    await world.run_jobs()
    world.clock.advance(minutes=1)
    world.bucket = whole

    assert (await world.live_on(story)).shows == Shows.FINAL
    assert await world.provider.accepted() == 1


async def test_a_bucket_that_refused_and_was_mended_gets_the_next_clip(world: World, tmp_path: Path) -> None:
    """Wrong credentials, a bucket that is not there: no property of the story, so asking anew makes the video."""
    story = await world.delivered()
    folder = tmp_path / "buckets" / "videos"
    folder.rename(tmp_path / "away")
    await world.run_jobs()
    assert (await world.video(story)).shows == Shows.PLACEHOLDER

    (tmp_path / "away").rename(folder)
    if (await world.video(story)).work != Work.WORKING:
        await world.ask_again(story)
    assert (await world.live_on(story)).shows == Shows.FINAL


@pytest.mark.parametrize(
    ("step", "port", "method", "reason"),
    [("fetch", "source", "download", "clip_lost"), ("finish", "transcoder", "transcode", "not_finished")],
)
async def test_a_step_that_dies_each_time_is_given_up(
    world: World, step: str, port: str, method: str, reason: str
) -> None:
    """Whatever kills its worker will do so again: begun five times, then the video falls back."""
    story = await world.delivered()
    if step == "finish":
        await world.fetch()
    setattr(world, port, deadly(getattr(world, port), method))
    for _ in range(MAX_STEP_TRIES):
        with pytest.raises(Killed):
            await getattr(world, step)()
        assert not await getattr(world, step)(), "the lease holds"
        world.clock.advance(minutes=4)

    assert not await getattr(world, step)()
    video = await world.video(story)
    assert (video.shows, video.work, video.reason) == (Shows.PLACEHOLDER, Work.FALLBACK, reason)
    assert not await getattr(world, step)()


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
