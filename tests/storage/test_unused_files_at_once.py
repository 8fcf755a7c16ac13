"""Files that are removed while somebody begins to need them, or while somebody else removes them.

Orders are forced by locks that a third session holds, never by time; what must not wait is awaited meanwhile.
"""

import asyncio

import pytest

from pipeline.errors import FileBeingRemoved
from pipeline.model import RevisionToPlan
from tests.storage.builders import LEASE, PASSING, shot
from tests.storage.leftovers import (
    delete,
    files_of,
    finish_with,
    finishing,
    note,
    noted,
    overdue,
    pass_days,
    removed,
    sweep,
)
from tests.storage.world import World

HOLD_TAKE = "select from storyreel.takes where id = %s for update"
HOLD_VIDEO = "select from storyreel.videos where source_id = %s for update"
# The last thing a sweep does is to delete these: it is held up when all else is done, and not committed.
HOLD_RENDITIONS = "select from storyreel.renditions where kind = 'video' for update"


async def told_again(world: World) -> tuple[str, RevisionToPlan]:
    story = await world.story("A story of whale")
    (revision,) = await world.claim()
    return story, revision


async def gone(world: World) -> list[tuple[object, ...]]:
    """Files that a video shows, and that are removed or just being removed."""
    return await world.rows(
        "select path from (select path from storyreel.videos where shows <> 'placeholder') v"
        " where path not in (select path from storyreel.objects where removing_at is null)"
    )


async def test_who_subscribes_first_keeps_the_files(world: World) -> None:
    """The planner has the take in hand: the sweep waits for nobody, and passes over its files."""
    (take,) = await overdue(world, "whale")
    story, revision = await told_again(world)

    async with world.holding(HOLD_VIDEO, story):
        planner = asyncio.create_task(world.stores.plans.save(revision, [shot()], now=world.clock()))
        await world.blocked(1)
        assert await sweep(world) == set()

    assert await planner
    assert (await world.video(story), await world.take(take)) == (("final", 1, "idle", None), "ready")
    assert await sweep(world) == set()
    assert await gone(world) == []


async def test_who_subscribes_too_late_has_them_rendered_again(world: World) -> None:
    """The sweep has marked the files and not committed: the planner waits for it, and finds the take removed."""
    (take,) = await overdue(world, "whale")
    files = await files_of(world, take)
    story, revision = await told_again(world)

    async with world.holding(HOLD_RENDITIONS):
        sweeper = asyncio.create_task(sweep(world))
        await world.blocked(1)
        planner = asyncio.create_task(world.stores.plans.save(revision, [shot()], now=world.clock()))
        await world.blocked(2)

    assert await sweeper == files
    assert await planner
    assert (await world.video(story), await world.take(take)) == (("placeholder", 0, "working", None), "rendering")
    assert (await world.admit()).endpoint == "fal-ai/one"


async def test_a_sweep_that_is_killed_has_done_nothing(world: World) -> None:
    """It had marked the files and not committed: the take is shown at once to whoever comes, and kept."""
    (take,) = await overdue(world, "whale")
    story, revision = await told_again(world)

    async with world.holding(HOLD_RENDITIONS):
        sweeper = asyncio.create_task(sweep(world))
        await world.blocked(1)
        await world.rows(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock'"
        )
        assert isinstance((await asyncio.gather(sweeper, return_exceptions=True))[0], Exception)

    assert await world.stores.plans.save(revision, [shot()], now=world.clock())
    assert (await world.video(story), await world.take(take)) == (("final", 1, "idle", None), "ready")
    assert await sweep(world) == set()


async def test_planner_and_sweep_never_wait_for_each_other_crosswise(world: World) -> None:
    """The planner has one of its takes in hand and waits for another: the sweep wants both, and gets none."""
    takes = await overdue(world, "first", "second")
    await world.story()
    (revision,) = await world.claim()
    shots = [shot("first"), shot("second")]

    async with world.holding(HOLD_TAKE, takes[1]):
        planner = asyncio.create_task(world.stores.plans.save(revision, shots, now=world.clock()))
        await world.blocked(1)
        assert await sweep(world) == set()

    assert await planner
    assert await world.rows("select distinct status from storyreel.takes") == [("ready",)]
    assert await gone(world) == []


async def test_a_take_that_comes_into_hand_after_the_look_keeps_its_original(world: World) -> None:
    """The look had found it unused; what counts is what is found once the take is locked."""
    take = await world.fetching()
    await world.fetch(take)
    await note(world, *await files_of(world, take))
    in_hand = await world.stores.takes.claim_finish(take, now=world.clock(), lease=LEASE)
    assert in_hand
    assert await world.stores.takes.give_up(in_hand, PASSING, now=world.clock())
    await delete(world)
    await pass_days(world, 7)
    world.clock.advance(days=1)

    # It lets everybody read, and nobody lock a take.
    async with world.holding("lock table storyreel.takes in exclusive mode") as other:
        sweeper = asyncio.create_task(sweep(world))
        await world.blocked(1)
        await other.execute(
            "update storyreel.takes set status = 'finishing', due_at = now(), failed_at = null,"
            " failure_code = null, failure_message = null, failure_permanent = null"
        )

    assert await sweeper == set()
    await world.finish(take)


async def test_a_finisher_that_is_first_keeps_the_renditions(world: World) -> None:
    """It found those of another take of the same bytes, and is about to show them: the sweep passes over them."""
    (take,) = await overdue(world, "whale")
    renditions = {path for path in await files_of(world, take) if path.startswith("rendition-")}
    (original,) = await files_of(world, take) - renditions
    fox = await finishing(world, "fox", original)
    (story,) = await world.one("select id::text from public.stories")

    async with world.holding("select 1 from storyreel.revisions for update"):
        finisher = asyncio.create_task(finish_with(world, fox, f"rendition-{take}", make=False))
        await world.blocked(1)
        assert not await sweep(world) & renditions

    assert await finisher
    assert await world.video(story) == ("final", 1, "idle", None)
    assert await sweep(world) == set()
    assert await gone(world) == []


async def test_a_finisher_that_is_too_late_makes_them_anew(world: World) -> None:
    """It had found them when the sweep marked them: its end is refused, and nobody is shown what is gone."""
    (take,) = await overdue(world, "whale")
    renditions = {path for path in await files_of(world, take) if path.startswith("rendition-")}
    (original,) = await files_of(world, take) - renditions
    fox = await finishing(world, "fox", original)
    (story,) = await world.one("select id::text from public.stories")

    async with world.holding(HOLD_RENDITIONS):
        sweeper = asyncio.create_task(sweep(world))
        await world.blocked(1)
        finisher = asyncio.create_task(finish_with(world, fox, f"rendition-{take}", make=False))
        await world.blocked(2)

    assert await sweeper == renditions
    with pytest.raises(FileBeingRemoved):
        await finisher
    assert (await world.video(story))[0] == "placeholder"
    with pytest.raises(FileBeingRemoved):
        await finish_with(world, fox, f"rendition-{take}", make=True)
    await removed(world, renditions)
    assert await finish_with(world, fox, f"rendition-{take}", make=True)
    assert (await world.video(story), await gone(world)) == (("final", 1, "idle", None), [])


async def test_whoever_puts_a_file_is_first_or_is_told(world: World) -> None:
    """A note waits for the sweep that looks at the file; then it is refused until the file is removed."""
    (take,) = await overdue(world, "whale")
    files = await files_of(world, take)

    async with world.holding(HOLD_RENDITIONS):
        sweeper = asyncio.create_task(sweep(world))
        await world.blocked(1)
        writer = asyncio.create_task(note(world, *files))
        await world.blocked(2)

    assert await sweeper == files
    with pytest.raises(FileBeingRemoved):
        await writer
    await removed(world, files)
    await note(world, *files)
    assert await noted(world) == files


async def test_many_sweeps_at_once_share_the_files(world: World) -> None:
    """Each file is removed by one of them, and none waits for another or breaks a deadlock."""
    takes = await overdue(world, *"abcdef")
    files = {path for take in takes for path in await files_of(world, take)}
    assert len(files) == 24

    found: list[str] = []
    while shares := [share for share in await asyncio.gather(*(sweep(world, limit=5) for _ in range(4))) if share]:
        found += [path for share in shares for path in share]

    assert sorted(found) == sorted(files)
    assert await world.rows("select distinct status from storyreel.takes") == [("removed",)]
