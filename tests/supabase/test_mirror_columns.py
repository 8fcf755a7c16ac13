"""Columns of the app's own table in which it reads what plays and how it stands, without asking for the video."""

import asyncio
from contextlib import AsyncExitStack
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest

from pipeline.model import Failure
from tests.storage.builders import CLIP, PERMANENT
from tests.storage.world import World

LOOK: LiteralString = "select clip, state from public.dreams order by id"
LOOP = "https://cdn.example/videos/loops/dream.mp4"
ATTACH: LiteralString = (
    "select storyreel.attach('public.dreams', 'content', url_column => 'clip', status_column => 'state')"
)


@pytest.fixture
async def dreams(world: World) -> World:
    """A table whose rows tell how their videos are; one loop is published."""
    await world.owner.execute("""
        insert into storyreel.buckets (name, public_base_url) values ('videos', 'https://cdn.example/videos');
        insert into storyreel.placeholders values
          ('dream', 'square', 1, '', 'videos', 'loops/dream.mp4', 'dream.jpg', 'dream.webp', 'L', 9, 9);
        create table public.dreams (
          id bigint primary key generated always as identity, content text, clip text, state varchar(20))""")
    await world.owner.execute(ATTACH)
    return world


async def dream(world: World, *contents: str) -> None:
    """Insert them in one statement."""
    await world.owner.execute(
        "insert into public.dreams (content) select * from unnest(%s::text[])", [list(contents or ["A whale"])]
    )


async def render(world: World) -> UUID:
    """Plan what was inserted, and have its only render at the provider."""
    await world.plan()
    admitted = await world.admit()
    await world.submit(admitted, "r1")
    return admitted.id


async def finish(world: World, of: UUID) -> str:
    """Have the clip delivered and shown; its public address."""
    await world.conclude(of, CLIP)
    take = await world.take_of(of)
    await world.fetch(take)
    await world.finish(take)
    return f"https://cdn.example/videos/rendition-{take}/video.mp4"


async def test_a_row_says_what_plays_from_the_first_moment_on(dreams: World) -> None:
    """The placeholder in the insert's own transaction, and the final clip in the one that shows it."""
    async with dreams.owner.transaction():
        await dream(dreams)
        assert await dreams.one(LOOK) == (LOOP, "placeholder")

    url = await finish(dreams, await render(dreams))

    assert await dreams.one(LOOK) == (url, "final")
    assert await dreams.rows("select from storyreel.missed") == []


async def test_a_row_says_that_nothing_better_will_come(dreams: World) -> None:
    """Where generation fails for good, the placeholder stays, and the word for it is why."""
    await dream(dreams)
    await _fail(dreams, await render(dreams), PERMANENT)

    assert await dreams.one(LOOK) == (LOOP, "fallback")


async def _fail(world: World, of: UUID, failure: Failure) -> None:
    await world.conclude(of, failure)


async def test_a_final_clip_stays_the_word_whatever_is_made_anew(dreams: World) -> None:
    """A re-render that fails takes nothing from what plays, and the row does not say otherwise."""
    await dream(dreams)
    url = await finish(dreams, await render(dreams))
    await dreams.owner.execute(
        "update storyreel.videos set work = 'fallback', reason = 'no_clip', message = 'It failed.'"
    )

    assert await dreams.one(LOOK) == (url, "final")


async def test_many_rows_of_one_statement_say_it_all(dreams: World) -> None:
    """Each its own, by one write."""
    await dream(dreams, *(f"Dream {number}" for number in range(200)))

    assert await dreams.rows(LOOK) == [(LOOP, "placeholder")] * 200


async def test_what_stands_there_already_is_not_written_again(dreams: World) -> None:
    """Every write is news to whoever listens to the app's table."""
    await dream(dreams)
    before = await dreams.one("select xmin::text from public.dreams")

    await dreams.owner.execute("update storyreel.videos set work = 'idle'")

    assert await dreams.one("select xmin::text from public.dreams") == before


async def test_a_row_in_other_hands_is_waited_for_by_nobody(dreams: World) -> None:
    """The clip is shown all the same; the row is made up for as soon as it is free, and not before."""
    await dream(dreams)
    made = await render(dreams)
    async with dreams.holding("select from public.dreams for update"):
        url = await asyncio.wait_for(finish(dreams, made), 20)
        assert await dreams.one(LOOK) == (LOOP, "placeholder")
        await dreams.stores.sweep.adopt_missed()
        assert await dreams.one("select what from storyreel.missed") == ("mirror",)

    await dreams.stores.sweep.adopt_missed()

    assert await dreams.one(LOOK) == (url, "final")
    assert await dreams.rows("select from storyreel.missed") == []


async def test_news_of_a_video_is_never_taken_for_what_was_noted(dreams: World) -> None:
    """A video that is just changing has found its row locked, and noted what is noted already: it comes again."""
    await dream(dreams)
    made = await render(dreams)
    async with AsyncExitStack() as changing:
        async with dreams.holding("select from public.dreams for update"):
            await finish(dreams, made)
            await changing.enter_async_context(dreams.holding("update storyreel.videos set path = 'later.mp4'"))
        await dreams.stores.sweep.adopt_missed()

        assert await dreams.one("select what from storyreel.missed") == ("mirror",)
    await dreams.stores.sweep.adopt_missed()

    assert await dreams.one(LOOK) == ("https://cdn.example/videos/later.mp4", "final")
    assert await dreams.rows("select from storyreel.missed") == []


async def test_whoever_deletes_a_story_while_it_is_shown_meets_no_deadlock(
    dreams: World, app: psycopg.AsyncConnection
) -> None:
    """The app holds its row and wants the video; the worker holds the video and goes away without the row."""
    await dream(dreams)
    made = await render(dreams)
    async with app.transaction():
        await app.execute("select from public.dreams for update")
        await finish(dreams, made)
        await app.execute("delete from public.dreams")

    assert await dreams.rows("select from storyreel.videos") == []
    await dreams.stores.sweep.adopt_missed()
    assert await dreams.rows("select from storyreel.missed") == []


TROUBLES: dict[str, tuple[LiteralString, LiteralString]] = {
    "a check": (
        "alter table public.dreams add constraint no_clips check (clip is null) not valid",
        "alter table public.dreams drop constraint no_clips",
    ),
    "a trigger": (
        """create function public.refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
        create trigger refuse before update on public.dreams for each row execute function public.refuse()""",
        "drop trigger refuse on public.dreams",
    ),
    "a dropped column": (
        "alter table public.dreams rename clip to film",
        "alter table public.dreams rename film to clip",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_table_that_takes_no_word_of_it_has_its_videos(
    dreams: World, warnings: list[str], trouble: str
) -> None:
    """The insert goes through, the video is made and shown; mended, the row says so too."""
    break_it, mend = TROUBLES[trouble]
    await dreams.owner.execute(break_it)

    await dream(dreams)
    url = await finish(dreams, await render(dreams))

    assert await dreams.one("select shows from storyreel.videos") == ("final",)
    assert await dreams.rows("select what from storyreel.missed") == [("mirror",)]
    assert "public.dreams" in warnings[0]
    await dreams.owner.execute(mend)
    await dreams.stores.sweep.adopt_missed()
    assert await dreams.one(LOOK) == (url, "final")


async def test_attaching_again_writes_the_rows_that_are_there(dreams: World) -> None:
    """Those that have videos; and without the columns, nothing is written any more."""
    await dreams.owner.execute("select storyreel.attach('public.dreams', 'content')")
    await dream(dreams)
    assert await dreams.one(LOOK) == (None, None)

    await dreams.owner.execute(ATTACH)

    assert await dreams.one(LOOK) == (LOOP, "placeholder")


async def test_a_video_asked_for_by_a_row_that_was_there_before_is_told_it(dreams: World) -> None:
    """Attached later, a row gets its video through a door, and its columns with it."""
    await dreams.owner.execute("select storyreel.detach('public.dreams')")
    await dream(dreams)
    await dreams.owner.execute(ATTACH)

    assert await dreams.stores.stories.request_of("public.dreams", "1", kind="first")

    assert await dreams.one(LOOK) == (LOOP, "placeholder")


async def test_nobody_puts_a_trigger_on_a_table_that_we_write(dreams: World, app: psycopg.AsyncConnection) -> None:
    """It would run as us; projects of before 2026 have granted the right to everybody, with all the rest."""
    await dreams.owner.execute("grant all on public.dreams to anon, authenticated")
    await dreams.owner.execute(ATTACH)

    granted = await dreams.one("select has_table_privilege('authenticated', 'public.dreams', 'trigger')")
    assert granted == (False,)
    assert await dreams.one("select has_table_privilege('authenticated', 'public.dreams', 'insert')") == (True,)


async def test_a_video_that_changes_while_its_table_is_attached_is_told_it_later(dreams: World) -> None:
    """It could not know of the columns yet."""
    await dreams.owner.execute("select storyreel.attach('public.dreams', 'content')")
    await dream(dreams)
    made = await render(dreams)
    async with dreams.holding(ATTACH):
        url = await finish(dreams, made)
    assert await dreams.one(LOOK) == (LOOP, "placeholder")

    await dreams.stores.sweep.adopt_missed()

    assert await dreams.one(LOOK) == (url, "final")


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ("url_column => 'length'", "length"),
        ("url_column => 'content'", "content"),
        ("status_column => 'shout'", "shout"),
        ("url_column => 'clip', status_column => 'clip'", "clip"),
        ("status_column => 'brief'", "brief"),
        ("url_column => 'no_such'", "no_such"),
    ],
)
async def test_a_column_that_cannot_say_it_is_refused(dreams: World, columns: LiteralString, named: str) -> None:
    """By name, before anything is changed."""
    await dreams.owner.execute(
        """alter table public.dreams
           add length int, add brief varchar(10), add shout text generated always as (upper(content)) stored"""
    )

    with pytest.raises(psycopg.errors.DatabaseError, match=named):
        await dreams.owner.execute("select storyreel.attach('public.dreams', 'content', " + columns + ")")

    await dream(dreams)
    assert await dreams.one(LOOK) == (LOOP, "placeholder")
