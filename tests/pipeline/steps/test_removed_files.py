"""Files that nobody needs any more go after the grace; whoever needs one again, at any moment, has it again."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.lifecycle import Shows, Work
from pipeline.ports import Transcoded, Transcoder
from tests.pipeline.steps.cuts import cut, until_cut
from tests.pipeline.steps.leftovers import delete, files, overdue, pass_days, shown
from tests.pipeline.steps.world import World

FOX = "A fox in the forest"


@dataclass
class Release:
    """A real transcoder under another recipe."""

    transcoder: Transcoder
    recipe: str = "later"

    async def transcode(self, original: Path, folder: Path) -> Transcoded:
        return await self.transcoder.transcode(original, folder)


async def test_a_story_told_again_pays_nothing_within_the_grace_and_once_after_it(world: World) -> None:
    """Within it the clip is shown as soon as it is planned; after it, nothing is left of the first one."""
    await overdue(world)
    within = await world.tell()
    await world.plan()
    assert await shown(world, within)
    assert await world.provider.accepted() == 1

    await delete(world, within)
    await pass_days(world, 9)
    assert (await files(world), await world.rows("select from storyreel.objects")) == (set(), [])
    after = await world.tell()
    assert (await world.live_on(after)).work == Work.IDLE
    assert await shown(world, after)
    assert await world.provider.accepted() == 2


async def test_deleting_one_story_never_breaks_anothers_video(world: World) -> None:
    """An equal one shares the take, another one the very bytes of the clip: both play on."""
    first, equal, other = await world.made(), await world.tell(), await world.made(FOX)
    await world.run_jobs()
    assert await shown(world, equal) == await shown(world, other)
    for deleted, stays in ((first, equal), (equal, other)):
        await delete(world, deleted)
        await pass_days(world, 30)
        assert await shown(world, stays)

    assert len(await files(world)) == 4


async def test_placeholders_stay(world: World, tmp_path: Path) -> None:
    """They are nobody's take: reconcile does not know their files, whether or not a story shows them."""
    (tmp_path / "loop").write_bytes(b"loop")
    for path in ("p/dream.mp4", "p/dream.jpg", "p/dream.webp", "p/other.mp4"):
        await world.bucket.put(path, tmp_path / "loop", content_type="video/mp4")
    await delete(world, await world.made())
    await pass_days(world, 30)

    assert await files(world) == {"p/dream.mp4", "p/dream.jpg", "p/dream.webp", "p/other.mp4"}


async def test_what_was_shown_before_can_be_shown_again_after_any_time(world: World) -> None:
    """A later recipe remade the renditions for one of two equal stories; a month later it goes back."""
    first, second = await world.made(), await world.tell()
    await world.run_jobs()
    older = await shown(world, first)
    world.transcoder = Release(world.transcoder)
    await world.ask_again(first)
    assert not await shown(world, first) & older
    await pass_days(world, 30)
    assert await shown(world, second) == older
    await delete(world, second)
    await pass_days(world, 30)

    video = await world.video(first)
    await world.rows("select storyreel.restore_video(%s, %s)", video.id, world.clock())

    assert await shown(world, first) == older
    await pass_days(world, 30)
    assert len(await files(world)) == 7


async def test_an_upload_that_was_cut_off_is_removed(world: World) -> None:
    """Its worker was killed, and another release finished the take under other names."""
    story = await world.delivered()
    await world.fetch()
    takes, world.takes = world.takes, cut(world.takes, "finished", "before")
    await until_cut(world.finish())
    world.takes, world.transcoder = takes, Release(world.transcoder)
    assert (await world.live_on(story)).shows == Shows.FINAL
    assert len(await files(world)) == 7

    await pass_days(world, 7)
    assert len(await files(world)) == 7
    await pass_days(world, 1)
    assert len(await files(world)) == 4
    assert await shown(world, story)
