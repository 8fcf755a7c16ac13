"""A video rendered again as it was: its renditions are made anew from the original that is kept, for nothing."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.errors import TranscodeFailed
from pipeline.lifecycle import Shows, Work
from pipeline.ports import Transcoded, Transcoder
from tests.pipeline.steps.cuts import broken
from tests.pipeline.steps.world import World


@dataclass
class Counted:
    """A real transcoder under a recipe of a test's choice, and how often it was used."""

    transcoder: Transcoder
    recipe: str
    used: int = 0

    async def transcode(self, original: Path, folder: Path) -> Transcoded:
        self.used += 1
        return await self.transcoder.transcode(original, folder)


@pytest.fixture
def counted(world: World) -> Counted:
    world.transcoder = counted = Counted(world.transcoder, world.transcoder.recipe)
    return counted


async def made_twice(world: World) -> tuple[str, str]:
    """Two equal stories that show the same clip; their ids."""
    story, other = await world.made(), await world.tell()
    await world.plan()
    assert (await world.video(other)).path == (await world.video(story)).path
    return story, other


async def files(world: World) -> set[str]:
    return {found.path for found in await world.bucket.list("")}


async def shown_files(world: World, story: str) -> set[str]:
    """The files that the video's addresses lead to."""
    row = await world.one(
        "select path, poster_path, preview_path from storyreel.videos where source_id = %s", story
    )
    return set(row.values())


async def test_the_same_again_asks_no_provider(world: World) -> None:
    """A new revision of the same take, shown once its renditions are there; nothing is reserved."""
    story = await world.made()
    before, received = await world.video(story), (await world.provider.journal())["received"]
    paid = await world.rows("select * from storyreel.ledger order by id")
    await world.rerender(story)
    await world.plan()
    working = await world.video(story)
    assert (working.shows, working.path, working.work) == (Shows.FINAL, before.path, Work.WORKING)

    await world.run_jobs()
    after = await world.video(story)
    assert (after.shown_revision, after.work, after.path) == (2, Work.IDLE, before.path)
    assert (await world.provider.journal())["received"] == received
    assert await world.rows("select * from storyreel.ledger order by id") == paid


async def test_files_that_are_there_are_not_made_again(world: World, counted: Counted) -> None:
    """The same recipe of the same original: they would be the same bytes."""
    story = await world.made()
    await world.ask_again(story)

    assert (await world.video(story)).shown_revision == 2
    assert counted.used == 1


@pytest.mark.parametrize("lost", ["video", "poster", "preview"])
async def test_a_file_that_the_bucket_lost_is_made_again(world: World, counted: Counted, lost: str) -> None:
    """Whichever of them it was; from the original, under the same name."""
    story = await world.made()
    whole = await files(world)
    await world.bucket.delete([path for path in whole if f"/{lost}." in path])
    assert await files(world) != whole
    await world.ask_again(story)

    assert await files(world) == whole
    assert counted.used == 2
    assert (await world.video(story)).work == Work.IDLE
    assert await world.provider.accepted() == 1


async def test_a_new_recipe_remakes_the_files_and_pays_nothing(world: World, counted: Counted) -> None:
    """They lie beside the old ones, which an older revision may be gone back to."""
    story = await world.made()
    old = await shown_files(world, story)
    counted.recipe = "test-2"
    await world.ask_again(story)
    new = await shown_files(world, story)

    assert not old & new
    assert old | new <= await files(world)
    assert (await world.video(story)).work == Work.IDLE
    assert (counted.used, await world.provider.accepted()) == (2, 1)

    video = await world.video(story)
    assert (await world.one("select * from storyreel.restore_video(%s, now())", video.id))["revision_id"]
    assert await shown_files(world, story) == old


async def test_an_equal_story_keeps_its_old_files_under_a_new_recipe(world: World, counted: Counted) -> None:
    """Nobody rendered it again: it plays what it played, now and when unused files are removed."""
    story, other = await made_twice(world)
    before = await world.video(other)
    counted.recipe = "test-2"
    await world.ask_again(story)
    assert await world.video(other) == before
    for _ in range(3):
        world.clock.advance(days=8)
        await world.reconcile()

    assert await world.video(other) == before
    assert await shown_files(world, other) <= await files(world)
    assert await shown_files(world, story) <= await files(world)


async def test_a_later_equal_story_gets_the_new_files(world: World, counted: Counted) -> None:
    """At once, as any take that is there."""
    story = await world.made()
    counted.recipe = "test-2"
    await world.ask_again(story)
    later = await world.tell()
    await world.plan()

    assert (await world.video(later)).path == (await world.video(story)).path
    assert counted.used == 2


async def test_equal_stories_play_on_while_one_is_remade(world: World, counted: Counted) -> None:
    """And a story told meanwhile waits for the files, which are made once."""
    story, other = await made_twice(world)
    before = await world.video(other)
    counted.recipe = "test-2"
    await world.rerender(story)
    await world.plan()
    assert await world.video(other) == before
    meanwhile = await world.tell()
    await world.plan()
    assert (await world.video(meanwhile)).work == Work.WORKING
    await world.run_jobs()

    assert (await world.video(meanwhile)).path == (await world.video(story)).path
    assert await world.video(other) == before
    assert counted.used == 2


async def test_a_remake_that_fails_leaves_everybody_what_they_have(world: World) -> None:
    """The asker's work falls back, over the old video; the equal story's does not even do that."""
    story, other = await made_twice(world)
    asked, before = await world.video(story), await world.video(other)
    whole = await files(world)
    await world.bucket.delete([path for path in whole if "/video." in path])
    transcoder = world.transcoder
    world.transcoder = broken(transcoder, "transcode", TranscodeFailed("killed"))
    await world.rerender(story)
    video = await world.live_on(story)
    assert (video.shows, video.path, video.shown_revision) == (Shows.FINAL, asked.path, 1)
    assert (video.work, video.reason) == (Work.FALLBACK, "not_finished")
    assert await world.video(other) == before

    world.transcoder = transcoder
    await world.ask_again(story)
    assert (await world.live_on(story)).work == Work.IDLE
    assert await files(world) == whole
    assert await world.provider.accepted() == 1


async def test_a_remake_of_an_original_that_is_gone_pays_nothing_by_itself(world: World) -> None:
    """It says so; asked once more, it is rendered anew, and the equal story plays on what it had."""
    story, other = await made_twice(world)
    before = await world.video(other)
    await world.bucket.delete([path for path in await files(world) if path != before.path])
    await world.rerender(story)
    video = await world.live_on(story)
    assert (video.shows, video.work, video.reason) == (Shows.FINAL, Work.FALLBACK, "original_gone")
    assert await world.provider.accepted() == 1

    await world.ask_again(story)
    assert (await world.live_on(story)).work == Work.IDLE
    assert await world.provider.accepted() == 2
    assert await world.video(other) == before


async def test_rendered_again_twice_at_once_is_made_once(world: World, counted: Counted) -> None:
    """Two revisions of one video, and one of an equal story: all show the new files in the end."""
    story, other = await made_twice(world)
    counted.recipe = "test-2"
    await world.rerender(story)
    await world.rerender(story)
    await world.rerender(other)
    await world.run_jobs()

    one, two = await world.video(story), await world.video(other)
    assert (one.shown_revision, two.shown_revision) == (3, 2)
    assert (one.work, two.work, one.path) == (Work.IDLE, Work.IDLE, two.path)
    assert counted.used == 2


async def test_changed_parameters_pay(world: World) -> None:
    """The same text and seed, and yet another clip."""
    story = await world.made()
    await world.rerender(story, parameters={"steps": 6})
    assert (await world.live_on(story)).shown_revision == 2
    assert await world.provider.accepted() == 2


async def test_a_preview_is_not_made_for_a_remake(world: World) -> None:
    """However much it is asked for: the final is there."""
    story = await world.made()
    world.previews = True
    await world.rerender(story, preview=True)
    await world.run_jobs()

    assert await world.rows("select from storyreel.shots where shows = 'preview'") == []
    assert (await world.video(story)).shown_revision == 2
