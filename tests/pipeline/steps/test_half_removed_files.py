"""Files that are removed while the plug is pulled, the bucket is away, or somebody needs them again."""

from dataclasses import replace

import pytest

from pipeline.errors import BucketRefused, BucketUnavailable
from pipeline.lifecycle import Work
from tests.pipeline.steps.cuts import When, broken, cut, until_cut
from tests.pipeline.steps.leftovers import files, meanwhile, overdue, pass_days, shown
from tests.pipeline.steps.world import World

FOX = "A fox in the forest"

KILLED = [
    ("sweep", "remove_unused", "after"),
    ("bucket", "delete", "before"),
    ("bucket", "delete", "after"),
    ("sweep", "removed", "before"),
    ("sweep", "removed", "after"),
]


async def killed(world: World, port: str, method: str, when: When) -> None:
    """Reconcile ends there; the next one is whole."""
    stores, bucket = world.stores, world.bucket
    if port == "sweep":
        world.stores = replace(stores, sweep=cut(stores.sweep, method, when))
    else:
        world.bucket = cut(bucket, method, when)
    await until_cut(world.reconcile())
    world.stores, world.bucket = stores, bucket


@pytest.mark.parametrize(("port", "method", "when"), KILLED)
async def test_a_removal_that_was_cut_off_is_completed(world: World, port: str, method: str, when: When) -> None:
    """By the next sweep that finds it: no file stays, and none is remembered."""
    await overdue(world)
    await killed(world, port, method, when)
    world.clock.advance(minutes=10)
    await world.reconcile()

    assert (await files(world), await world.rows("select from storyreel.objects")) == (set(), [])


@pytest.mark.parametrize(("port", "method", "when"), KILLED)
async def test_a_story_told_while_its_files_are_half_removed_has_them_again(
    world: World, port: str, method: str, when: When
) -> None:
    """It is rendered again, and waits until its files may be put; nothing that it shows goes afterwards."""
    await overdue(world)
    await killed(world, port, method, when)
    story = await world.tell()

    assert (await world.live_on(story)).work == Work.IDLE
    assert await world.provider.accepted() == 2
    await pass_days(world, 30)
    assert await shown(world, story)


async def test_a_bucket_that_is_away_only_delays(world: World) -> None:
    """Nothing is forgotten: what is to be removed stays marked, and a story told meanwhile waits for it."""
    await overdue(world)
    bucket, world.bucket = world.bucket, broken(world.bucket, "delete", BucketUnavailable("away"))
    assert (await world.reconcile())["unused_files"] == 0
    story = await world.tell()
    for _ in range(30):
        await world.run_jobs()
        await world.open_post()
        world.clock.advance(minutes=1)
        await world.reconcile()
    assert ((await world.video(story)).work, len(await files(world))) == (Work.WORKING, 4)
    world.bucket = bucket

    assert (await world.live_on(story)).work == Work.IDLE
    await pass_days(world, 30)
    assert await shown(world, story)


async def test_a_bucket_that_refuses_to_delete_holds_nobody_up(world: World) -> None:
    """Whoever operates it is told, once a day; a story told meanwhile has its files at once, and keeps them."""
    await overdue(world)
    world.bucket = broken(world.bucket, "delete", BucketRefused("it is not allowed"))
    with pytest.raises(BucketRefused):
        await world.reconcile()
    world.clock.advance(hours=23)
    await world.reconcile()
    world.clock.advance(hours=1)
    with pytest.raises(BucketRefused):
        await world.reconcile()

    story = await world.made()
    assert await shown(world, story)
    await pass_days(world, 30)
    assert await world.provider.accepted() == 2
    assert await shown(world, story)


async def test_a_remover_that_was_suspended_removes_nothing_any_more(world: World) -> None:
    """For so long that another sweep took over, and the story was told again: its files have the same names."""
    await overdue(world)
    stores = world.stores
    story = ""

    async def told_again() -> None:
        nonlocal story
        world.stores, story = stores, await world.tell()
        world.clock.advance(minutes=11)
        assert (await world.live_on(story)).work == Work.IDLE

    world.stores = replace(stores, sweep=meanwhile(stores.sweep, "remove_unused", "after", told_again))
    await world.reconcile()

    assert await shown(world, story)


@pytest.mark.parametrize(
    ("port", "method", "when"),
    [
        ("takes", "renditions", "before"),
        ("takes", "renditions", "after"),
        ("bucket", "head", "after"),
        ("transcoder", "transcode", "after"),
        ("takes", "note_files", "after"),
        ("takes", "finished", "before"),
    ],
)
async def test_renditions_that_are_removed_under_the_hands_of_finish_are_made_anew(
    world: World, port: str, method: str, when: When
) -> None:
    """They were those of another take with the same bytes, left long ago: nobody is shown what is gone."""
    await overdue(world)
    story = await world.submit(FOX)
    await world.deliver()
    [fox] = await world.rows("select id from storyreel.takes where status = 'fetching'")
    await world.fetch(fox["id"])
    whole = getattr(world, port)
    setattr(world, port, meanwhile(whole, method, when, world.reconcile))
    await world.finish(fox["id"])
    setattr(world, port, whole)

    assert (await world.live_on(story)).work == Work.IDLE
    assert await shown(world, story)
    await pass_days(world, 30)
    assert await shown(world, story)
    assert len(await files(world)) == 4
