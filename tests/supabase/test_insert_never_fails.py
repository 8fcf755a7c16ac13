"""Whatever is broken on our side, the app's insert goes through; what was missed is noted and made up for."""

import asyncio
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.storage.world import World

# What breaks, and how it is mended.
BREAK_REQUEST: LiteralString = """
    alter function storyreel.begin_videos rename to mislaid
"""
MEND_REQUEST: LiteralString = """
    alter function storyreel.mislaid rename to begin_videos
"""
FAULTS: dict[str, tuple[LiteralString, LiteralString]] = {
    "our function is gone": (BREAK_REQUEST, MEND_REQUEST),
    "the text column was renamed": (
        "alter table public.stories rename text to body",
        "select storyreel.attach('public.stories', 'body', 'owner_id')",
    ),
    "the owner column was dropped": (
        "alter table public.stories drop owner_id cascade",
        "select storyreel.attach('public.stories', 'text')",
    ),
    "the placeholders are gone": (
        "alter table storyreel.placeholders rename to hidden",
        "alter table storyreel.hidden rename to placeholders",
    ),
    "the engine takes no job": (
        "alter function procrastinate.procrastinate_defer_jobs_v1 rename to mislaid",
        "alter function procrastinate.mislaid rename to procrastinate_defer_jobs_v1",
    ),
    "a check of ours refuses the row": (
        "alter table storyreel.revisions add constraint broken check (number > 1)",
        "alter table storyreel.revisions drop constraint broken",
    ),
    "the owner no longer casts": (
        """alter table public.stories drop owner_id cascade;
        alter table public.stories add owner_id text default 'me'""",
        "update public.stories set owner_id = null",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_ours_costs_the_app_nothing(world: World, warnings: list[str], fault: str) -> None:
    """The rows are stored, a WARNING says so, and they are noted; once mended, each has its video."""
    break_it, mend = FAULTS[fault]
    await world.owner.execute(break_it)

    await world.owner.execute(_three_stories(fault))
    noted = await world.rows("select source_table, source_id::uuid, error <> '' from storyreel.missed order by 2")

    stored = await world.rows("select 'public.stories', id, true from public.stories order by 2")
    assert len(stored) == 3
    assert noted == stored
    assert len(warnings) == 1
    assert "public.stories" in warnings[0]
    assert await world.one("select count(*) from storyreel.videos") == (0,)

    assert await world.stores.sweep.adopt_missed() == 0, "nothing is mended yet"
    await world.owner.execute(mend)

    assert await world.stores.sweep.adopt_missed() == 3
    assert await world.one("select count(*) from storyreel.videos") == (3,)
    assert await world.one("select count(*) from storyreel.missed") == (0,)


def _three_stories(fault: str) -> LiteralString:
    column: LiteralString = "body" if fault == "the text column was renamed" else "text"
    return "insert into public.stories (" + column + ") select 'A whale ' || n from generate_series(1, 3) n"


async def test_without_the_engine_a_story_has_its_video_at_once(world: World, warnings: list[str]) -> None:
    """Only the hint is missing, which the sweep gives as soon as the engine is there; nothing counts as missed."""
    await world.owner.execute("alter schema procrastinate rename to hidden")

    story = await world.story()

    assert await world.video(story) == ("placeholder", 0, "working", None)
    assert await world.rows("select from storyreel.missed") == []
    assert warnings == []
    await world.owner.execute("alter schema hidden rename to procrastinate")
    assert await world.jobs("plan") == 0
    assert (await world.stores.sweep.hint_overdue(now=world.clock()))["plan"] == 1
    assert await world.jobs("plan") == 1


async def test_a_story_whose_key_we_cannot_read_is_stored_too(world: World, warnings: list[str]) -> None:
    """Not even noting it works where the key column was renamed: the insert goes through, with two warnings."""
    await world.owner.execute("alter table public.stories rename id to key")

    await world.owner.execute("insert into public.stories (text) values ('A whale')")

    assert await world.one("select count(*) from public.stories") == (1,)
    assert len(warnings) == 2


async def test_the_apps_transaction_goes_on(world: World) -> None:
    """What the app does before and after the insert, in the same transaction, is kept."""
    await world.owner.execute(BREAK_REQUEST)

    async with world.owner.transaction():
        await world.owner.execute("create table public.before (x int)")
        await world.story()
        await world.owner.execute("insert into public.before values (1)")

    assert await world.one("select count(*) from public.before") == (1,)
    assert await world.one("select count(*) from storyreel.missed") == (1,)


@pytest.mark.parametrize("apps_own", ["0", "20ms"])
async def test_a_lock_on_our_tables_does_not_hold_up_the_app(
    world: World, app: psycopg.AsyncConnection, apps_own: str
) -> None:
    """While our videos are locked its insert goes through, with or without a lock timeout of its own."""
    await app.execute(sql.SQL("set lock_timeout = {}").format(apps_own))
    async with world.holding("lock table storyreel.videos in access exclusive mode"), asyncio.timeout(20):
        await app.execute("insert into public.stories (text) values ('A whale')")
        assert await world.one("select count(*) from public.stories") == (1,)
        assert await world.rows("select error like '%%lock timeout%%' from storyreel.missed") == [(True,)]

    cursor = await app.execute("show lock_timeout")
    assert await cursor.fetchone() == (apps_own,), "the app's own setting is as it was"
    assert await world.stores.sweep.adopt_missed() == 1
    assert await world.one("select count(*) from storyreel.videos") == (1,)


async def test_one_poisoned_story_does_not_keep_the_others_from_being_adopted(world: World) -> None:
    """Adoption goes story by story; what still fails stays noted with its newest reason."""
    await world.owner.execute(BREAK_REQUEST)
    good, bad = await world.story("good"), await world.story("bad")
    await world.owner.execute(MEND_REQUEST)
    await world.owner.execute("alter table storyreel.revisions add constraint poisoned check (story <> 'bad')")

    assert await world.stores.sweep.adopt_missed() == 1
    assert (await world.video(good))[2] == "working"
    assert await world.one("select source_id, error like '%%poisoned%%' from storyreel.missed") == (bad, True)


async def test_two_sweeps_adopt_a_story_once(world: World, app: psycopg.AsyncConnection) -> None:
    """While one sweep has a missed story in hand, another passes it by without waiting."""
    await world.owner.execute(BREAK_REQUEST)
    await world.story()
    await world.owner.execute(MEND_REQUEST)

    async with world.holding("select storyreel.adopt_missed()"):
        cursor = await app.execute("select storyreel.adopt_missed()")
        assert await cursor.fetchone() == (0,)

    assert await world.one("select count(*) from storyreel.videos") == (1,)
