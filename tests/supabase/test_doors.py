"""The doors beside the trigger: ask again, ask for a row, and what happens when two ask at once."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from pipeline.errors import UnknownTable
from tests.storage.builders import PERMANENT, TABLE
from tests.storage.world import World


async def test_asking_for_a_first_video_twice_makes_one(world: World) -> None:
    """Trigger and webhook may both ask; the second is told that the story has one already."""
    story = await world.story()

    assert not await world.stores.stories.request_of(TABLE, story)
    assert not await world.stores.stories.request(TABLE, story, "another text")
    assert await world.rows("select number, story from storyreel.revisions") == [
        (1, "A whale swims through the stars")
    ]


async def test_a_rerender_is_a_further_revision_of_the_text_as_it_is_now(world: World) -> None:
    """History is kept; the new revision has the changed text, model and seed, and waits behind first ones."""
    story = await world.story("Old")
    await world.owner.execute("update public.stories set text = 'New'")

    assert await world.stores.stories.request_of(TABLE, story, kind="new_take", model="lightning", seed=5)

    revisions = await world.rows(
        "select number, kind, story, model, seed, priority < lag(priority) over (order by number)"
        " from storyreel.revisions order by number"
    )
    assert revisions == [(1, "first", "Old", None, None, None), (2, "new_take", "New", "lightning", 5, True)]


async def test_asking_again_puts_the_video_back_to_work(world: World) -> None:
    """A video that fell back works again, its reason is cleared, and what it shows stays."""
    story = await world.story()
    await world.failed(PERMANENT)
    await world.plan()
    assert await world.video(story) == ("placeholder", 0, "fallback", "content_policy")

    await world.ask_again(story)

    assert await world.video(story) == ("placeholder", 0, "working", None)
    assert await world.one("select message from storyreel.videos where source_id = %s", story) == (None,)


async def test_a_rerender_of_a_story_without_a_video_makes_its_first(world: World) -> None:
    """As for a row that was there before its table was attached."""
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    story = await world.story()

    assert await world.stores.stories.request_of(TABLE, story, kind="rerender")

    assert await world.rows("select number, kind from storyreel.revisions") == [(1, "first")]


async def test_a_row_that_does_not_exist_gets_no_video(world: World) -> None:
    """Whatever its name looks like, nothing is made and nothing fails."""
    for key in (str(uuid4()), "no uuid", "", "' or true --"):
        assert not await world.stores.stories.request_of(TABLE, key)

    assert await world.one("select count(*) from storyreel.videos") == (0,)


async def test_a_table_that_was_never_attached_is_named_in_the_error(world: World) -> None:
    """With the statement that attaches it."""
    with pytest.raises(UnknownTable, match=r"storyreel\.attach\('public\.notes'"):
        await world.stores.stories.attachment("public", "notes")


async def test_an_unknown_kind_is_refused(world: World, app: psycopg.AsyncConnection) -> None:
    """By the named CHECK, with the video as it was."""
    story = await world.story()

    with pytest.raises(psycopg.errors.CheckViolation, match="revisions_kind_known"):
        await app.execute("select * from storyreel.request_video_of(%s, %s, 'again')", [TABLE, story])

    assert (await world.video(story))[2] == "working"


async def test_two_who_ask_again_at_once_both_get_a_revision(world: World) -> None:
    """Neither fails: the revisions are numbered one after the other."""
    story = await world.story()
    again = "select * from storyreel.request_video_of('public.stories', %s, 'rerender')"

    async with world.holding(again, story):
        second = asyncio.create_task(world.stores.stories.request_of(TABLE, story, kind="rerender"))
        await world.settled_or_blocked(second)

    assert await second
    numbers = await world.rows("select number from storyreel.revisions order by number")
    assert numbers == [(1,), (2,), (3,)]


async def test_two_doors_at_once_make_one_video(world: World) -> None:
    """The insert trigger and the webhook's request for the same row, before either has committed."""
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    story = await world.story()
    door = "select * from storyreel.request_video_of('public.stories', %s)"

    async with world.holding(door, story):
        second = asyncio.create_task(world.stores.stories.request_of(TABLE, story))
        await world.settled_or_blocked(second)

    assert not await second
    assert await world.one("select count(*) from storyreel.revisions") == (1,)


async def test_a_rerender_asked_while_the_video_is_being_made_is_not_lost(world: World) -> None:
    """The first request has not committed; the re-render waits for it and then has its own revision."""
    await world.owner.execute("alter table public.stories disable trigger storyreel_inserted")
    story = await world.story()
    door = "select * from storyreel.request_video_of('public.stories', %s)"

    async with world.holding(door, story):
        second = asyncio.create_task(world.stores.stories.request_of(TABLE, story, kind="rerender"))
        await world.settled_or_blocked(second)

    assert await second
    assert await world.rows("select number, kind from storyreel.revisions order by number") == [
        (1, "first"),
        (2, "rerender"),
    ]
