"""A story that goes takes its video with it, however it goes and whoever asks for a video at that moment."""

import asyncio

import psycopg

from tests.storage.builders import TABLE
from tests.storage.world import World

MISLAY = "alter function storyreel.request_videos rename to mislaid"
FIND = "alter function storyreel.mislaid rename to request_videos"


async def _without_a_video(world: World) -> str:
    """A story as it was before its table was attached."""
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    return await world.story()


async def test_a_story_being_deleted_gets_no_video(world: World) -> None:
    """The delete has not committed when a door asks: the door waits for it, and then finds no such row."""
    for kind in ("first", "rerender"):
        story = await _without_a_video(world)
        async with world.holding("delete from public.stories where id = %s", story):
            door = asyncio.create_task(world.stores.stories.request_of(TABLE, story, kind=kind))
            await world.settled_or_blocked(door)

        assert not await door
        assert await world.one("select count(*) from storyreel.videos") == (0,)


async def test_a_delete_that_waits_for_a_door_takes_the_new_video_along(
    world: World, app: psycopg.AsyncConnection
) -> None:
    """The door was first and has not committed: the story is deleted after it, and the video with it."""
    story = await _without_a_video(world)
    async with world.holding("select storyreel.request_video_of('public.stories', %s)", story):
        delete = asyncio.create_task(app.execute("delete from public.stories"))
        await world.settled_or_blocked(delete)
        assert not delete.done()

    await delete
    assert await world.one("select count(*) from storyreel.videos") == (0,)


async def test_an_emptied_table_leaves_no_video(world: World, warnings: list[str]) -> None:
    """TRUNCATE removes the videos of its table and of no other; revisions and shots go along, takes stay."""
    await world.owner.execute("create table public.notes (id int primary key, body text)")
    await world.owner.execute("select storyreel.attach('public.notes', 'body')")
    await world.owner.execute("insert into public.notes values (1, 'A whale')")
    await world.story()
    await world.ready()

    await world.owner.execute("truncate public.stories")

    assert await world.rows("select source_table from storyreel.videos") == [("public.notes",)]
    assert await world.one(
        "select (select count(*) from storyreel.revisions), (select count(*) from storyreel.takes)"
    ) == (1, 1)
    assert warnings == []


async def test_an_emptied_table_is_empty_although_our_videos_are_locked(
    world: World, app: psycopg.AsyncConnection
) -> None:
    """The app's TRUNCATE is not held up either."""
    await world.story()

    async with world.holding("lock table storyreel.videos in access exclusive mode"), asyncio.timeout(20):
        await app.execute("truncate public.stories")

    assert await world.one("select count(*) from public.stories") == (0,)


async def test_a_delete_never_fails_because_of_us(world: World, warnings: list[str]) -> None:
    """The app's row is gone although its video could not be removed."""
    await world.story()
    await world.owner.execute("alter table storyreel.videos rename to hidden")

    await world.owner.execute("delete from public.stories")

    assert await world.one("select count(*) from public.stories") == (0,)
    assert len(warnings) == 1


async def test_a_video_that_could_not_go_with_its_story_goes_later(
    world: World, app: psycopg.AsyncConnection
) -> None:
    """A lock does not hold up the delete; the sweep removes the video, and counts none as made."""
    story, kept = await world.story(), await world.story()
    async with world.holding("lock table storyreel.videos in access exclusive mode"), asyncio.timeout(20):
        await app.execute("delete from public.stories where id = %s", [story])
        assert await world.rows("select source_id from storyreel.missed") == [(story,)]
    assert await world.one("select count(*) from storyreel.videos") == (2,)

    assert await world.stores.sweep.adopt_missed() == 0

    assert await world.rows("select source_id from storyreel.videos") == [(kept,)]
    assert await world.rows("select from storyreel.missed") == []


async def test_a_missed_story_that_was_deleted_is_forgotten(world: World) -> None:
    """There is nothing to make up for: no video is made, none is counted, and nothing stays noted."""
    await world.owner.execute(MISLAY)
    await world.story()
    await world.owner.execute("delete from public.stories")
    await world.owner.execute(FIND)

    adopted = await world.stores.sweep.adopt_missed()

    assert await world.one("select count(*) from storyreel.missed") == (0,)
    assert await world.one("select count(*) from storyreel.videos") == (0,)
    assert adopted == 0
