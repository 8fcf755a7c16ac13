"""How far along a video is: a number between 0 and 1 about its final clip, which never turns back."""

from pipeline.lifecycle import Shows, Work
from tests.pipeline.steps.progressive import send, sketched
from tests.pipeline.steps.world import World


async def test_progress_only_grows_while_one_final_is_made(world: World) -> None:
    """Sampled after every step and every few seconds at the provider; 1 only with the final."""
    world.previews = True
    world.provider.script(2, latency=40)
    story = await world.tell()
    seen = []

    async def look() -> None:
        seen.append((await world.video(story)).progress)

    await look()
    await world.plan()
    await look()
    await world.admit()
    await look()
    await world.deliver()
    for _ in range(8):
        await world.run_jobs()
        await look()
        world.clock.advance(seconds=5)
    await world.deliver()
    await look()
    assert (await world.video(story)).shows == Shows.PREVIEW
    await world.run_jobs()
    await look()

    assert seen == sorted(seen)
    assert seen[0] == 0
    assert all(value < 1 for value in seen[:-1])
    assert seen[-1] == 1


async def test_a_preview_is_no_progress_of_the_final(world: World) -> None:
    """The preview is shown, and the number stays where the final's way has come to."""
    world.provider.script(2, latency=60)
    story = await send(world)
    before = (await world.video(story)).progress
    await world.deliver()
    await world.run_jobs()

    assert (await world.video(story)).shows == Shows.PREVIEW
    assert (await world.video(story)).progress == before


async def test_another_clip_that_took_longer_turns_no_progress_back(world: World) -> None:
    """What is learned of a slower clip holds for those that are sent from then on."""
    world.provider.script(1, latency=100)
    world.provider.script(2, latency=200)
    await world.submit("A fox in the forest")
    world.clock.advance(seconds=90)
    story = await world.submit()
    world.clock.advance(seconds=10)
    before = (await world.video(story)).progress
    await world.deliver()
    await world.run_jobs()

    assert len(await world.rows("select from storyreel.takes where status = 'ready'")) == 1
    assert (await world.video(story)).progress >= before


async def test_a_video_that_plays_a_preview_for_good_has_no_progress(world: World) -> None:
    """Its final failed: nothing is under way."""
    world.provider.script(2, latency=60, fail="no_media_generated")
    story = await sketched(world)
    world.clock.advance(seconds=60)
    await world.deliver()
    video = await world.video(story)

    assert (video.shows, video.work, video.progress) == (Shows.PREVIEW, Work.FALLBACK, 0)
