"""A remake that fails for good: what the users of the take are told, and what they see."""

from pathlib import Path

from pipeline.errors import TranscodeFailed
from pipeline.lifecycle import Shows, TakeStatus, Work
from pipeline.ports import Transcoded
from tests.pipeline.steps.fallbacks import BY_ITSELF
from tests.pipeline.steps.world import World


class BrokenRecipe:
    """A new recipe that never comes to an end."""

    recipe = "test-2"

    async def transcode(self, original: Path, folder: Path) -> Transcoded:
        raise TranscodeFailed(f"ffmpeg was killed before {folder.name} had anything of {original.name}")


async def test_nobody_is_promised_what_will_not_be_tried_again(world: World) -> None:
    """The take is ready with what it had, so nothing comes back by itself."""
    story = await world.made()
    world.transcoder = BrokenRecipe()
    await world.rerender(story)
    video = await world.live_on(story)

    assert (video.shows, video.work) == (Shows.FINAL, Work.FALLBACK)
    assert (await world.take())["again_at"] is None
    assert video.message
    assert not video.message.endswith(BY_ITSELF)


async def test_an_equal_story_told_meanwhile_shows_what_there_is(world: World) -> None:
    """It asked for no new files."""
    story = await world.made()
    world.transcoder = BrokenRecipe()
    await world.rerender(story)
    await world.plan()
    meanwhile = await world.tell()
    await world.plan()
    await world.live_on(story)

    video = await world.video(meanwhile)
    assert (video.shows, video.work) == (Shows.FINAL, Work.IDLE)
    assert (await world.take())["status"] == TakeStatus.READY
