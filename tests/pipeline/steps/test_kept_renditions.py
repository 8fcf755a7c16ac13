"""A clip rendered again as it was, whose files cannot be made anew: the old ones are as good as before."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.errors import TranscodeFailed
from pipeline.lifecycle import Shows, TakeEvent, TakeStatus, Work, take_after
from pipeline.ports import Transcoded, Transcoder
from tests.pipeline.steps.cuts import broken
from tests.pipeline.steps.world import World


@dataclass
class Upgraded:
    """A real transcoder under a new recipe."""

    transcoder: Transcoder
    recipe: str = "test-2"

    async def transcode(self, original: Path, folder: Path) -> Transcoded:
        return await self.transcoder.transcode(original, folder)


def upgrade(world: World) -> None:
    """A new recipe, which cannot be followed."""
    upgraded = Upgraded(world.transcoder)
    world.transcoder = broken(upgraded, "transcode", TranscodeFailed("killed"))


async def kept(world: World) -> str:
    """A story that was asked for again under the new recipe, until that was given up; its id."""
    story = await world.made()
    upgrade(world)
    await world.rerender(story)
    assert (await world.live_on(story)).work == Work.FALLBACK
    return story


async def test_a_remake_that_fails_leaves_the_take_as_it_was(world: World) -> None:
    """Ready, with the renditions it had."""
    story = await world.made()
    before = await world.take()
    upgrade(world)
    await world.rerender(story)
    await world.live_on(story)

    take = await world.take()
    for column in ("rendition_key", "original_path", "original_sha256", "render_id", "failure_code", "again_at"):
        assert take[column] == before[column]
    assert take["status"] == take_after(TakeStatus.FINISHING, TakeEvent.KEPT) == TakeStatus.READY


async def test_whoever_asked_is_told_and_sees_what_was_seen(world: World) -> None:
    """Work falls back with the reason, over the old clip."""
    story = await world.made()
    before = await world.video(story)
    upgrade(world)
    await world.rerender(story)
    after = await world.live_on(story)

    assert (after.shows, after.shown_revision, after.path) == (Shows.FINAL, 1, before.path)
    assert (after.work, after.reason) == (Work.FALLBACK, "not_finished")


async def test_an_equal_story_told_next_has_the_clip_at_once(world: World) -> None:
    """Within its planning; nothing is rendered, fetched or made, and nobody is asked."""
    story = await kept(world)
    received = (await world.provider.journal())["received"]
    await world.lose_hints()
    told = await world.tell()
    await world.lose_hints()
    await world.plan()

    video = await world.video(told)
    assert (video.shows, video.work, video.path) == (Shows.FINAL, Work.IDLE, (await world.video(story)).path)
    assert await world.rows("select from procrastinate.procrastinate_jobs") == []
    assert (await world.provider.journal())["received"] == received
    assert await world.statuses() == ["delivered"]


async def test_once_the_transcoder_is_well_asking_again_makes_the_new_files(world: World) -> None:
    """From the original that is kept, for nothing."""
    whole = world.transcoder
    story = await kept(world)
    before = await world.video(story)
    world.transcoder = Upgraded(whole)
    await world.ask_again(story)

    video = await world.video(story)
    assert (video.shown_revision, video.work) == (3, Work.IDLE)
    assert video.path != before.path
    assert await world.provider.accepted() == 1


@pytest.mark.parametrize("nth", [1, 2])
async def test_it_can_fail_as_often_as_it_is_asked_for(world: World, nth: int) -> None:
    """Each time with tries of its own, and never as a take that failed."""
    story = await kept(world)
    for _ in range(nth):
        await world.rerender(story)
        assert (await world.live_on(story)).work == Work.FALLBACK
    assert (await world.take())["status"] == "ready"
    assert await world.provider.accepted() == 1
