"""What a video shows only moves up, and its work is that of its newest revision."""

from typing import Any
from uuid import UUID

import pytest

from pipeline.lifecycle import Shows, moves_up
from pipeline.model import Failure
from tests.storage.builders import CLIP, LEASE, PASSING, PERMANENT, shot
from tests.storage.world import World


async def test_a_finished_take_is_shown_everywhere_it_is_wanted(world: World) -> None:
    """Every subscriber's video has the new files, is idle, and says when it changed."""
    stories = [await world.story(f"Story {number}") for number in range(5)]
    take = await world.ready()

    for story in stories:
        assert await world.video(story) == ("final", 1, "idle", None)
    files = f"rendition-{take}"
    assert await world.rows(
        "select distinct bucket, path, poster_path, preview_path, blurhash, width, height, updated_at"
        " from storyreel.videos"
    ) == [
        ("videos", f"{files}/video.mp4", f"{files}/poster.jpg", f"{files}/preview.webp", "LEHV6nWB2yk8", 512, 512,
         world.clock())
    ]  # fmt: skip


async def test_a_clip_replaces_only_what_is_below_it(world: World) -> None:
    """For everything a video may show, of every revision, beside clips of revisions one to three."""
    story = await world.story()
    take = await world.ready("first")
    for _ in range(2):
        await world.ask_again(story)
        await world.plan(shot("first"))
        await world.finish(take)
    for shown in ((shows, revision) for shows in Shows for revision in range(5)):
        if (shown[0] is Shows.PLACEHOLDER) != (shown[1] == 0):
            continue
        for offered in (1, 2, 3):
            await _only_revision_wants(world, offered)
            await world.owner.execute(
                "update storyreel.videos set shows = %s, shown_revision = %s, path = 'before'"
                " where source_id = %s",
                [*shown, story],
            )

            await world.owner.execute("select storyreel.show_take(%s, now())", [take])

            up = moves_up(shown, (Shows.FINAL, offered))
            expected: tuple[Any, ...] = ("final", offered) if up else shown
            assert (await world.video(story))[:2] == expected, (shown, offered)


async def _only_revision_wants(world: World, number: int) -> None:
    await world.owner.execute("delete from storyreel.shots")
    await world.owner.execute(
        "insert into storyreel.shots (revision_id, number, take_id) select r.id, 1, t.id"
        " from storyreel.revisions r, storyreel.takes t where r.number = %s",
        [number],
    )


@pytest.mark.parametrize("failure", [PASSING, PERMANENT], ids=["passing", "permanent"])
async def test_a_failed_rerender_leaves_the_old_final(world: World, failure: Failure) -> None:
    """What played goes on playing; the work says that the re-render fell back."""
    story = await world.story()
    await world.ready("old")
    before = await world.one("select path, blurhash from storyreel.videos where source_id = %s", story)
    await world.ask_again(story)
    await world.plan(shot("new"))

    await world.failed(failure, "new")

    assert await world.video(story) == ("final", 1, "fallback", failure.code)
    assert await world.one("select path, blurhash from storyreel.videos where source_id = %s", story) == before


async def test_a_rerender_that_finishes_replaces_the_old_final(world: World) -> None:
    """The higher revision shows."""
    story = await world.story()
    await world.ready("old")
    await world.ask_again(story)
    await world.plan(shot("new"))

    take = await world.ready("new")

    assert await world.video(story) == ("final", 2, "idle", None)
    assert await world.one("select path from storyreel.videos where source_id = %s", story) == (
        f"rendition-{take}/video.mp4",
    )


async def test_an_older_revision_that_finishes_late_changes_nothing(world: World) -> None:
    """The re-render was faster: the first revision's clip stays in the bucket and is not shown."""
    story = await world.story()
    await world.plan(shot("old"))
    old = await world.admit()
    await world.submit(old, "old")
    await world.ask_again(story)
    await world.plan(shot("new"))
    await world.ready("new")

    await _finish_render(world, old.id)

    assert await world.video(story) == ("final", 2, "idle", None)


async def test_an_older_revision_that_finishes_first_is_shown_while_the_newest_works(world: World) -> None:
    """Better the first clip than the placeholder; the work goes on."""
    story = await world.story()
    await world.plan(shot("old"))
    old = await world.admit()
    await world.submit(old, "old")
    await world.ask_again(story)
    await world.plan(shot("new"))

    await _finish_render(world, old.id)

    assert await world.video(story) == ("final", 1, "working", None)


async def _finish_render(world: World, render: UUID) -> None:
    await world.conclude(render, CLIP)
    take = await world.take_of(render)
    await world.fetch(take)
    await world.finish(take)


async def test_an_older_revisions_failure_says_nothing_about_the_newest(world: World) -> None:
    """The video works on: only the newest revision's take can make it fall back."""
    story = await world.story()
    await world.plan(shot("old"))
    old = await world.admit()
    await world.submit(old, "old")
    await world.ask_again(story)
    await world.plan(shot("new"))

    await world.conclude(old.id, PERMANENT)

    assert await world.video(story) == ("placeholder", 0, "working", None)


async def test_a_failed_newest_stays_failed_when_an_older_one_finishes(world: World) -> None:
    """The older clip is shown, and the work still says that the newest fell back."""
    story = await world.story()
    await world.plan(shot("old"))
    old = await world.admit()
    await world.submit(old, "old")
    await world.ask_again(story)
    await world.plan(shot("new"))
    await world.failed(PERMANENT, "new")

    await _finish_render(world, old.id)

    assert await world.video(story) == ("final", 1, "fallback", "no_clip")


async def test_a_failure_reaches_only_those_who_still_wait(world: World) -> None:
    """A rejected or cancelled video keeps its reason; a held one falls back."""
    stories = {work: await world.story(work) for work in ("working", "held", "rejected", "cancelled")}
    await world.plan()
    for work in ("held", "rejected", "cancelled"):
        await world.owner.execute(
            "update storyreel.videos set work = %s, reason = 'r', message = 'm' where source_id = %s",
            [work, stories[work]],
        )

    render = await world.admit()
    await world.conclude(render.id, PERMANENT)

    works = {work: (await world.video(story))[2] for work, story in stories.items()}
    assert works == {"working": "fallback", "held": "fallback", "rejected": "rejected", "cancelled": "cancelled"}


async def test_a_revision_of_several_shots_waits_for_all_of_them(world: World) -> None:
    """Its first shot is what shows, once the last take is ready; one that fails makes it fall back."""
    whole, broken = await world.story("whole"), await world.story("broken")
    one, two = await world.claim()
    plans = world.stores.plans
    assert await plans.save(one, [shot("a"), shot("b")], now=world.clock())
    assert await plans.save(two, [shot("a"), shot("c")], now=world.clock())
    await world.owner.execute("update storyreel.providers set slots = 9")
    await world.stores.renders.admit("fal", now=world.clock(), lease=LEASE)
    renders = dict(await world.rows(
        "select t.take_key, r.id from storyreel.renders r join storyreel.takes t on t.id = r.take_id"
    ))  # fmt: skip

    await _finish_render(world, renders["b"])
    assert (await world.video(whole))[:3] == ("placeholder", 0, "working")
    await world.conclude(renders["c"], PERMANENT)
    await _finish_render(world, renders["a"])

    assert await world.video(whole) == ("final", 1, "idle", None)
    assert await world.video(broken) == ("placeholder", 0, "fallback", "no_clip")
    (path,) = await world.one("select path from storyreel.videos where source_id = %s", whole)
    assert path == f"rendition-{await world.take_of(renders['a'])}/video.mp4"
